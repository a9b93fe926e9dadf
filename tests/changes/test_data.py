"""The data of partitions against a graph in plain dictionaries, through random histories."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.changes.data import GraphData
from graphray.changes.payload import PartitionChange, Rebase, UpdatedNodes
from graphray.changes.queries import (
    Locate,
    Nodes,
    Places,
    ReadCounters,
    ReadNodes,
    ReadRows,
    Refused,
    Rows,
    answer_from_bytes,
    question_to_bytes,
)
from graphray.errors import StoreCorrupt
from graphray.ids import as_user_ids
from tests.changes.plain_changes import PlainTransactions, first_graph, home_part
from tests.changes.plain_graph import PARTS, SCHEMA, TYPES, PlainGraph, PlainVersions


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
                assert not void_ids(kind, part, base, graph)
                continue
            added = [new[s] for s in sorted(set(new) - set(old))]
            assert nodes.added_stable.tolist() == [n.stable for n in added]
            assert nodes.added_ids.tolist() == [n.id for n in added]
            assert nodes.added_columns.to_pylist() == [n.columns for n in added]
            assert nodes.deleted_stable.tolist() == sorted(set(old) - set(new))
            assert sorted(nodes.void_ids.tolist()) == void_ids(kind, part, base, graph)
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


def void_ids(kind: Any, part: int, base: PlainGraph, graph: PlainGraph) -> list[Any]:
    """The ids at home in a partition whose nodes of the base have gone."""
    old, new = base.nodes[kind.name], graph.nodes[kind.name]
    gone = [node.id for stable, node in old.items() if stable not in new]
    return sorted(id_ for id_ in gone if home_part(id_, kind.id_kind) == part)


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


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(STEPS), min_size=4, max_size=14))
def test_histories(seed: int, steps: list[str]) -> None:
    history = History(seed)
    with pytest.MonkeyPatch.context() as patch:
        for step in steps:
            if step == "drop":
                patch.setattr("graphray.changes.data._DROP_ROWS_MIN", history.rng.choice([0, 1000]))
            else:
                getattr(history, step)()
            if step == "rebase":
                history.check()
        history.check()


NOTES = frozenset({"node:person:age", "edge:person-reads-book:note"})


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.integers(0, 6), st.integers(0, 6))
def test_partial_replicas(seed: int, before: int, after: int) -> None:
    """A replica that takes columns over later is the same as one that always kept them."""
    whole, partial = History(seed), History(seed, kept=frozenset())
    for history in (whole, partial):
        for _ in range(before):
            history.commit()
        history.pin()
    unread = ask(partial.data[0], ReadNodes("person", np.array([0]), ("age",)), None)
    assert isinstance(unread, Refused)
    assert "does not keep age of person" in unread.reason
    for part in range(PARTS):
        content = whole.data[part].extract(NOTES)
        partial.data[part].absorb(NOTES, content)
        assert partial.data[part].covered() == NOTES
        assert partial.data[part].extract(NOTES) == content
    for history in (whole, partial):
        for _ in range(after):
            history.commit()
    for one, other in zip(whole.data, partial.data, strict=True):
        digests, expected = other.digests(), one.digests()
        assert digests == {tag: h for tag, h in expected.items() if tag in {"", *NOTES}}
        restored = GraphData(other.part, partial.versions, 1)
        restored.restore(other.checkpoint())
        assert restored.covered() == NOTES
        assert restored.digests() == digests


def test_columns_of_another_position_are_refused() -> None:
    early, late = History(3), History(3, kept=frozenset())
    late.commit()
    before = late.data[0].checkpoint()
    while late.data[0].checkpoint() == before or not late.data[0].delta().nodes:
        late.commit()
    with pytest.raises(StoreCorrupt, match="another position"):
        late.data[0].absorb(NOTES, early.data[0].extract(NOTES))
    assert late.data[0].covered() == frozenset()


def test_commits_come_in_any_order() -> None:
    """Two transactions that set one column: the later time stands, or at one time the same name."""
    results = set()
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        history = History(1)
        node = history.graph.owned("book", 0)[0].stable
        for number in order:
            values = pa.record_batch({"pages": pa.array([[number, 0]], TYPES["pages"])})
            update = {"book": UpdatedNodes(np.array([node]), values)}
            payload = PartitionChange(f"t{number}", update_nodes=update).to_bytes()
            history.data[0].install(max(number, 1), payload)
        found: Nodes = ask(history.data[0], ReadNodes("book", np.array([node]), ("pages",)), None)
        results.add(str(found.columns.to_pylist()))
        assert len(history.data[0].delta(1).nodes) == 1
    assert results == {"[{'pages': [2.0, 0.0]}]"}


def test_past_times_end() -> None:
    """A time that nobody has pinned cannot be read once something of it may have been dropped."""
    history = History(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graphray.changes.data._DROP_ROWS_MIN", 0)
        for _ in range(20):
            history.commit()
    answer = ask(history.data[0], ReadNodes("book", np.array([0])), 1)
    assert isinstance(answer, Refused)
    assert "cannot be read as of time 1" in answer.reason


def test_counters() -> None:
    data = History(1).data[0]
    names = ("nodes/book", "edges/person-reads-book", "mine")
    assert ask(data, ReadCounters(names), None).values == dict(zip(names, (6, 10, 0), strict=True))
    data.install(5, PartitionChange("t", counters={"nodes/book": 106}).to_bytes())
    assert ask(data, ReadCounters(names[:1]), None).values == {"nodes/book": 106}
    assert ask(data, ReadCounters(names[:1]), 4).values == {"nodes/book": 6}
    assert data.delta().counters == {"nodes/book": 106}
