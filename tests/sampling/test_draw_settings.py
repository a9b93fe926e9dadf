"""What is asked of draws, and of the columns behind them: refused at the door, in users' words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound, NodeTypeNotFound, RelationNotFound
from graphray.sampling.neighbors import Neighbors
from tests.partly import without

KNOWS, OWNS = ("person", "knows", "person"), ("person", "owns", "thing")


def graph_of(folder: Path, **weights: Any) -> gr.Graph:
    """Two relations; those weights by name are columns of the first."""
    names = pa.array(["ann", "bob", "cid", "dot"])
    edges = {"src": ["ann", "bob", "cid", "dot"], "dst": ["bob", "bob", "ann", "ann"]}
    gr.build(
        {
            KNOWS: pa.table({**edges, "when": [1, 2, 3, 4], "note": list("abcd"), **weights}),
            OWNS: pa.table({"src": ["ann"], "dst": [7], "when": [5]}),
        },
        folder / "store",
        nodes={
            "person": pa.table({"id": names, "born": [1, 2, 3, 4], "late": [1, None, 3, 4]}),
            "thing": pa.table({"id": [7], "born": [9]}),
        },
        parts=2,
    )
    return gr.open(folder / "store")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    return graph_of(tmp_path_factory.mktemp("settings"))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, -0.5, 1.0, 1.0], r"edge 1 \(row 1 .* at person 'bob'\) has weight -0.5"),
        ([1.0, 1.0, 1.0, float("nan")], r"edge 3 \(row 3 .* at person 'ann'\) has weight nan"),
        ([float("inf"), 1.0, 1.0, 1.0], r"edge 0 .* has weight inf; expected a finite number"),
        ([1.0, 1.0, 0.0, 0.0], r"all 2 edges at person 'ann' have weight 0"),
        ([1.0, None, 1.0, 1.0], r"has 1 nulls"),
    ],
)
@pytest.mark.parametrize("elsewhere", [set(), {0, 1}])
def test_weights_that_cannot_be_drawn_by_are_named(
    tmp_path: Path, weights: list[Any], message: str, elsewhere: set[int]
) -> None:
    """Also by the owners of partitions that are not mapped, before the first batch."""
    graph = without(graph_of(tmp_path, w=pa.array(weights, pa.float64())), elsewhere)
    with pytest.raises(ArgumentError, match=message):
        graph.loader("person", {KNOWS: [2]}, weight="w")
    with pytest.raises(ArgumentError, match=r"'w' of relation person-knows-person"):
        graph.loader("person", {KNOWS: [2]}, weight={KNOWS: "w"})
    with pytest.raises(ArgumentError, match=message):
        graph.loader("person", sampling=gr.Labor({KNOWS: [2]}, weight="w"))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"weight": "w"}, ColumnNotFound, "has no column 'w'"),
        ({"weight": "note"}, ArgumentError, r"'note' of .* is of type .*string; expected numbers"),
        ({"weight": {"hates": "w"}}, RelationNotFound, "hates"),
        ({"weight": {OWNS: "when"}}, ArgumentError, "which the fanout does not follow"),
        ({"weight": 3}, ArgumentError, "weight = 3"),
        ({"weight": {KNOWS: 3}}, ArgumentError, "weight names the column 3"),
        ({"edge_time": "note"}, ArgumentError, "edge_time: .* expected integers"),
        ({"edge_time": "then"}, ColumnNotFound, "has no column 'then'"),
        ({"node_time": "age"}, ColumnNotFound, "has no column 'age'"),
        ({"node_time": {"nobody": "born"}}, NodeTypeNotFound, "nobody"),
        ({"node_time": "late"}, ArgumentError, r"'late' of node type 'person' has 1 nulls"),
        ({"edge_time": "when", "node_time": "born"}, ArgumentError, "both an edge_time and"),
        (
            {"edge_time": "when", "time_strategy": "latest", "weight": "when"},
            ArgumentError,
            "leave weight out",
        ),
        ({"edge_time": "when", "time_strategy": "first"}, ArgumentError, "time_strategy = 'first'"),
        ({"edge_time": "when", "max_age": -1}, ArgumentError, "max_age = -1"),
        ({"edge_time": "when", "max_age": 2**63}, ArgumentError, "at most 2\\*\\*62"),
        ({"max_age": 3}, ArgumentError, "need edge_time or node_time"),
        ({"time_strategy": "latest"}, ArgumentError, "need edge_time or node_time"),
        (
            {"edge_time": "when", "time_strategy": "latest", "replace": True},
            ArgumentError,
            "leave replace out",
        ),
        ({"max_degree": 0}, ArgumentError, "max_degree = 0"),
        ({"max_degree": 3, "replace": True}, ArgumentError, "leave replace out"),
    ],
)
def test_settings_are_checked(
    graph: gr.Graph, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        graph.loader("person", {KNOWS: [2]}, **settings)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"iterations": -1}, ArgumentError, "iterations = -1"),
        ({"iterations": "all"}, ArgumentError, "iterations = 'all'"),
        ({"iterations": 1.5}, ArgumentError, "iterations = 1.5"),
        ({"weight": 3}, ArgumentError, "weight = 3"),
        ({"weight": "note"}, ArgumentError, r"'note' of .* expected numbers"),
        ({"weight": "w"}, ColumnNotFound, "has no column 'w'"),
    ],
)
def test_settings_of_labor_are_checked(
    graph: gr.Graph, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        graph.loader("person", sampling=gr.Labor({KNOWS: [2]}, **settings))


def test_seeds_need_times(graph: gr.Graph) -> None:
    loader = graph.loader("person", {KNOWS: [2]}, edge_time="when")
    with pytest.raises(ArgumentError, match=r"seeds of type 'person' need times"):
        loader.batch(0, 0)


def test_seeds_have_the_time_of_their_own_column(graph: gr.Graph) -> None:
    plan = {"node_time": {"person": "born"}}
    (batch,) = graph.loader(("person", ["bob"]), {KNOWS: [-1]}, **plan)
    assert batch.nodes["person"].tolist() == ["bob", "ann"]
    (early,) = graph.loader(("person", ["bob"]), {KNOWS: [-1]}, seed_times=np.array([0]), **plan)
    assert early.nodes["person"].tolist() == ["bob"]


def test_relations_without_times_are_not_limited(graph: gr.Graph) -> None:
    (batch,) = graph.loader(
        ("thing", [7]),
        {OWNS: [-1, 0], KNOWS: [0, -1]},
        edge_time={KNOWS: "when"},
        seed_times=np.array([3]),
    )
    assert batch.nodes["person"].tolist() == ["ann", "cid"]
    assert batch.trees["person"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Neighbors([3, 2]), Neighbors(np.array([3, 2]))),
        (
            Neighbors({"b": [1], KNOWS: (2,)}, weight={"b": "w", KNOWS: "v"}),
            Neighbors({KNOWS: [2], "b": [1]}, weight={KNOWS: "v", "b": "w"}),
        ),
    ],
)
def test_equal_plans_read_alike(one: Neighbors, other: Neighbors) -> None:
    assert one == other
    assert repr(one) == repr(other)
