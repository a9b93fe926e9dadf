"""The data of partitions against a graph in plain dictionaries, through random histories."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.changes.data import GraphData
from graphray.changes.payload import PartitionChange, Rebase
from graphray.changes.queries import (
    Locate,
    Nodes,
    Places,
    ReadNodes,
    ReadRows,
    Rows,
    answer_from_bytes,
    question_to_bytes,
)
from graphray.ids import as_user_ids
from tests.changes.plain_changes import PlainTransactions, first_graph, home_part
from tests.changes.plain_graph import PARTS, SCHEMA, PlainGraph, PlainVersions


def ask(data: GraphData, question: Any, time: int | None) -> Any:
    return answer_from_bytes(data.read(question_to_bytes(question), time))


class History:
    """Partitions that go through what a plain graph goes through."""

    def __init__(self, seed: int, kept: frozenset[str] | None = None) -> None:
        self.rng = random.Random(seed)
        self.graph = first_graph(self.rng)
        self.versions = PlainVersions(self.graph.copy())
        self.transactions = PlainTransactions(self.graph, self.rng)
        self.data = [GraphData(part, self.versions, 1, kept) for part in range(PARTS)]
        self.time = 0
        self.pinned: dict[int, PlainGraph] = {}

    def commit(self) -> None:
        self.time += self.rng.randint(1, 60)
        for part, change in self.transactions.random().items():
            payload = change.to_bytes()
            assert self.data[part].refusal(payload) is None
            self.data[part].install(self.time, payload)

    def pin(self) -> None:
        self.pinned[self.time] = self.graph.copy()
        self.keep()

    def unpin(self) -> None:
        if self.pinned:
            del self.pinned[self.rng.choice(sorted(self.pinned))]
            self.keep()

    def keep(self) -> None:
        for data in self.data:
            data.keep_since(tuple(self.pinned))

    def rebase(self) -> None:
        """What a compaction does: fold a pinned time into a version, which becomes the base."""
        if not self.pinned:
            return
        floor = max(self.pinned)
        if floor < max(data._timeline.newest.floor for data in self.data):
            return
        version = self.versions.publish(self.pinned[floor].copy())
        self.time += 1
        payload = PartitionChange("compaction", rebase=Rebase(version, floor)).to_bytes()
        for data in self.data:
            assert data.refusal(payload) is None
            data.install(self.time, payload)

    def restore(self) -> None:
        """Partitions go on from checkpoints."""
        for part, old in enumerate(self.data):
            new = GraphData(part, self.versions, 1)
            new.restore(old.checkpoint())
            assert new.digests() == old.digests()
            assert new.checkpoint() == old.checkpoint()
            self.data[part] = new

    def check(self) -> None:
        check_reads(self.data, self.graph, None)
        check_deltas(self.data, self.versions, self.graph, None)
        for time, graph in self.pinned.items():
            check_reads(self.data, graph, time)
            check_deltas(self.data, self.versions, graph, time)


def check_reads(data: list[GraphData], graph: PlainGraph, time: int | None) -> None:
    """Every node, id and row reads as the plain graph has it."""
    for kind in SCHEMA.node_types:
        names = tuple(c.name for c in kind.columns)
        asked = np.arange(max(graph.nodes[kind.name], default=0) + 2)
        for part in range(PARTS):
            expected = graph.owned(kind.name, part)
            found: Nodes = ask(data[part], ReadNodes(kind.name, asked, names), time)
            assert np.flatnonzero(found.exists).tolist() == [n.stable for n in expected]
            assert found.ids.tolist() == [n.id for n in expected]
            assert found.columns.to_pylist() == [n.columns for n in expected]
        check_places(data, graph, kind, time)
    for relation, direction in SCHEMA.adjacencies:
        names = tuple(c.name for c in SCHEMA.relation_type(relation).columns)
        near = np.arange(max(graph.nodes[relation.near_type(direction)], default=0) + 2)
        for part in range(PARTS):
            rows: Rows = ask(data[part], ReadRows(relation, direction, near, names), time)
            assert plain_rows(rows, near) == graph.entries(relation, direction, part)


def plain_rows(rows: Rows, near: Any) -> list[Any]:
    columns = rows.columns.to_pylist() or [{}] * len(rows.edge)
    return list(
        zip(
            np.repeat(near, np.diff(rows.offsets)).tolist(),
            rows.far_stable.tolist(),
            rows.edge.tolist(),
            rows.far_part.tolist(),
            rows.far_ids.tolist(),
            columns,
            strict=True,
        )
    )


def check_places(data: list[GraphData], graph: PlainGraph, kind: Any, time: int | None) -> None:
    ids = [f"p{n}" if kind.id_kind == "string" else n for n in range(13)]
    by_id = {node.id: node for node in graph.nodes[kind.name].values()}
    found: dict[Any, Any] = {}
    for partition in data:
        places: Places = ask(partition, Locate(kind.name, as_user_ids(ids, kind.id_kind)), time)
        for number in np.flatnonzero(places.exists).tolist():
            assert ids[number] not in found
            found[ids[number]] = (int(places.part[number]), int(places.stable[number]))
    assert found == {id_: (node.part, node.stable) for id_, node in by_id.items()}


def check_deltas(
    data: list[GraphData], versions: PlainVersions, graph: PlainGraph, time: int | None
) -> None:
    """A delta is exactly the difference between the plain graph and its base version."""
    for part in range(PARTS):
        delta = data[part].delta(time)
        assert type(delta).from_bytes(delta.to_bytes()).to_bytes() == delta.to_bytes()
        base = versions.graph(delta.base_version)
        for kind in SCHEMA.node_types:
            old = {n.stable: n for n in base.owned(kind.name, part)}
            new = {n.stable: n for n in graph.owned(kind.name, part)}
            nodes = delta.nodes.get(kind.name)
            if nodes is None:
                assert old == new
                continue
            added = [new[s] for s in sorted(set(new) - set(old))]
            assert nodes.added_stable.tolist() == [n.stable for n in added]
            assert nodes.added_ids.tolist() == [n.id for n in added]
            assert nodes.added_columns.to_pylist() == [n.columns for n in added]
            assert nodes.deleted_stable.tolist() == sorted(set(old) - set(new))
            check_void(nodes, kind, part, base, graph)
            for s in set(old) & set(new):
                values = dict(old[s].columns)
                for column, updates in nodes.updates.items():
                    assert (np.diff(updates.stable) > 0).all()
                    assert set(updates.stable.tolist()) <= set(old) & set(new)
                    at = np.flatnonzero(updates.stable == s)
                    if len(at):
                        values[column] = updates.values[int(at[0])].as_py()
                assert values == new[s].columns
        for name in SCHEMA.adjacencies:
            check_edges(
                delta.edges.get(name), base.entries(*name, part), graph.entries(*name, part)
            )


def check_void(nodes: Any, kind: Any, part: int, base: PlainGraph, graph: PlainGraph) -> None:
    """Void are the ids at home here whose nodes of the base have gone."""
    old, new = base.nodes[kind.name], graph.nodes[kind.name]
    gone = [n.id for s, n in old.items() if s not in new]
    at_home = [id_ for id_ in gone if home_part(id_, kind.id_kind) == part]
    assert sorted(nodes.void_ids.tolist()) == sorted(at_home)


def check_edges(edges: Any, old_entries: list[Any], new_entries: list[Any]) -> None:
    old = {(e[0], e[2]): e for e in old_entries}
    new = {(e[0], e[2]): e for e in new_entries}
    if edges is None:
        assert old == new
        return
    added = [e for e in new_entries if (e[0], e[2]) not in old]
    columns = edges.columns.to_pylist() or [{}] * len(added)
    assert added == list(
        zip(
            edges.near_stable.tolist(),
            edges.far_stable.tolist(),
            edges.edge.tolist(),
            edges.far_part.tolist(),
            edges.far_ids.tolist(),
            columns,
            strict=True,
        )
    )
    gone = list(zip(edges.deleted_near.tolist(), edges.deleted_edge.tolist(), strict=True))
    assert gone == sorted(set(old) - set(new))
    values = {key: dict(old[key][5]) for key in set(old) & set(new)}
    for column, updates in edges.updates.items():
        keys = list(zip(updates.near_stable.tolist(), updates.edge.tolist(), strict=True))
        assert keys == sorted(set(keys))
        for key, value in zip(keys, updates.values.to_pylist(), strict=True):
            values[key][column] = value
    assert values == {key: new[key][5] for key in values}


STEPS = ("commit", "commit", "commit", "pin", "unpin", "rebase", "restore", "drop")


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(STEPS), min_size=4, max_size=14))
def test_histories(seed: int, steps: list[str]) -> None:
    history = History(seed)
    with pytest.MonkeyPatch.context() as patch:
        for step in steps:
            if step == "drop":
                patch.setattr("graphray.changes.data._DROP_ROWS_MIN", history.rng.choice([0, 1000]))
            else:
                getattr(history, step)()
            history.check()
