"""A graph that changes, in plain Python: what it is built from, and its changes as deltas."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

import graphray as gr
from graphray.bfloat16 import as_bits, bfloat16_array
from graphray.changes.base import BaseVersions, StoreVersions, edge_counter, node_counter
from graphray.changes.delta import (
    EdgeDelta,
    EdgeUpdates,
    NodeDelta,
    NodeUpdates,
    PartitionDelta,
)
from graphray.changes.fold_plan import FoldPlan, plan_fold, summarize
from graphray.changes.folded_shard import FoldedShard
from graphray.changes.plain_arrays import no_columns
from graphray.ids import as_user_ids, index_keys
from graphray.schema import Direction, Relation
from graphray.shard import edges_table, nodes_table
from graphray.store import Store, StoreUri
from partitioners.problem import PartitionProblem

WRITES = Relation("author", "writes", "paper")
CITES = Relation("paper", "cites", "paper")
NEAR = Relation("paper", "near", "paper")
KNOWS = Relation("author", "knows", "author")
DIRECTED = {WRITES: True, CITES: True, NEAR: False, KNOWS: False}
TYPES = ("author", "paper")


def some(make: Callable[[int], Any], dtype: pa.DataType) -> Callable[[Sequence[int]], pa.Array]:
    return lambda seeds: pa.array([make(seed) for seed in seeds], dtype)


COLUMNS: Mapping[str, Callable[[Sequence[int]], pa.Array]] = {
    "int8": some(lambda s: s % 100, pa.int8()),
    "int": some(lambda s: s, pa.int64()),
    "float": some(lambda s: s / 4, pa.float32()),
    "half": some(lambda s: np.float16(s % 99), pa.float16()),
    "bool": some(lambda s: s % 2 == 0, pa.bool_()),
    "text": some(lambda s: "é" * (s % 3) + str(s), pa.string()),
    "time": some(lambda s: datetime.datetime(2020, 1, 1, second=s % 60), pa.timestamp("us")),
    "holes": some(lambda s: None if s % 3 == 0 else s, pa.int32()),
    "maybe": some(lambda s: None if s % 3 == 0 else str(s), pa.string()),
    "list": some(lambda s: [s] * (s % 4), pa.list_(pa.int32())),
    "lists": some(lambda s: None if s % 5 == 0 else [str(s)] * (s % 3), pa.large_list(pa.string())),
    "vector": some(lambda s: [s, -s], pa.list_(pa.float32(), 2)),
    "vectors": some(lambda s: None if s % 4 == 0 else [s], pa.list_(pa.int16(), 1)),
    "bfloat": lambda seeds: bfloat16_array(np.array(seeds, np.uint16)),
    "bfloats": lambda seeds: bfloat16_array(np.array([seeds, seeds], np.uint16).T.copy()),
}


@dataclass
class PlainNode:
    user_id: Any
    part: int
    seeds: dict[str, int]


@dataclass
class PlainEdge:
    src: int
    dst: int
    seeds: dict[str, int]


@dataclass
class ByOwners:
    """A partitioner that puts nodes where it is told."""

    owners: list[int]
    name = "by-owners"
    needs_edges = False

    def partition(self, problem: PartitionProblem, parts: int, *, rng_seed: int) -> Any:
        return np.array(self.owners, np.int32)


@dataclass
class Twin:
    """Nodes by type and stable id, edges by relation and edge id."""

    parts: int
    columns: tuple[str, ...]
    rng: Random
    nodes: dict[str, dict[int, PlainNode]] = field(default_factory=dict)
    edges: dict[Relation, dict[int, PlainEdge]] = field(default_factory=dict)
    used: dict[Any, set[int]] = field(default_factory=dict)
    counts: dict[Any, int] = field(default_factory=dict)
    """How many ids the build gave out."""

    @classmethod
    def drawn(cls, rng: Random, parts: int, nodes_max: int = 12, edges_max: int = 30) -> Twin:
        """A graph as it may be built: stable ids and edge ids without gaps."""
        columns = tuple(rng.sample(sorted(COLUMNS), rng.randint(0, 4)))
        twin = cls(parts, columns, rng)
        for name in TYPES:
            twin.nodes[name] = {}
            for stable in range(rng.randint(parts, parts + nodes_max)):
                twin.add_node(name, stable, rng.randrange(parts))
        for relation in DIRECTED:
            twin.edges[relation] = {}
            for edge in range(rng.randint(0, edges_max)):
                twin.add_edge(relation, edge)
        twin.counts = {kind: len(twin.used.get(kind, ())) for kind in (*TYPES, *DIRECTED)}
        return twin

    def add_node(self, name: str, stable: int, part: int | None = None) -> None:
        taken = {node.user_id for node in self.nodes[name].values()}
        free = [i for i in range(-20, 60) if _user_id(name, i) not in taken]
        user_id = _user_id(name, self.rng.choice(free))
        if part is None:
            part = int(index_keys(as_user_ids([user_id], _id_kind(name)))[0] % self.parts)
        self.nodes[name][stable] = PlainNode(user_id, part, self._seeds())
        self.used.setdefault(name, set()).add(stable)

    def add_edge(self, relation: Relation, edge: int) -> None:
        src, dst = (
            self.rng.choice(sorted(self.nodes[name]))
            for name in (relation.source, relation.destination)
        )
        self.edges[relation][edge] = PlainEdge(src, dst, self._seeds())
        self.used.setdefault(relation, set()).add(edge)

    def change(self) -> None:
        """Some of everything that can happen."""
        for name in TYPES:
            for _ in range(self.rng.choice([0, 0, 1, 4])):
                self.add_node(name, self._new_id(name))
            for _ in range(self.rng.choice([0, 0, 1, 3])):
                if len(self.nodes[name]) > self.parts:
                    self._delete_node(name, self.rng.choice(sorted(self.nodes[name])))
            self._update(list(self.nodes[name].values()))
        for relation, edges in self.edges.items():
            for _ in range(self.rng.choice([0, 0, 1, 8])):
                self.add_edge(relation, self._new_id(relation))
            for edge in self.rng.sample(sorted(edges), self.rng.randint(0, len(edges) // 4)):
                del edges[edge]
            self._update(list(edges.values()))

    def _delete_node(self, name: str, stable: int) -> None:
        del self.nodes[name][stable]
        for relation, edges in self.edges.items():
            for edge, plain in list(edges.items()):
                at_source = relation.source == name and plain.src == stable
                if at_source or (relation.destination == name and plain.dst == stable):
                    del edges[edge]

    def _update(self, things: list[Any]) -> None:
        for thing in self.rng.sample(things, len(things) // 4):
            for column in self.rng.sample(self.columns, self.rng.randint(0, len(self.columns))):
                thing.seeds[column] = self.rng.randrange(1000)

    def _new_id(self, kind: Any) -> int:
        """An id that was never used: past the others, or from a block drawn long ago."""
        used = self.used.setdefault(kind, set())
        end = max(used, default=0) + 4
        return self.rng.choice([i for i in range(self.counts[kind], end) if i not in used])

    def _seeds(self) -> dict[str, int]:
        return {column: self.rng.randrange(1000) for column in self.columns}

    def build(self, uri: StoreUri) -> Store:
        """The graph as it stands, built afresh, with the same owners."""
        nodes = {
            name: pa.table(
                {
                    "id": _ids(name, [n.user_id for _, n in sorted(plain.items())]),
                    **self._table([n for _, n in sorted(plain.items())]),
                }
            )
            for name, plain in self.nodes.items()
        }
        edges = {
            relation: pa.table(
                {
                    "src": _ids(
                        relation.source,
                        [self.nodes[relation.source][e.src].user_id for _, e in sorted(es.items())],
                    ),
                    "dst": _ids(
                        relation.destination,
                        [
                            self.nodes[relation.destination][e.dst].user_id
                            for _, e in sorted(es.items())
                        ],
                    ),
                    **self._table([e for _, e in sorted(es.items())]),
                }
            )
            for relation, es in self.edges.items()
        }
        owners = [node.part for name in TYPES for _, node in sorted(self.nodes[name].items())]
        directed = {tuple(relation): is_directed for relation, is_directed in DIRECTED.items()}
        return gr.build(
            edges,
            uri,
            nodes=nodes,
            parts=self.parts,
            partitioner=ByOwners(owners),
            directed=directed,  # type: ignore[arg-type]
        )

    def _table(self, things: Sequence[Any]) -> dict[str, pa.Array]:
        return {c: COLUMNS[c]([thing.seeds[c] for thing in things]) for c in self.columns}

    def copied(self) -> Twin:
        return copy.deepcopy(self)

    def entries(
        self, relation: Relation, direction: Direction
    ) -> dict[tuple[int, int], tuple[int, PlainEdge]]:
        """The adjacency: (near stable id, edge id) -> far stable id and the edge."""
        found = {}
        for edge, plain in self.edges[relation].items():
            src, dst = (plain.src, edge), (plain.dst, edge)
            if direction == "in" or not DIRECTED[relation]:
                found[dst] = (plain.src, plain)
            if direction == "out" or not DIRECTED[relation]:
                found[src] = (plain.dst, plain)
        return found


def delta_between(
    old: Twin, new: Twin, part: int, version: int, base: BaseVersions
) -> PartitionDelta:
    """What changed in one partition."""
    nodes = {name: _node_delta(old, new, part, name, base) for name in TYPES}
    edges = {
        adjacency: _edge_delta(old, new, part, adjacency, base)
        for adjacency in base.schema.adjacencies
    }
    return PartitionDelta(
        part,
        version,
        1,
        {name: delta for name, delta in nodes.items() if delta is not None},
        {name: delta for name, delta in edges.items() if delta is not None},
    )


def _node_delta(old: Twin, new: Twin, part: int, name: str, base: BaseVersions) -> NodeDelta | None:
    before, after = old.nodes[name], new.nodes[name]
    added = sorted(s for s in after if s not in before and after[s].part == part)
    gone = [s for s in before if s not in after]
    void = _ids(name, [before[s].user_id for s in gone])
    keys = index_keys(as_user_ids(void, _id_kind(name)))
    at_home = [i for i in np.argsort(keys) if keys[i] % new.parts == part]
    kept = sorted(s for s in after if s in before and after[s].part == part)
    updates = {}
    for column in new.columns:
        changed = [s for s in kept if before[s].seeds[column] != after[s].seeds[column]]
        if changed:
            updates[column] = NodeUpdates(
                np.array(changed, np.int64),
                _column(base, nodes_table(name), column, [after[s].seeds[column] for s in changed]),
            )
    deleted = sorted(s for s in gone if before[s].part == part)
    if not (added or deleted or at_home or updates):
        return None
    return NodeDelta(
        np.array(added, np.int64),
        as_user_ids(_ids(name, [after[s].user_id for s in added]), _id_kind(name)),
        _batch(base, nodes_table(name), new.columns, [after[s].seeds for s in added]),
        np.array(deleted, np.int64),
        as_user_ids(void.take(pa.array(at_home, pa.int64())), _id_kind(name)),
        updates,
    )


def _edge_delta(
    old: Twin, new: Twin, part: int, adjacency: tuple[Relation, Direction], base: BaseVersions
) -> EdgeDelta | None:
    relation, direction = adjacency
    near, far = relation.near_type(direction), relation.far_type(direction)
    before, after = old.entries(*adjacency), new.entries(*adjacency)
    added = sorted(
        ((key[0], after[key][0], key[1]) for key in after if key not in before),
    )
    added = [entry for entry in added if new.nodes[near][entry[0]].part == part]
    deleted = sorted(
        key for key in before if key not in after and old.nodes[near][key[0]].part == part
    )
    kept = sorted(key for key in after if key in before and new.nodes[near][key[0]].part == part)
    table, updates = edges_table(*adjacency), {}
    for column in new.columns:
        changed = [k for k in kept if before[k][1].seeds[column] != after[k][1].seeds[column]]
        if changed:
            updates[column] = EdgeUpdates(
                np.array([k[0] for k in changed], np.int64),
                np.array([k[1] for k in changed], np.int64),
                _column(base, table, column, [after[k][1].seeds[column] for k in changed]),
            )
    if not (added or deleted or updates):
        return None
    seeds = [after[near_stable, edge][1].seeds for near_stable, _, edge in added]
    return EdgeDelta(
        np.array([a[0] for a in added], np.int64),
        np.array([new.nodes[far][a[1]].part for a in added], np.int32),
        np.array([a[1] for a in added], np.int64),
        as_user_ids(_ids(far, [new.nodes[far][a[1]].user_id for a in added]), _id_kind(far)),
        np.array([a[2] for a in added], np.int64),
        _batch(base, table, new.columns, seeds),
        np.array([key[0] for key in deleted], np.int64),
        np.array([key[1] for key in deleted], np.int64),
        updates,
    )


class FoldedVersions:
    """Version 1 is a store's; each later one is folded over the one before, in memory."""

    def __init__(self, store: Store) -> None:
        self._stored = StoreVersions(store)
        self.plans: dict[int, FoldPlan] = {}
        self._shards: dict[int, list[FoldedShard]] = {}
        self.schema = store.schema

    def add(self, old: Twin, new: Twin) -> int:
        """Fold what changed into the last version; returns the new one's number."""
        last = max(self.plans, default=1)
        deltas = [delta_between(old, new, part, last, self) for part in range(new.parts)]
        summaries = [summarize(delta, self) for delta in deltas if not delta.is_empty]
        plan = plan_fold(self, last, summaries)
        self.plans[last + 1] = plan
        self._shards[last + 1] = [FoldedShard(self, delta, plan) for delta in deltas]
        return last + 1

    def book(self, version: int) -> Any:
        return self._stored.book(1) if version == 1 else self.plans[version].book

    def shard_of(self, version: int, part: int) -> Any:
        return self._stored.shard_of(1, part) if version == 1 else self._shards[version][part]

    def column_type(self, table: str, column: str) -> pa.DataType:
        return self._stored.column_type(table, column)

    def next_ids(self, version: int) -> Mapping[str, int]:
        return self._stored.next_ids(1) if version == 1 else self.plans[version].next_ids


