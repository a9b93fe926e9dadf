"""The same graphs for PyG and for GraphRay: what PyG would hold is the oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import graphray as gr

NODES, EDGES = 200, 2_000
WRITES, CITES = ("author", "writes", "paper"), ("paper", "cites", "paper")


def homogeneous(folder: Path) -> tuple[gr.Graph, dict[str, Any]]:
    """A graph whose ids are not the rows of its input, and its columns in the input's order."""
    rng = np.random.default_rng(1)
    ids = rng.permutation(NODES) * 3 + 5
    edge_index = rng.integers(0, NODES, (2, EDGES))
    columns = {
        "x": rng.random((NODES, 4), np.float32),
        "y": rng.integers(0, 3, NODES),
        "time": rng.integers(0, 100, NODES),
    }
    weights = rng.random(EDGES)
    edges = pa.table(
        {"src": ids[edge_index[0]], "dst": ids[edge_index[1]], "w": weights, "kind": ["a"] * EDGES}
    )
    x = pa.FixedSizeListArray.from_arrays(pa.array(columns["x"].ravel()), 4)
    nodes = pa.table({"id": ids, "x": x, "y": columns["y"], "time": columns["time"]})
    gr.build(edges, folder / "store", nodes=nodes, parts=3, partitioner="hash")
    known = {**columns, "edge_index": edge_index, "w": weights, "ids": ids}
    return gr.open(folder / "store"), known


def heterogeneous(folder: Path) -> tuple[gr.Graph, dict[Any, Any]]:
    """Papers, and authors who are called by strings."""
    rng = np.random.default_rng(2)
    counts = {"author": 60, "paper": 150}
    names = np.array([f"a{i}" for i in range(60)], object)
    ends = {
        WRITES: (rng.integers(0, 60, 500), rng.integers(0, 150, 500)),
        CITES: (rng.integers(0, 150, 800), rng.integers(0, 150, 800)),
    }
    x = rng.random((150, 4), np.float32)
    h = rng.random((60, 4), np.float32)
    nodes = {
        "author": pa.table({"id": names, "x": _vectors(h), "name": names}),
        "paper": pa.table({"id": np.arange(150), "x": _vectors(x)}),
    }
    edges = {WRITES: (names[ends[WRITES][0]], ends[WRITES][1]), CITES: ends[CITES]}
    gr.build(edges, folder / "store", nodes=nodes, parts=2, partitioner="hash")
    known = {**{name: np.stack(pair) for name, pair in ends.items()}, "paper": x, "author": h}
    return gr.open(folder / "store"), {**known, "counts": counts}


def _vectors(values: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
