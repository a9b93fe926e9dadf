"""Small random symmetric graphs with weights, as rows of dictionaries and as CSR arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st


class SmallGraph(NamedTuple):
    """A symmetric weighted graph in both forms."""

    rows: list[dict[int, int]]
    indptr: npt.NDArray[np.int64]
    neighbours: npt.NDArray[np.uint32]
    weights: npt.NDArray[np.uint32] | None
    node_weights: npt.NDArray[np.uint32]

    @property
    def nodes(self) -> npt.NDArray[np.uint32]:
        """The nodes that have neighbours."""
        return np.array([v for v, row in enumerate(self.rows) if row], np.uint32)


@st.composite
def small_graphs(draw: st.DrawFn, max_nodes: int = 12) -> SmallGraph:
    """Graphs of 1 to `max_nodes` nodes; half of them without edge weights."""
    n = draw(st.integers(1, max_nodes))
    weighted = draw(st.booleans())
    rows: list[dict[int, int]] = [{} for _ in range(n)]
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
    for u, v in draw(st.lists(pair, max_size=3 * n)):
        if u != v:
            rows[u][v] = rows[v][u] = draw(st.integers(1, 5)) if weighted else 1
    node_weights = [(draw(st.integers(1, 3)), draw(st.integers(0, 6))) for _ in range(n)]
    return SmallGraph(
        rows,
        np.cumsum([0, *map(len, rows)], dtype=np.int64),
        np.array([u for row in rows for u in row], np.uint32),
        np.array([w for row in rows for w in row.values()], np.uint32) if weighted else None,
        np.array(node_weights, np.uint32),
    )
