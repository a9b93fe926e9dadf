"""The watch that has changes compacted, without a cluster."""

from __future__ import annotations

import threading

from actors.compaction_watch import CompactionWatch
from graphray.errors import StoreError
from tests.polling import poll

DEADLINE_S = 30.0


def test_changes_are_compacted_when_they_take_much_memory() -> None:
    sizes, compacted = iter([10, 99, 100, 0]), threading.Event()
    seen: list[int] = []

    def pending_bytes() -> int:
        seen.append(next(sizes, 0))
        return seen[-1]

    watch = CompactionWatch(pending_bytes, compacted.set, limit_bytes=100, every_s=0.001)
    assert compacted.wait(DEADLINE_S)
    watch.close()
    assert seen[:3] == [10, 99, 100]


def test_a_compaction_that_fails_is_told_of_and_tried_again() -> None:
    is_full = True

    def compact() -> None:
        if is_full:
            raise StoreError("the disk is full")

    watch = CompactionWatch(lambda: 1, compact, limit_bytes=1, every_s=0.001)
    poll(lambda: "the disk is full" in watch.problem)
    is_full = False
    poll(lambda: not watch.problem)
    watch.close()
