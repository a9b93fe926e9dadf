"""What is tallied reaches Ray's metrics: totals, differences of totals, samples of observations."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from graphray.client import exporter
from graphray.client.exporter import OBSERVED_MAX, Exporter
from graphray.errors import ClusterError
from graphray.metrics import CALL_SECONDS, CONFLICTS, FAILOVERS, LOG_POSITION, Metric
from graphray.tally import Reading, Tally

PLACE = ("g", "0", "1")


class Recorded:
    """Stands for a metric of Ray."""

    def __init__(self, metric: Metric, into: dict[str, list[Any]]) -> None:
        self._name, self._labels, self._into = metric.name, metric.labels, into

    def record(self, value: float, tags: dict[str, str]) -> None:
        assert tuple(tags) == self._labels
        self._into[self._name].append(value)

    inc = set = observe = record


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    into: dict[str, list[Any]] = defaultdict(list)
    monkeypatch.setattr(exporter, "_made", lambda metric: Recorded(metric, into))
    monkeypatch.setattr(exporter.ray, "is_initialized", lambda: True)
    return into


def test_counts_are_added_up_and_handed_over_once(handed: dict[str, list[Any]]) -> None:
    tally = Tally()
    for amount in (1, 2, 3):
        tally.add(FAILOVERS, ("g", "0"), amount)
    exporting = Exporter(tally)
    exporting.export()
    exporting.export()
    assert handed == {"graphray_failovers": [6]}


def test_totals_of_sources_are_handed_over_as_differences(handed: dict[str, list[Any]]) -> None:
    tally, totals = Tally(), iter((0, 4, 4, 9, 2))
    tally.watch("conflicts", lambda: [Reading(CONFLICTS, PLACE, next(totals))])
    exporting = Exporter(tally)
    for _ in range(5):
        exporting.export()
    assert handed == {"graphray_conflicts": [4, 5, 2]}


def test_a_gauge_is_set_at_every_export(handed: dict[str, list[Any]]) -> None:
    tally = Tally()
    tally.watch("log", lambda: [Reading(LOG_POSITION, PLACE, 7)])
    exporting = Exporter(tally)
    exporting.export()
    exporting.export()
    assert handed == {"graphray_log_position": [7, 7]}


def test_of_very_many_observations_even_ones_are_handed_over(handed: dict[str, list[Any]]) -> None:
    tally, count = Tally(), 3 * OBSERVED_MAX
    for number in range(count):
        tally.add(CALL_SECONDS, (*PLACE, "call"), number)
    Exporter(tally).export()
    assert handed["graphray_call_seconds"] == list(range(0, count, 3))


def test_a_source_that_cannot_say_keeps_no_other_from_it(handed: dict[str, list[Any]]) -> None:
    def busy() -> list[Reading]:
        raise ClusterError("too busy")

    tally = Tally()
    tally.watch("busy", busy)
    tally.watch("log", lambda: [Reading(LOG_POSITION, PLACE, 7)])
    Exporter(tally).export()
    assert handed == {"graphray_log_position": [7]}


def test_a_process_without_a_cluster_drops_what_it_counted(
    handed: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter.ray, "is_initialized", lambda: False)
    tally = Tally()
    tally.add(FAILOVERS, ("g", "0"))
    Exporter(tally).export()
    assert not handed
    assert not list(tally.take())
