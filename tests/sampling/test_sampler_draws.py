"""Every way to draw against its slow twin, through the sampler, wherever the rows are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.reading.gather import edge_column, find_nodes, node_column
from graphray.sampling.neighbors import Neighbors
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SamplingPlan, Seeds
from graphray.schema import Relation
from graphray.shard import EDGE, STABLE
from tests.partly import calls_of, without
from tests.sampling import draw_twin as twin
from tests.sampling.graphs import FOLLOWS, LIKES, NEAR, RandomAssignment, plain_graphs, user_id
from tests.sampling.twin import PlainGraph

RELATIONS = (LIKES, FOLLOWS, NEAR)


def weight_of(relation: Relation, edge: int) -> float:
    return (5.0, 1.0, 0.25, 40.0, 1e-3)[(edge + len(relation.name)) % 5]


def edge_time(relation: Relation, edge: int) -> int:
    return (edge * 7 + len(relation.name)) % 20 - 10


def node_time(node_type: str, stable: int) -> int:
    return (stable * 5 + len(node_type)) % 9


def build(graph: PlainGraph, folder: str, parts: int, scatter: int) -> Path:
    """A store of a plain graph with weights, and times of edges and nodes."""
    nodes = {
        name: pa.table(
            {
                "id": [user_id(name, i) for i in range(count)],
                "born": pa.array([node_time(name, i) for i in range(count)], pa.int32()),
            }
        )
        for name, count in graph.counts.items()
    }
    edges = {}
    for relation, pairs in graph.edges.items():
        ids = {
            "src": [user_id(relation.source, s) for s, _ in pairs],
            "dst": [user_id(relation.destination, d) for _, d in pairs],
        }
        types = [
            pa.string() if end == "user" else pa.int64()
            for end in (relation.source, relation.destination)
        ]
        columns = {n: pa.array(v, t) for (n, v), t in zip(ids.items(), types, strict=True)}
        numbers = range(len(pairs))
        columns["weight"] = pa.array([weight_of(relation, e) for e in numbers], pa.float64())
        columns["time"] = pa.array([edge_time(relation, e) for e in numbers], pa.int64())
        edges[relation] = pa.table(columns)
    path = Path(folder) / "store"
    gr.build(
        edges,
        path,
        nodes=nodes,
        parts=parts,
        partitioner=RandomAssignment(scatter),
        directed={relation: relation not in graph.undirected for relation in edges},
    )
    return path


def far_time(direction: str) -> Callable[[Relation, tuple[int, int]], int]:
    def time_of(relation: Relation, entry: tuple[int, int]) -> int:
        far = relation.source if direction == "in" else relation.destination
        return node_time(far, entry[0])

    return time_of


def ways(
    fanouts: Any, direction: str, max_age: int
) -> dict[str, tuple[SamplingPlan, twin.HopRule]]:
    """Plans, and their twins."""

    def plan(**options: Any) -> Neighbors:
        return Neighbors(fanouts, direction, **options)

    def by_edge(relation: Relation, entry: tuple[int, int]) -> int:
        return edge_time(relation, entry[1])

    of_far = far_time(direction)
    by_row = {
        "disjoint": (plan(disjoint=True), twin.uniform),
        "replace": (plan(replace=True), twin.with_replacement),
        "disjoint, replace": (plan(disjoint=True, replace=True), twin.with_replacement),
        "weight": (plan(weight="weight"), twin.weighted(weight_of, False)),
        "weight, replace": (
            plan(weight="weight", replace=True),
            twin.weighted(weight_of, True),
        ),
        "edge_time": (
            plan(edge_time="time"),
            twin.temporal(by_edge, "uniform", None, False),
        ),
        "edge_time, latest": (
            plan(edge_time="time", time_strategy="latest", max_age=max_age),
            twin.temporal(by_edge, "latest", max_age, False),
        ),
        "node_time": (
            plan(node_time="born", max_age=max_age),
            twin.temporal(of_far, "uniform", max_age, False),
        ),
        "node_time, replace": (
            plan(node_time="born", replace=True),
            twin.temporal(of_far, "uniform", None, True),
        ),
        "edge_time, weight": (
            plan(edge_time="time", weight="weight", max_age=max_age),
            twin.weighted_temporal(by_edge, weight_of, max_age, False),
        ),
        "edge_time, weight, replace": (
            plan(edge_time="time", weight="weight", replace=True),
            twin.weighted_temporal(by_edge, weight_of, None, True),
        ),
        "node_time, weight": (
            plan(node_time="born", weight="weight"),
            twin.weighted_temporal(of_far, weight_of, None, False),
        ),
        "labor": (gr.Labor(fanouts, direction), twin.labor),
    }
    plans: dict[str, tuple[SamplingPlan, twin.HopRule]] = {
        way: (each, twin.row_by_row(rule)) for way, (each, rule) in by_row.items()
    }
    settings: list[tuple[int | Literal["*"], bool]] = [
        (0, True),
        (1, False),
        (2, True),
        ("*", False),
    ]
    for iterations, weighted in settings:
        labor = gr.Labor(
            fanouts, direction, iterations=iterations, weight="weight" if weighted else None
        )
        count = 64 if iterations == "*" else iterations
        rule = twin.importance_labor(weight_of if weighted else None, count)
        plans[f"labor-{iterations}, {weighted}"] = (labor, rule)
    return plans


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_batches_equal_the_twins(data: st.DataObject) -> None:
    graph = data.draw(plain_graphs())
    direction = data.draw(st.sampled_from(["in", "out"]))
    hops = data.draw(st.integers(1, 3))
    draws = st.lists(st.sampled_from([-1, 0, 1, 2, 5]), min_size=hops, max_size=hops)
    fanouts = {relation: data.draw(draws) for relation in RELATIONS}
    seeds = {
        name: data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=5))
        for name, count in graph.counts.items()
    }
    num_seeds = sum(map(len, seeds.values()))
    times = data.draw(st.lists(st.integers(-12, 12), min_size=num_seeds, max_size=num_seeds))
    parts = data.draw(st.integers(1, min(graph.counts.values())))
    elsewhere = data.draw(st.sets(st.integers(0, parts - 1)))
    stream = BatchStream(data.draw(st.integers(0, 2**63)), 0, 0)
    plans = ways(fanouts, direction, max_age=data.draw(st.integers(0, 6)))

    with tempfile.TemporaryDirectory() as folder:
        store = build(graph, folder, parts, scatter=stream.rng_seed)
        access = without(gr.open(store), elsewhere).access
        gids = {n: find_nodes(access, n, [user_id(n, s) for s in ids]) for n, ids in seeds.items()}
        bounds = np.cumsum([0, *map(len, seeds.values())])
        given_times = {
            name: np.array(times[start:stop], np.int64)
            for name, start, stop in zip(seeds, bounds, bounds[1:], strict=False)
        }
        for way, (plan, rule) in plans.items():
            temporal = "time" in way
            disjoint = temporal or "disjoint" in way
            sampled = plan.make_sampler(access).sample(Seeds(gids, given_times), stream)
            nodes, edges = twin.sample(
                graph, seeds, fanouts, direction, stream, rule,
                disjoint=disjoint, times=times if temporal else None,
            )  # fmt: skip
            for name, expected in nodes.items():
                stable = np.asarray(node_column(access, name, STABLE, sampled.nodes[name]))
                assert stable.tolist() == [node for _, node in expected], way
                if disjoint:
                    assert sampled.trees is not None
                    assert sampled.trees[name].tolist() == [tree for tree, _ in expected], way
            for relation, expected_edges in edges.items():
                found = sampled.edges[relation]
                stored = access.schema.relation_type(relation).stored_direction(direction)
                ids = edge_column(access, relation, stored, EDGE, found.positions)
                columns = [*found.edge_index.tolist(), np.asarray(ids).tolist()]
                assert list(zip(*columns, strict=True)) == expected_edges, way


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    """30 nodes with long rows, in 3 partitions."""
    rng = np.random.default_rng(8)
    graph = PlainGraph(
        {"user": 30, "item": 10},
        {
            LIKES: rng.integers(0, [30, 10], (400, 2)).tolist(),
            FOLLOWS: rng.integers(0, 30, (900, 2)).tolist(),
            NEAR: rng.integers(0, 10, (50, 2)).tolist(),
        },
        {NEAR},
    )
    return gr.open(build(graph, str(tmp_path_factory.mktemp("dense")), 3, scatter=1))


@pytest.mark.parametrize("weight", [None, "weight"])
def test_nothing_of_a_seeds_future_is_in_its_tree(dense: gr.Graph, weight: str | None) -> None:
    """Every seed at every time there is, all neighbours: what is early enough, and all of it."""
    users = [user_id("user", i) for i in range(30)]
    for now in range(-11, 11):
        loader = dense.loader(
            ("user", users), {FOLLOWS: [-1, -1]}, batch_size=30, edge_time="time",
            seed_times=np.full(30, now), weight=weight,
        )  # fmt: skip
        (batch,) = loader
        ids = batch.edge_ids[FOLLOWS]
        times = np.array([edge_time(FOLLOWS, edge) for edge in ids.tolist()])
        assert (times <= now).all()
        first_hop = ids[: batch.num_sampled_edges[FOLLOWS][0]]
        expected = [e for e in range(900) if edge_time(FOLLOWS, e) <= now]
        assert sorted(first_hop.tolist()) == expected


def test_trees_keep_to_themselves(dense: gr.Graph) -> None:
    seeds = [user_id("user", i) for i in (3, 3, 7)]
    loader = dense.loader(("user", seeds), {FOLLOWS: [4, 3]}, batch_size=3, disjoint=True)
    (batch,) = loader
    trees = batch.trees["user"]
    assert trees[:3].tolist() == [0, 1, 2]
    sources, destinations = batch.edge_index[FOLLOWS]
    assert (trees[sources] == trees[destinations]).all()
    pairs = list(zip(trees.tolist(), batch.nodes["user"].tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    # The same seed twice: two trees, which draw each for itself.
    drawn = [set(batch.nodes["user"][trees == tree]) for tree in (0, 1)]
    assert drawn[0] != drawn[1]


def test_an_owner_is_called_once_a_hop_for_all_relations(dense: gr.Graph) -> None:
    graph = without(dense, {1, 2})
    fanouts = {LIKES: [2, 2], FOLLOWS: [3, 2], NEAR: [2, 2]}
    sampler = Neighbors(fanouts).make_sampler(graph.access)
    users = find_nodes(graph.access, "user", [user_id("user", i) for i in range(8)])
    items = find_nodes(graph.access, "item", [user_id("item", i) for i in range(8)])
    calls_of(graph)
    sampler.sample(Seeds({"user": users, "item": items}), BatchStream(1, 0, 0))
    assert calls_of(graph) == [1, 2, 1, 2]


def test_full_neighbourhoods_can_be_capped(dense: gr.Graph) -> None:
    def batch_of(**options: Any) -> gr.Batch:
        (batch,) = dense.loader(("user", ["u1", "u2"]), {FOLLOWS: [-1]}, batch_size=2, **options)
        return batch

    whole, capped = batch_of(), batch_of(max_degree=10)
    degrees = np.bincount(whole.edge_index[FOLLOWS][1])
    assert (degrees > 10).all()
    assert np.bincount(capped.edge_index[FOLLOWS][1]).tolist() == [10, 10]
    assert set(capped.edge_ids[FOLLOWS]) < set(whole.edge_ids[FOLLOWS])
    assert batch_of(max_degree=10_000).digest() == whole.digest()


def neighbors_by_user(batch: gr.Batch) -> dict[str, set[str]]:
    names = batch.nodes["user"]
    found: dict[str, set[str]] = {}
    for source, destination in batch.edge_index[FOLLOWS].T:
        found.setdefault(names[destination], set()).add(names[source])
    return found


def test_labor_weighs_edges_for_means(dense: gr.Graph) -> None:
    (batch,) = dense.loader("user", sampling=gr.Labor({FOLLOWS: [6]}), batch_size=30)
    near = batch.edge_index[FOLLOWS][1]
    sums = np.bincount(near, batch.edge_weights[FOLLOWS])
    assert np.allclose(sums[np.unique(near)], 1)


def test_labor_of_edges_that_differ_weighs_them_for_means(dense: gr.Graph) -> None:
    plan = gr.Labor({FOLLOWS: [6]}, iterations=1, weight="weight")
    (batch,) = dense.loader("user", sampling=plan, batch_size=30)
    near = batch.edge_index[FOLLOWS][1]
    weights = batch.edge_weights[FOLLOWS]
    assert weights.dtype == np.float32
    assert np.allclose(np.bincount(near, weights)[np.unique(near)], 1)
    assert len(np.unique(weights[near == 0])) > 1


def test_labor_rows_agree(dense: gr.Graph) -> None:
    """Whatever a longer row draws, a shorter one that has it draws as well."""
    (every,) = dense.loader("user", {FOLLOWS: [-1]}, batch_size=30)
    (batch,) = dense.loader("user", sampling=gr.Labor({FOLLOWS: [6]}), batch_size=30)
    rows, drawn = neighbors_by_user(every), neighbors_by_user(batch)
    names = every.nodes["user"]
    degrees = {names[i]: n for i, n in enumerate(np.bincount(every.edge_index[FOLLOWS][1]))}
    agreed = 0
    for short in drawn:
        for long in drawn:
            if degrees[short] <= degrees[long]:
                assert drawn[long] & rows[short] <= drawn[short]
                agreed += len(drawn[long] & rows[short])
    assert agreed > 500
