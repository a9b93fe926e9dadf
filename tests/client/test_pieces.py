"""Answers come back from their pieces, and only those that gain from it are cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.client.pieces import MAX_PIECES, PIECE_BYTES, cut, joined, pieces_for


@given(st.recursive(st.integers() | st.binary() | st.none(), st.lists), st.integers(1, 9))
def test_an_answer_comes_back(answer: Any, pieces: int) -> None:
    parts = cut(answer, pieces)
    assert len(parts) == pieces
    assert joined(parts) == answer


def test_pieces_stay_below_what_a_reply_carries() -> None:
    answer = np.zeros(5 * PIECE_BYTES - 1000, np.uint8)
    assert max(map(len, cut(answer, pieces_for(answer.nbytes)))) <= PIECE_BYTES


@pytest.mark.parametrize(
    ("size", "pieces"),
    [
        (0, 1),
        (PIECE_BYTES, 1),
        (PIECE_BYTES + 1, 2),
        (MAX_PIECES * PIECE_BYTES, MAX_PIECES),
        (MAX_PIECES * PIECE_BYTES + 1, 1),
    ],
)
def test_in_how_many(size: int, pieces: int) -> None:
    assert pieces_for(size) == pieces
