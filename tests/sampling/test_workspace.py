"""Numbering goes on when stamps run out, and when a batch outgrows the narrow slots."""

from __future__ import annotations

import numpy as np
import pytest

from graphray.kernels.relabel import LOCAL_BITS, MAX_STAMP, NARROW, WIDE
from graphray.sampling.workspace import NodeNumbering


def test_stamps_start_again() -> None:
    numbering = NodeNumbering(5)
    for batch in range(2 * MAX_STAMP[NARROW] + 3):
        numbering.start_batch()
        first, second = batch % 5, (batch + 1) % 5
        numbering.add(np.array([first, second, first]))
        assert numbering.nodes[: numbering.count].tolist() == [first, second]


def test_a_large_batch_gets_wide_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOCAL_BITS, NARROW, 3)
    numbering = NodeNumbering(40)
    numbering.start_batch()
    numbering.add(np.array([7, 3, 7]))
    assert numbering.slots.dtype == NARROW
    numbering.add(np.arange(20))
    assert numbering.slots.dtype == WIDE
    expected = [7, 3, *(n for n in range(20) if n not in (3, 7))]
    assert numbering.nodes[: numbering.count].tolist() == expected
    numbering.start_batch()
    numbering.add(np.array([5]))
    assert numbering.nodes[: numbering.count].tolist() == [5]
