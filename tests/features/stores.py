"""A store with a column of every sort."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import graphray as gr
from graphray.bfloat16 import bfloat16_array

NODES, EDGES, WIDTH, PARTS = 600, 6_000, 5, 3
COLUMNS = ["x", "half", "brain", "label", "flag", "title", "tags", "words", "sparse", "rare"]
"""All but bfloat16, which in NumPy needs another package, are ``PLAIN``."""
PLAIN = [name for name in COLUMNS if name != "brain"]


def node_table() -> pa.Table:
    rng = np.random.default_rng(3)
    matrix = rng.random((NODES, WIDTH)).astype(np.float32)
    rows = range(NODES)
    return pa.table(
        {
            "id": np.arange(NODES),
            "x": pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), WIDTH),
            "half": rng.random(NODES).astype(np.float16),
            "brain": bfloat16_array(rng.integers(0, 2**15, (NODES, 2)).astype(np.uint16)),
            "label": pa.array([i if i % 3 else None for i in rows], pa.int16()),
            "flag": pa.array([i % 2 == 0 for i in rows]),
            "title": pa.array([f"node {i}" if i % 5 else None for i in rows]),
            "tags": pa.array([list(range(i % 4)) for i in rows], pa.list_(pa.int32())),
            "words": pa.array([["w"] * (i % 3) for i in rows]),
            "sparse": pa.array(
                [[i, i + 1] if i % 7 else None for i in rows], pa.list_(pa.int64(), 2)
            ),
            # Null in one node alone, so that most partitions have an array and one has not.
            "rare": pa.array(
                [[i, -i] if i else None for i in rows],
                pa.list_(pa.field("entry", pa.int32(), False), 2),
            ),
        }
    )


def build(folder: Path, **options: Any) -> gr.Graph:
    """The store, opened: low ids are the neighbours of most."""
    rng = np.random.default_rng(4)
    pairs = (NODES * rng.random((2, EDGES)) ** 2).astype(np.int64)
    gr.build(pairs, folder, nodes=node_table(), parts=PARTS, partitioner="hash", **options)
    return gr.open(folder)
