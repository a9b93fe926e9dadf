"""Uniform draws with replacement: against plain Python, and by chi-square over pairs of draws."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from graphray.kernels.draw_replace import draw_with_replacement
from graphray.schema import DEFAULT_RELATION
from tests.sampling import draw_twin as twin


def draw(degrees: list[int], fanout: int, key: int) -> list[list[int]]:
    """Rows that begin at multiples of 1000; those below 0 stand elsewhere."""
    first = 1000 * np.arange(len(degrees))
    counts = np.where(np.array(degrees, np.int64) > 0, fanout, 0)
    bounds = np.cumsum([0, *counts.tolist()])
    positions = np.full(bounds[-1], -1, np.int64)
    words = np.arange(len(degrees), dtype=np.uint32)
    draw_with_replacement(
        first, np.array(degrees, np.int64), words, bounds, np.uint64(key), positions
    )
    return [(positions[bounds[i] : bounds[i + 1]] - first[i]).tolist() for i in range(len(degrees))]


@given(
    degrees=st.lists(st.integers(-1, 50), min_size=1, max_size=20),
    fanout=st.integers(1, 8),
    key=st.integers(0, 2**64 - 1),
)
def test_draws_equal_the_twins(degrees: list[int], fanout: int, key: int) -> None:
    for word, (degree, drawn) in enumerate(zip(degrees, draw(degrees, fanout, key), strict=True)):
        entries = [(entry, entry) for entry in range(degree)]
        expected = twin.with_replacement(twin.Row(DEFAULT_RELATION, entries, word), fanout, key)
        assert drawn == [entry for entry, _ in expected]


def test_pairs_of_draws_are_equally_frequent() -> None:
    """So draws are uniform, and one of a row tells nothing of the next."""
    rounds, degree = 20_000, 7
    drawn = np.array(draw([degree] * rounds, 2, 9))
    seen = np.bincount(drawn @ [degree, 1], minlength=degree**2)
    expected = rounds / degree**2
    assert ((seen - expected) ** 2 / expected).sum() < chi2.isf(1e-6, degree**2 - 1)
