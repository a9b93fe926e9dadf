"""Pieces of work: all of them done, few at a time, errors carried back, in whatever order."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.building.executors import choose_executor
from graphray.errors import ArgumentError, InputError
from graphray.executor import LocalExecutor


def divided(context: int, item: int) -> float:
    if item == 0:
        raise InputError("zero")
    if item < 0:
        raise InputError("negative")
    return context / item


@given(st.lists(st.integers(1, 9)), st.integers(1, 4), st.integers(1, 4))
def test_every_item_has_its_result(items: list[int], workers: int, at_once: int) -> None:
    found = dict(LocalExecutor(workers).run(divided, 12, iter(items), at_once))
    assert found == {number: 12 / item for number, item in enumerate(items)}


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_than_asked_for_are_under_way(workers: int) -> None:
    lock, under_way, most = threading.Lock(), set(), [0]
    meet = threading.Barrier(min(workers, 2))

    def task(_: None, item: int) -> None:
        with lock:
            under_way.add(item)
            most[0] = max(most[0], len(under_way))
        meet.wait(30)
        with lock:
            under_way.discard(item)

    list(LocalExecutor(workers).run(task, None, range(6), at_once=2))
    assert most[0] == min(workers, 2)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_ends_the_work(workers: int) -> None:
    begun: list[int] = []

    def task(_: None, item: int) -> int:
        begun.append(item)
        return int(divided(1, item))

    with pytest.raises(InputError, match="zero"):
        list(LocalExecutor(workers).run(task, None, [1, 0, *range(1, 100)]))
    assert len(begun) < 10


def test_of_several_errors_the_first_in_order_is_raised() -> None:
    met = threading.Barrier(2)

    def task(_: None, item: int) -> float:
        met.wait(30)
        return divided(1, item)

    with pytest.raises(InputError, match="negative"):
        list(LocalExecutor(2).run(task, None, [-1, 0]))


def test_choosing() -> None:
    assert choose_executor("local", 3).workers == 3
    assert choose_executor(None, None).workers >= 1
    own = LocalExecutor(2)
    assert choose_executor(own, None) is own
    wrong: Any
    for wrong in ("threads", 5):
        with pytest.raises(ArgumentError, match="expected 'local', 'ray' or an executor"):
            choose_executor(wrong, None)
    for wrong in (0, -1, 1.5, "2"):
        with pytest.raises(ArgumentError, match="workers = "):
            choose_executor("local", wrong)
    with pytest.raises(ArgumentError, match="yours has its own number"):
        choose_executor(own, 2)
