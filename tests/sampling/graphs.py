"""Random graphs for the sampling tests: the same graph as a plain one and as a built store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

import graphray as gr
from graphray.schema import Relation
from tests.sampling.twin import PlainGraph

LIKES = Relation("user", "likes", "item")
FOLLOWS = Relation("user", "follows", "user")
NEAR = Relation("item", "near", "item")


@dataclass
class RandomAssignment:
    """A partitioner that scatters nodes by a seed."""

    seed: int
    name: str = "scattered"

    def partition(self, problem: Any, parts: int, *, rng_seed: int) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        return rng.integers(0, parts, problem.num_nodes).astype(np.int32)


@st.composite
def plain_graphs(draw: Any) -> PlainGraph:
    """Small heterogeneous graphs with parallel edges, self-loops, hubs and isolated nodes."""
    counts = {"user": draw(st.integers(1, 12)), "item": draw(st.integers(1, 8))}

    def edges(relation: Relation) -> list[tuple[int, int]]:
        pair = st.tuples(
            st.integers(0, counts[relation.source] - 1),
            st.integers(0, counts[relation.destination] - 1),
        )
        return draw(st.lists(pair, max_size=60))

    relations = (LIKES, FOLLOWS, NEAR)
    return PlainGraph(counts, {r: edges(r) for r in relations}, undirected={NEAR})


def user_id(node_type: str, stable: int) -> Any:
    """Users are strings, items are integers that are not their positions."""
    return f"u{stable}" if node_type == "user" else stable * 7 - 3


def build_store(
    graph: PlainGraph, folder: Path, parts: int, scatter: int, relations: Any = None
) -> Path:
    """Build a store of a plain graph, with a feature column that names each node."""
    nodes = {
        name: pa.table(
            {
                "id": [user_id(name, i) for i in range(count)],
                "x": pa.array(
                    [[float(i), -float(i)] for i in range(count)], pa.list_(pa.float32(), 2)
                ),
            }
        )
        for name, count in graph.counts.items()
    }
    edges = {
        relation: pa.table(
            {
                "src": pa.array(
                    [user_id(relation.source, s) for s, _ in pairs],
                    None if pairs else _id_type(relation.source),
                ),
                "dst": pa.array(
                    [user_id(relation.destination, d) for _, d in pairs],
                    None if pairs else _id_type(relation.destination),
                ),
                "weight": pa.array([float(i) for i in range(len(pairs))], pa.float64()),
            }
        )
        for relation, pairs in graph.edges.items()
    }
    gr.build(
        edges,
        folder / "store",
        nodes=nodes,
        parts=parts,
        partitioner=RandomAssignment(scatter),
        directed={relation: relation not in graph.undirected for relation in edges},
    )
    return folder / "store"


def _id_type(node_type: str) -> pa.DataType:
    return pa.string() if node_type == "user" else pa.int64()
