"""What one process counts, until it is exported: the hot paths only append to a queue.

A value that is counted on a hot path is appended to a queue of its series, which CPython does
without a lock of ours and in some 50 ns; whoever exports takes the queues empty, from one thread,
now and then (`graphray.client.exporter`). What can be read at any moment is not counted at all: its
*source* is asked when it is exported. So nobody who serves or samples waits for the export.

There is one `TALLY` per process. A process that does not export keeps little: the queue of a series
holds `WAITING_MAX` values, and lets go of the oldest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from graphray.metrics import Metric

WAITING_MAX = 100_000
"""Values of one series between two exports; those of some seconds at full speed."""

LabelValues: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source reads of one series now.

    Attributes:
        metric: a gauge, or a counter.
        labels: the value of each of its labels, in their order.
        value: of a gauge what is, of a counter all that was counted so far.
    """

    metric: Metric
    labels: LabelValues
    value: float


Source: TypeAlias = Callable[[], Iterable[Reading]]
Series: TypeAlias = tuple[Metric, LabelValues]


class Tally:
    """Counts and observations by series; safe to use from several threads.

    Example:
        >>> from graphray.metrics import SAMPLED_EDGES
        >>> tally = Tally()
        >>> tally.add(SAMPLED_EDGES, ("papers",), 30)
        >>> tally.add(SAMPLED_EDGES, ("papers",), 12)
        >>> [(metric.name, labels, values) for (metric, labels), values in tally.take()]
        [('graphray_sampled_edges', ('papers',), [30, 12])]
        >>> list(tally.take())
        []
    """

    def __init__(self) -> None:
        self._waiting: dict[Series, deque[float]] = {}
        self._sources: dict[str, Source] = {}

    def add(self, metric: Metric, labels: LabelValues, value: float = 1) -> None:
        """Count something, or observe a value of a histogram.

        Args:
            metric: a counter or a histogram.
            labels: the value of each of its labels, in their order.
            value: how much; of a histogram what was observed.
        """
        self.series(metric, labels).append(value)

    def series(self, metric: Metric, labels: LabelValues) -> deque[float]:
        """The queue of a series: who counts often appends to it directly."""
        found = self._waiting.get((metric, labels))
        if found is None:
            # Of two threads that come first both get the one that is kept.
            found = self._waiting.setdefault((metric, labels), deque(maxlen=WAITING_MAX))
        return found

    def watch(self, name: str, source: Source) -> None:
        """Ask a source at every export; it takes the place of one of the same name."""
        self._sources[name] = source

    def take(self) -> Iterable[tuple[Series, list[float]]]:
        """What was counted since the last time, by series; for one thread at a time."""
        for series, waiting in list(self._waiting.items()):
            values = [waiting.popleft() for _ in range(len(waiting))]
            if values:
                yield series, values

    def sources(self) -> list[Source]:
        """All that are asked at every export."""
        return list(self._sources.values())


TALLY = Tally()
"""What this process counts."""


def count(metric: Metric, labels: LabelValues, value: float = 1) -> None:
    """Count something of this process; see `Tally.add`."""
    TALLY.add(metric, labels, value)


def count_series(metric: Metric, labels: LabelValues) -> deque[float]:
    """The queue of a series of this process; see `Tally.series`."""
    return TALLY.series(metric, labels)


def watch(name: str, source: Source) -> None:
    """Ask a source at every export of this process; see `Tally.watch`."""
    TALLY.watch(name, source)
