"""What a partition refuses, in words; and that nothing that it is sent ever raises."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.changes.data import GraphData
from graphray.changes.payload import (
    AddedEdges,
    AddedNodes,
    DeletedEdges,
    PartitionChange,
    Rebase,
    UpdatedEdges,
    UpdatedNodes,
)
from graphray.changes.plain_arrays import no_columns
from graphray.ids import as_user_ids
from tests.changes.plain_changes import PlainTransactions, first_graph, home_part
from tests.changes.plain_graph import KNOWS, READS, PlainEdge, PlainGraph, PlainNode, PlainVersions

OUT, IN, BOTH = (READS, "out"), (READS, "in"), (KNOWS, "in")
OWN_ID, HOME_ID = [n for n in range(100, 200) if home_part(n, "int64") == 0][:2]
AWAY_ID = next(n for n in range(100, 200) if home_part(n, "int64") == 1)


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


def small_graph() -> PlainGraph:
    """Two persons and two books in partition 0, a person in partition 1; one edge of each kind."""
    graph = PlainGraph()
    for stable, part in enumerate((0, 0, 1)):
        columns = {"age": None, "name": None}
        graph.nodes["person"][stable] = PlainNode(part, stable, f"p{stable}", columns)
    for stable, id_ in enumerate((0, OWN_ID)):
        graph.nodes["book"][stable] = PlainNode(0, stable, id_, {"pages": None})
    graph.edges[READS][0] = PlainEdge(0, 0, {"stars": 5, "note": None})
    graph.edges[KNOWS][0] = PlainEdge(0, 2, {})
    return graph


@pytest.fixture
def data() -> GraphData:
    return GraphData(0, PlainVersions(small_graph()), 1)


def book(stable: int, id_: int, columns: Any = None) -> dict[str, AddedNodes]:
    return {"book": AddedNodes(ints(stable), ints(id_), columns or no_columns())}


def reads(near: int, edge: int, part: int = 0) -> dict[Any, AddedEdges]:
    return {OUT: AddedEdges(ints(near), np.array([part], np.int32), ints(0), ints(0), ints(edge))}


REFUSED = {
    "a book that is there": ({"add_nodes": book(7, OWN_ID)}, "already"),
    "an id at home elsewhere": ({"add_nodes": book(7, AWAY_ID)}, "not the home"),
    "a stable id that was given out": ({"add_nodes": book(1, HOME_ID)}, "given out"),
    "an unknown type": ({"delete_nodes": {"film": ints(0)}}, "no node type 'film'"),
    "an unknown adjacency": (
        {"delete_edges": {(KNOWS, "out"): DeletedEdges(ints(0), ints(0))}},
        "no adjacency",
    ),
    "a node of elsewhere": ({"delete_nodes": {"person": ints(2)}}, "not here: 2"),
    "a node that keeps its edges": ({"delete_nodes": {"person": ints(0)}}, "lose an end"),
    "a node twice": ({"delete_nodes": {"book": ints(1, 1)}}, "twice"),
    "an edge that is not there": (
        {"delete_edges": {OUT: DeletedEdges(ints(1), ints(0))}},
        "to delete are not here: 0",
    ),
    "an edge from nowhere": ({"add_edges": reads(2, 9)}, "at an end of new edges"),
    "an edge to no partition": ({"add_edges": reads(0, 9, part=2)}, r"beyond 0\.\.1"),
    "arrays of different lengths": (
        {"delete_edges": {OUT: DeletedEdges(ints(0), ints(0, 1))}},
        "different lengths",
    ),
    "an unknown column": (
        {"add_nodes": book(7, HOME_ID, pa.record_batch({"title": ["x"]}))},
        "column 'title'",
    ),
    "a column of another type": (
        {"update_nodes": {"person": UpdatedNodes(ints(0), pa.record_batch({"age": ["x"]}))}},
        "of type string; expected int64",
    ),
    "too few rows of columns": (
        {"update_nodes": {"person": UpdatedNodes(ints(0, 1), pa.record_batch({"age": [1]}))}},
        "1 rows of columns",
    ),
    "an update of nothing": (
        {"update_edges": {OUT: UpdatedEdges(ints(0), ints(3), pa.record_batch({"stars": [1]}))}},
        "to update are not here: 3",
    ),
    "ids of another kind": (
        {"void_ids": {"book": as_user_ids(["x"], "string")}},
        "of type large_string; expected int64",
    ),
    "an id that is not there": ({"void_ids": {"book": ints(HOME_ID)}}, "with ids are not here"),
    "a counter that falls": ({"counters": {"nodes/book": 1}}, "cannot fall to 1"),
    "a version of an earlier time": ({"rebase": Rebase(2, -5)}, "cannot go back to version 2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(data: GraphData, name: str) -> None:
    fields, words = REFUSED[name]
    payload = PartitionChange("t", **fields).to_bytes()
    reason = data.refusal(payload)
    assert reason is not None
    assert re.search(words, reason)


def test_an_id_is_given_to_a_new_node_at_once(data: GraphData) -> None:
    change = PartitionChange("t", add_nodes=book(7, OWN_ID), delete_nodes={"book": ints(1)})
    assert data.refusal(change.to_bytes()) is None
    data.install(1, change.to_bytes())
    assert data.delta().nodes["book"].void_ids.tolist() == [OWN_ID]


def test_an_edge_id_is_not_given_out_twice(data: GraphData) -> None:
    payload = PartitionChange("t", add_edges=reads(0, 9)).to_bytes()
    assert data.refusal(payload) is None
    data.install(1, payload)
    assert "given out" in str(data.refusal(payload))


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=3))
def test_damaged_payloads_never_raise(seed: int, damage: list[tuple[int, int]]) -> None:
    """Bytes changed at random: refused, or else sound enough to be carried out."""
    rng = random.Random(seed)
    graph = first_graph(rng)
    data = GraphData(0, PlainVersions(graph.copy()), 1)
    payload = bytearray(PlainTransactions(graph, rng).random()[0].to_bytes())
    for at, byte in damage:
        payload[at % len(payload)] = byte
    if data.refusal(bytes(payload)) is None:
        data.install(1, bytes(payload))
        data.delta()
        data.checkpoint()
