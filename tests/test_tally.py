"""What is counted by many threads is taken once and whole."""

from __future__ import annotations

import threading

from graphray.metrics import CALLS, FAILOVERS, LOG_POSITION
from graphray.tally import WAITING_MAX, Reading, Tally


def test_nothing_is_lost_or_taken_twice_under_threads() -> None:
    tally, threads, each = Tally(), 4, 5_000
    labels = [("g", str(part)) for part in range(3)]

    def count() -> None:
        for number in range(each):
            tally.add(FAILOVERS, labels[number % 3], 2)

    workers = [threading.Thread(target=count) for _ in range(threads)]
    for worker in workers:
        worker.start()
    total = 0.0
    while any(worker.is_alive() for worker in workers):
        total += sum(sum(values) for _, values in tally.take())
    total += sum(sum(values) for _, values in tally.take())
    assert total == threads * each * 2
    assert not list(tally.take())


def test_series_are_kept_apart_by_metric_and_labels() -> None:
    tally = Tally()
    tally.add(FAILOVERS, ("g", "0"))
    tally.add(FAILOVERS, ("g", "1"), 5)
    tally.series(CALLS, ("g", "0", "1", "call", "ok")).append(1)
    assert dict(tally.take()) == {
        (FAILOVERS, ("g", "0")): [1],
        (FAILOVERS, ("g", "1")): [5],
        (CALLS, ("g", "0", "1", "call", "ok")): [1],
    }


def test_where_nobody_exports_the_oldest_go() -> None:
    tally = Tally()
    for number in range(WAITING_MAX + 10):
        tally.add(FAILOVERS, ("g", "0"), number)
    ((_, values),) = tally.take()
    assert values[0] == 10
    assert len(values) == WAITING_MAX


def test_a_source_takes_the_place_of_its_namesake() -> None:
    tally = Tally()
    tally.watch("log", lambda: [Reading(LOG_POSITION, ("g", "0", "0"), 1)])
    tally.watch("log", lambda: [Reading(LOG_POSITION, ("g", "0", "0"), 2)])
    assert [reading.value for source in tally.sources() for reading in source()] == [2]
