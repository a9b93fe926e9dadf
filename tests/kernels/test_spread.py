"""Shares along rows, against the sum written out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.spread import spread


@given(st.integers(1, 20), st.integers(0, 2**32))
def test_every_entry_passes_the_share_of_its_row_on(num_nodes: int, rng_seed: int) -> None:
    rng = np.random.default_rng(rng_seed)
    degrees = rng.integers(0, 5, num_nodes)
    indptr = np.concatenate([[0], np.cumsum(degrees)])
    neighbors = rng.integers(0, num_nodes, indptr[-1]).astype(np.uint32)
    rows = rng.permutation(num_nodes)[: rng.integers(0, num_nodes + 1)]
    shares = rng.random(len(rows))
    gains = np.ones(num_nodes)
    spread(indptr, neighbors, rows, shares, gains)
    expected = np.ones(num_nodes)
    for row, share in zip(rows.tolist(), shares.tolist(), strict=True):
        for neighbor in neighbors[indptr[row] : indptr[row + 1]].tolist():
            expected[neighbor] += share
    assert np.allclose(gains, expected)
