"""Columns that different replicas keep, read and pinned as if one kept them all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphray.changes.column_shares import Share, all_columns
from graphray.changes.queries import Answer, Nodes, ReadNodes
from graphray.client.changes.pinned_state import changes_at, pin_state
from graphray.client.changes.questions import LevelReads
from graphray.client.changes.reader import Reader
from graphray.client.changes.split_columns import ask_by_share
from graphray.errors import ColumnNotFound, PartitionUnavailable
from graphray.replication.configuration import Strategy
from graphray.replication.consistency import Consistency
from tests.client.changes.graphs import WRITES, SimulatedGraph

SHARES = (
    frozenset({"node:author:name", "node:paper:x"}),
    frozenset({"node:author:age", "edge:author-writes-paper:year"}),
    frozenset(),
)


@pytest.fixture
def graph(store: Path) -> SimulatedGraph:
    return SimulatedGraph(store, 1, Strategy.PARTIAL, SHARES)


def change(graph: SimulatedGraph) -> None:
    with graph.transaction() as tx:
        tx.add_nodes("author", {"id": ["new", "newer"], "age": [3, 4], "name": ["New", None]})
        tx.add_edges(WRITES, {"src": ["new", "a1"], "dst": [0, 7], "year": [2024, 2025]})
        tx.update_nodes("author", {"id": ["a1"], "age": [77]})
    with graph.transaction() as tx:
        tx.update_nodes("author", {"id": ["a2"], "name": ["Ada"]})


@pytest.mark.parametrize("level", ["strong", "session", "causal"])
def test_columns_of_different_replicas_are_read_together(graph: SimulatedGraph, level: str) -> None:
    change(graph)
    found = Reader(graph.client, level).nodes(["newer", "a1", "a2", "new"], "author")
    assert found["name"].tolist() == [None, "author 1", "Ada", "New"]
    assert found["age"].tolist() == [4, 77, 2, 3]
    edges = Reader(graph.client, level).edges("new", WRITES)
    assert (edges["dst"].tolist(), edges["year"].tolist()) == ([0], [2024])


def test_a_transaction_reads_and_matches_columns_of_different_replicas(
    graph: SimulatedGraph,
) -> None:
    change(graph)
    with graph.transaction() as tx:
        found = tx.nodes("a1", "author")
        tx.update_nodes("author", {"id": ["a1"], "age": [int(found["age"][0]) + 1]})
        tx.delete_edges(WRITES, {"src": ["a1"], "dst": [7], "year": [2025]})
    reader = Reader(graph.client)
    assert reader.nodes("a1", "author")["age"].tolist() == [78]
    assert 2025 not in reader.edges("a1", WRITES)["year"].tolist()


def test_changes_of_a_pinned_state_have_all_columns(graph: SimulatedGraph, store: Path) -> None:
    change(graph)
    schema, calls = graph.opened.schema, graph.client.calls
    _, time = pin_state(calls, "test", 60.0)
    deltas = [changes_at(calls, schema, part, time) for part in range(calls.parts)]
    names, ages = {}, {}
    for delta in deltas:
        assert delta.kept == set(all_columns(schema))
        for author in [delta.nodes["author"]] if "author" in delta.nodes else []:
            added = author.added_columns.to_pydict()
            names |= dict(zip(author.added_ids.tolist(), added.get("name", []), strict=True))
            ages |= dict(zip(author.added_ids.tolist(), added.get("age", []), strict=True))
    assert (names, ages) == ({"new": "New", "newer": None}, {"new": 3, "newer": 4})
    updates = [set(d.nodes["author"].updates) for d in deltas if "author" in d.nodes]
    assert set().union(*updates) == {"age", "name"}


def test_answers_that_never_agree_are_no_answer(graph: SimulatedGraph) -> None:
    reads = LevelReads(graph.client.calls, Consistency.STRONG)
    part, asked = 0, 0

    def ask(questions: Any, tags: Share) -> dict[int, Answer]:
        nonlocal asked
        asked += 1
        answer = reads.ask(questions, tags)[part]
        assert isinstance(answer, Nodes)
        return {part: replace(answer, exists=np.array([asked % 2 == 0, False]))}

    question = ReadNodes("author", np.array([0, 1]), ("name", "age"))
    tags = frozenset({"node:author:name", "node:author:age"})
    with pytest.raises(PartitionUnavailable, match="did not agree"):
        ask_by_share(graph.client.calls, ask, {part: question}, tags)


def test_a_column_that_there_is_not(graph: SimulatedGraph) -> None:
    with pytest.raises(ColumnNotFound, match="size"):
        Reader(graph.client).nodes("a1", "author", ["size"])
