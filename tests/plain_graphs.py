"""Random graphs in users' ids, and what a store of them has to contain: the slow, plain way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from graphray.ids import index_keys
from graphray.schema import Relation
from graphray.shard import GID, ID, KEY, edges_table, index_table, nodes_table, rows_table
from graphray.store import Store

INTEGERS = st.one_of(st.integers(0, 40), st.integers(-(2**63), 2**63 - 1))
STRINGS = st.text(max_size=12)
NAMES = st.sampled_from(["paper", "author", "a~b", "x/y", "dots.", "Ünï"])


@dataclass(frozen=True)
class PlainRelation:
    directed: bool
    ends: list[tuple[Any, Any]]


@dataclass(frozen=True)
class PlainGraph:
    """Ids by type in stable order, edges by relation in edge order, the partition of every node."""

    ids: dict[str, list[Any]]
    relations: dict[Relation, PlainRelation]
    parts: int
    owners: dict[str, list[int]]

    def node_inputs(self) -> dict[str, pa.Table]:
        return {
            name: pa.table({"id": _id_array(ids), "rank": np.arange(len(ids), dtype=np.float32)})
            for name, ids in self.ids.items()
        }

    def edge_inputs(self) -> dict[Relation, pa.Table]:
        return {
            relation: pa.table(
                {
                    "src": _id_array([a for a, _ in plain.ends], self.ids[relation.source]),
                    "dst": _id_array([b for _, b in plain.ends], self.ids[relation.destination]),
                    "note": pa.array([f"e{i}" for i in range(len(plain.ends))], pa.string()),
                }
            )
            for relation, plain in self.relations.items()
        }

    def rows(self, relation: Relation, direction: str) -> dict[Any, list[tuple[Any, int]]]:
        """Every node's adjacency row as (neighbour, edge id), in canonical order."""
        plain = self.relations[relation]
        row_type, other = relation.destination, relation.source
        if direction == "out":
            row_type, other = other, row_type
        rows: dict[Any, list[tuple[Any, int]]] = {node: [] for node in self.ids[row_type]}
        for edge, (a, b) in enumerate(plain.ends):
            row, neighbor = (b, a) if direction == "in" else (a, b)
            rows[row].append((neighbor, edge))
            if not plain.directed and a != b:
                rows[neighbor].append((row, edge))
        rank = {node: i for i, node in enumerate(self.ids[other])}
        return {
            node: sorted(row, key=lambda entry: (rank[entry[0]], entry[1]))
            for node, row in rows.items()
        }


class Prescribed:
    """A partitioner that was told the answer."""

    name = "prescribed"

    def __init__(self, graph: PlainGraph) -> None:
        self._graph = graph

    def partition(self, problem: Any, parts: int, *, rng_seed: int) -> Any:
        owners = [owner for name in problem.type_names for owner in self._graph.owners[name]]
        return np.array(owners, np.int32)


@st.composite
def plain_graphs(draw: Any, parts_max: int = 4) -> PlainGraph:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    ids = {
        name: draw(
            st.lists(
                draw(st.sampled_from([INTEGERS, STRINGS])), min_size=1, max_size=8, unique=True
            )
        )
        for name in names
    }
    relations = {}
    for _ in range(draw(st.integers(0, 3))):
        source, destination = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        relation = Relation(source, draw(st.sampled_from(["to", "by/~"])), destination)
        ends = st.tuples(st.sampled_from(ids[source]), st.sampled_from(ids[destination]))
        directed = source != destination or draw(st.booleans())
        relations[relation] = PlainRelation(directed, draw(st.lists(ends, max_size=15)))
    parts = draw(st.integers(1, min(parts_max, sum(map(len, ids.values())))))
    owner = st.integers(0, parts - 1)
    owners = {
        name: draw(st.lists(owner, min_size=len(ids[name]), max_size=len(ids[name])))
        for name in names
    }
    return PlainGraph(ids, relations, parts, owners)


def _id_lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=8, unique=True)


def ids_by_gid(store: Store, node_type: str) -> list[Any]:
    """Users' ids in rising global id."""
    tables = [store.shard(part).table(nodes_table(node_type)) for part in range(store.parts)]
    return [node for table in tables for node in table.column(ID).to_pylist()]


def stored_rows(
    store: Store, relation: Relation, direction: str
) -> dict[Any, list[tuple[Any, int]]]:
    """Every node's adjacency row as (neighbour, edge id), as the shards have it."""
    row_type, other = relation.destination, relation.source
    if direction == "out":
        row_type, other = other, row_type
    neighbors = ids_by_gid(store, other)
    rows = {}
    for part in range(store.parts):
        shard = store.shard(part)
        owned = shard.table(nodes_table(row_type)).column(ID).to_pylist()
        indptr = shard.table(rows_table(relation, direction)).column("@indptr").to_pylist()
        entries = shard.table(edges_table(relation, direction)).to_pydict()
        for i, node in enumerate(owned):
            at = range(indptr[i], indptr[i + 1])
            rows[node] = [(neighbors[entries["@neighbor"][k]], entries["@edge"][k]) for k in at]
    return rows


def found_in_index(store: Store, node_type: str, ids: list[Any]) -> Iterator[list[int]]:
    """The global ids under which the index of a store knows each id."""
    keys = index_keys(_as_ids(ids)).tolist()
    for node, key in zip(ids, keys, strict=True):
        table = store.shard(key % store.parts).table(index_table(node_type)).to_pydict()
        yield [
            gid
            for i, (stored, gid) in enumerate(zip(table[KEY], table[GID], strict=True))
            if stored == key and (ID not in table or table[ID][i] == node)
        ]


def _as_ids(ids: list[Any]) -> Any:
    if isinstance(ids[0], str):
        return pa.array(ids, pa.large_string())
    return np.array(ids, np.int64)


def _id_array(values: list[Any], like: list[Any] | None = None) -> pa.Array:
    text = isinstance((like or values)[0], str)
    return pa.array(values, pa.string() if text else pa.int64())