def next_ids_used(twin: Twin) -> dict[str, int]:
    """One more than the greatest id that is there, or that the build gave."""
    ends = {
        node_counter(name): max([twin.counts[name] - 1, *twin.nodes[name]]) + 1 for name in TYPES
    }
    for relation in DIRECTED:
        greatest = max([twin.counts[relation] - 1, *twin.edges[relation]])
        ends[edge_counter(relation)] = greatest + 1
    return ends


def _user_id(name: str, number: int) -> Any:
    return f"a{number}" if name == "author" else number * 7


def _id_kind(name: str) -> Any:
    return "string" if name == "author" else "int64"


def _ids(name: str, ids: Sequence[Any]) -> pa.Array:
    return pa.array(ids, pa.large_string() if name == "author" else pa.int64())


def _column(base: BaseVersions, table: str, column: str, seeds: Sequence[int]) -> pa.Array:
    return as_bits(COLUMNS[column](seeds)).cast(base.column_type(table, column))


def _batch(
    base: BaseVersions, table: str, columns: Sequence[str], seeds: Sequence[Mapping[str, int]]
) -> pa.RecordBatch:
    if not seeds or not columns:
        return no_columns()
    arrays = [_column(base, table, c, [each[c] for each in seeds]) for c in columns]
    return pa.record_batch(arrays, names=list(columns))
