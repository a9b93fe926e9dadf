from __future__ import annotations

import pytest

from graphray.threads import Threads, available_threads


@pytest.mark.parametrize("count", [1, 3])
def test_map_keeps_the_order_and_raises_the_first_error(count: int) -> None:
    with Threads(count) as threads:
        assert threads.map(lambda x: x * x, range(20)) == [x * x for x in range(20)]
        with pytest.raises(ZeroDivisionError):
            threads.map(lambda x: 1 // (x - 3), range(10))
        assert threads.map(abs, []) == []


def test_beside_has_ended_with_the_block() -> None:
    done = []
    with Threads.beside(done.append, 1):
        pass
    assert done == [1]
    assert available_threads() >= 1
