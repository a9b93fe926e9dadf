from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from graphray.threads import Threads, available_threads


@pytest.mark.parametrize("count", [1, 3])
def test_map_keeps_the_order_and_raises_the_first_error(count: int) -> None:
    with Threads(count) as threads:
        assert threads.map(lambda x: x * x, range(20)) == [x * x for x in range(20)]
        with pytest.raises(ZeroDivisionError):
            threads.map(lambda x: 1 // (x - 3), range(10))
        assert threads.map(abs, []) == []


@pytest.mark.parametrize("count", [1, 3])
def test_drain_makes_items_only_as_they_are_worked_off(count: int) -> None:
    lock, alive, most, done = threading.Lock(), 0, 0, []

    def items() -> Iterator[int]:
        nonlocal alive, most
        for number in range(30):
            with lock:
                alive += 1
                most = max(most, alive)
            yield number

    def work(number: int) -> None:
        nonlocal alive
        with lock:
            alive -= 1
            done.append(number)

    with Threads(count) as threads:
        threads.drain(work, items())
    assert sorted(done) == list(range(30))
    assert most <= count + 1


@pytest.mark.parametrize("count", [1, 3])
def test_drain_raises_and_stops(count: int) -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    def fail(number: int) -> None:
        if number == 5:
            raise KeyError(number)

    with Threads(count) as threads, pytest.raises(KeyError):
        threads.drain(fail, items())
    assert len(made) < 1000


def test_beside_has_ended_with_the_block() -> None:
    done = []
    with Threads.beside(done.append, 1):
        pass
    assert done == [1]
    assert available_threads() >= 1
