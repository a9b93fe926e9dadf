"""The exporter: what a process tallied becomes metrics of Ray, every other second, on one thread.

The metrics of Ray are made when there is something to export, with the name, help and labels that
`graphray.metrics` has of them. A process that has disconnected from its cluster drops what it
counts: Ray would otherwise keep it for a cluster that may never come.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import ray
from ray.util.metrics import Counter, Gauge, Histogram

from graphray.errors import GraphRayError
from graphray.logs import get_logger
from graphray.metrics import Metric
from graphray.tally import TALLY, LabelValues, Reading, Source, Tally

EXPORT_EVERY_S = 2.0

OBSERVED_MAX = 500
"""Values of one histogram's series that are exported at a time; of more, every second, third, ...

To hand one to Ray takes 4 µs of the process that serves, and quantiles need no more. How many there
were is counted elsewhere: see `graphray.metrics.CALLS`.
"""

_LOG = get_logger(__name__)


class Exporter:
    """Exports one tally.

    Args:
        tally: what is exported.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._metrics: dict[Metric, Any] = {}
        self._totals: dict[tuple[Metric, LabelValues], float] = {}
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Export from now on, as long as this process lives; does nothing twice."""
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
                self._thread.start()

    def export(self) -> None:
        """Hand everything that was counted, and what the sources read, to Ray."""
        for (metric, labels), values in self._tally.take():
            if ray.is_initialized():
                self._hand_over(metric, _tags(metric, labels), values)
        for source in self._tally.sources():
            if ray.is_initialized():
                self._ask(source)

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(EXPORT_EVERY_S):
            self.export()

    def _ask(self, source: Source) -> None:
        try:
            self._read(source())
        except GraphRayError as error:
            # What a source reads may be busy or about to end; the next export asks it again.
            _LOG.debug("a metric could not be read: %s", error)

    def _read(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            metric, tags = reading.metric, _tags(reading.metric, reading.labels)
            if metric.kind == "gauge":
                self._of(metric).set(reading.value, tags)
                continue
            before = self._totals.get((metric, reading.labels), 0)
            self._totals[metric, reading.labels] = reading.value
            # Where it has been begun anew all of it is more.
            more = reading.value - before if reading.value >= before else reading.value
            self._hand_over(metric, tags, [more])

    def _hand_over(self, metric: Metric, tags: Mapping[str, str], values: list[float]) -> None:
        if metric.kind == "histogram":
            histogram = self._of(metric)
            for value in values[:: -(-len(values) // OBSERVED_MAX)]:
                histogram.observe(value, tags)
        elif total := sum(values):
            self._of(metric).inc(total, tags)

    def _of(self, metric: Metric) -> Any:
        found = self._metrics.get(metric)
        if found is None:
            found = self._metrics[metric] = _made(metric)
        return found


def _made(metric: Metric) -> Any:
    if metric.kind == "histogram":
        return Histogram(metric.name, metric.help, list(metric.boundaries), metric.labels)
    kind = Counter if metric.kind == "counter" else Gauge
    return kind(metric.name, metric.help, metric.labels)


def _tags(metric: Metric, labels: LabelValues) -> dict[str, str]:
    return dict(zip(metric.labels, labels, strict=True))


_EXPORTER = Exporter(TALLY)


def start_exporting() -> None:
    """Have this process export what it counts; does nothing twice."""
    _EXPORTER.start()
