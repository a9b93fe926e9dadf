"""Walks: against a slow twin wherever their rows are, and against transition probabilities."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound, NodeNotFound, RelationNotFound
from tests.partly import partly
from tests.sampling.graphs import (
    FOLLOWS,
    LIKES,
    NEAR,
    build_store,
    plain_graphs,
    user_id,
)
from tests.sampling.twin import PlainGraph
from tests.sampling.walk_twin import walk

SMALL = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
CHANCE = 1e-6


def rows_of(graph: PlainGraph, relation: Any, direction: Any) -> list[list[int]]:
    near = relation.destination if direction == "in" else relation.source
    every = range(graph.counts[near])
    return [[far for far, _ in graph.row(relation, direction, node)] for node in every]


def walks_everywhere(
    graph: PlainGraph, data: st.DataObject, seeds: Any, **how: Any
) -> list[list[Any]]:
    """The walks from a randomly partitioned store, of which some partitions are not mapped."""
    parts = data.draw(st.integers(1, min(graph.counts.values())))
    here = data.draw(st.sets(st.integers(0, parts - 1)))
    with tempfile.TemporaryDirectory() as folder:
        store = build_store(graph, Path(folder), parts, scatter=data.draw(st.integers(0, 99)))
        return partly(gr.open(store), here).walks(seeds, **how).tolist()


def padded(names: list[str], path: list[int], length: int, filler: Any) -> list[Any]:
    ids = [user_id(names[column % len(names)], node) for column, node in enumerate(path)]
    return ids + [filler] * (length + 1 - len(path))


@SMALL
@given(
    graph=plain_graphs(),
    data=st.data(),
    rng_seed=st.integers(0, 2**63),
    length=st.integers(1, 12),
    how=st.sampled_from(
        [{}, {"restart": 0.3}, {"p": 0.25, "q": 4.0}, {"p": 4.0, "q": 0.25}, {"p": 0.1, "q": 0.5}]
    ),
)
def test_walks_equal_the_twins(
    graph: PlainGraph, data: st.DataObject, rng_seed: int, length: int, how: dict[str, float]
) -> None:
    relation = data.draw(st.sampled_from([FOLLOWS, NEAR]))
    direction = data.draw(st.sampled_from(["in", "out"]))
    name = relation.source
    nodes = st.integers(0, graph.counts[name] - 1)
    seeds = data.draw(st.lists(nodes, min_size=1, max_size=6))
    rows = [rows_of(graph, relation, direction)]
    expected, seen = [], Counter[int]()
    for seed in seeds:
        for _ in range(2):
            path = walk(rows, seed, length, seen[seed], rng_seed, **how)
            seen[seed] += 1
            expected.append(padded([name], path, length, None if name == "user" else -99))
    found = walks_everywhere(
        graph,
        data,
        (name, [user_id(name, seed) for seed in seeds]),
        length=length,
        walks_per_seed=2,
        relation=relation,
        direction=direction,
        rng_seed=rng_seed,
        filler=-99,
        **how,
    )
    assert found == expected


@SMALL
@given(graph=plain_graphs(), data=st.data(), restart=st.sampled_from([0.0, 0.4]))
def test_metapaths_lead_from_type_to_type(
    graph: PlainGraph, data: st.DataObject, restart: float
) -> None:
    rows = [rows_of(graph, LIKES, "out"), rows_of(graph, NEAR, "in"), rows_of(graph, LIKES, "in")]
    expected = [
        padded(["user", "item", "item"], walk(rows, seed, 7, 0, 5, restart=restart), 7, None)
        for seed in range(graph.counts["user"])
    ]
    found = walks_everywhere(
        graph, data, "user", length=7, metapath=["likes", NEAR, LIKES], rng_seed=5, restart=restart
    )
    assert found == expected


def build_pairs(folder: Path, pairs: Any, count: int, **options: Any) -> Path:
    sources, destinations = np.array(pairs).T
    gr.build((sources, destinations), folder / "store", nodes=np.arange(count), **options)
    return folder / "store"


# Parallel edges (0-1 twice), a self-loop (2), a hub (1), a dead end (6) and an isolated node (7).
PAIRS = [(0, 1), (0, 1), (1, 2), (2, 2), (2, 0), (1, 3), (3, 1), (1, 4), (4, 0), (4, 1), (1, 0),
         (3, 0), (0, 4), (1, 5), (5, 1), (5, 2), (2, 3), (3, 6)]  # fmt: skip


def is_likely(seen: Counter[Any], weights: dict[Any, float]) -> bool:
    """Whether outcomes were drawn in proportion to their weights, by chi-square."""
    total, rounds = sum(weights.values()), seen.total()
    assert set(seen) <= {outcome for outcome, weight in weights.items() if weight}
    expected = [rounds * weight / total for weight in weights.values() if weight]
    counts = [seen[outcome] for outcome, weight in weights.items() if weight]
    return bool(len(counts) <= 1 or stats.chisquare(counts, expected).pvalue > CHANCE)


def test_uniform_steps_follow_the_transition_matrix(tmp_path: Path) -> None:
    graph = gr.open(build_pairs(tmp_path, PAIRS, 8, parts=3))
    walks = graph.walks(length=10, walks_per_seed=2_000, rng_seed=3)
    steps = Counter(zip(walks[:, :-1].ravel().tolist(), walks[:, 1:].ravel().tolist(), strict=True))
    for node in range(6):
        row = Counter(target for source, target in PAIRS if source == node)
        seen = Counter({to: n for (at, to), n in steps.items() if at == node and to >= 0})
        assert is_likely(seen, dict(row))


@pytest.mark.parametrize(("p", "q"), [(0.25, 4.0), (4.0, 0.25), (0.1, 0.5), (1.0, 3.0), (2.0, 1.0)])
@pytest.mark.parametrize("directed", [True, False])
def test_second_order_steps_follow_their_exact_probabilities(
    tmp_path: Path, p: float, q: float, directed: bool
) -> None:
    graph = gr.open(build_pairs(tmp_path, PAIRS, 8, parts=3, directed=directed))
    rows = {node: [int(far) for far in graph.neighbors(node)] for node in range(8)}
    walks = graph.walks(length=20, walks_per_seed=500, p=p, q=q, rng_seed=3)
    triples = np.stack([walks[:, :-2], walks[:, 1:-1], walks[:, 2:]]).reshape(3, -1).T
    seen: dict[tuple[int, int], Counter[int]] = {}
    for before, at, to in triples[triples[:, 2] >= 0].tolist():
        seen.setdefault((before, at), Counter())[to] += 1
    assert len(seen) >= 16
    for (before, at), targets in seen.items():
        weights: dict[int, float] = {}
        for to in rows[at]:
            weight = 1 / p if to == before else 1.0 if to in rows[before] else 1 / q
            weights[to] = weights.get(to, 0.0) + weight
        assert is_likely(targets, weights), (before, at)


@pytest.mark.parametrize("how", [{}, {"direction": "in", "restart": 0.3}])
def test_weighted_steps_are_as_likely_as_their_weights(tmp_path: Path, how: Any) -> None:
    weights = [float(1 + edge % 4) * (edge != 3) for edge in range(len(PAIRS))]
    sources, targets = np.array(PAIRS).T
    edges = pa.table({"src": sources, "dst": targets, "weight": weights})
    gr.build(edges, tmp_path / "store", nodes=np.arange(8), parts=3)
    graph = gr.open(tmp_path / "store")
    settings: dict[str, Any] = {"length": 5, "weight": "weight", "rng_seed": 3, **how}
    walks = graph.walks(walks_per_seed=1_500, **settings)
    elsewhere = partly(gr.open(tmp_path / "store"), [1]).walks(walks_per_seed=50, **settings)
    assert elsewhere.tolist() == graph.walks(walks_per_seed=50, **settings).tolist()
    for node in range(8):
        # Of the first step, which no restart touches.
        seen = Counter(walks[(walks[:, 0] == node) & (walks[:, 1] >= 0), 1].tolist())
        row: Counter[int] = Counter()
        for (source, target), weight in zip(PAIRS, weights, strict=True):
            near, far = (target, source) if "direction" in how else (source, target)
            if near == node:
                row[far] += weight
        assert is_likely(seen, dict(row))


def test_visits_with_restart_are_personalised_pagerank(tmp_path: Path) -> None:
    pairs = [pair for pair in PAIRS if pair != (3, 6)]
    graph = gr.open(build_pairs(tmp_path, pairs, 8, parts=2))
    walks = graph.walks([2], length=200, walks_per_seed=3_000, restart=0.2, rng_seed=1)
    share = np.bincount(walks[:, 20:].ravel(), minlength=8) / walks[:, 20:].size
    truth = nx.pagerank(_multi(pairs, 8), alpha=0.8, personalization={2: 1.0}, tol=1e-12)
    # PageRank counts every jump to the seed as a visit there; a walk goes on from it at once.
    steps = [(truth[node] - 0.2 * (node == 2)) / 0.8 for node in range(8)]
    assert np.allclose(share, steps, atol=0.004)


def _multi(pairs: Any, count: int) -> nx.DiGraph:
    """The graph with the numbers of parallel edges as weights, as NetworkX's pagerank reads it."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(count))
    for (source, target), times in Counter(pairs).items():
        graph.add_edge(source, target, weight=times)
    return graph


def test_the_walks_of_a_seed_do_not_depend_on_the_others(tmp_path: Path) -> None:
    graph = gr.open(build_pairs(tmp_path, PAIRS, 8, parts=2))
    one = graph.walks([2], length=9, walks_per_seed=3, rng_seed=4)
    several = graph.walks([0, 2, 5], length=9, walks_per_seed=3, rng_seed=4)
    assert several[3:6].tolist() == one.tolist()
    repeated = graph.walks([2, 2], length=9, walks_per_seed=3, rng_seed=4)
    assert repeated[:3].tolist() == one.tolist()
    assert repeated[3:].tolist() != one.tolist()
    assert graph.walks([2], length=9, walks_per_seed=3, rng_seed=5).tolist() != one.tolist()


def test_owners_are_asked_where_walks_cross_over_and_not_at_every_step(tmp_path: Path) -> None:
    ring = [(node, (node + 1) % 40) for node in range(40)]
    store = build_pairs(tmp_path, ring, 40, parts=4, partitioner="range")
    graph = partly(gr.open(store), [0])
    walks = graph.walks([0, 5], length=39)
    assert walks[0].tolist() == list(range(40))
    # One round for the stable ids of what is elsewhere would be another; the seeds are here.
    assert graph.access.rounds <= 4 + 2


def test_loaders_of_walks_are_like_all_loaders(tmp_path: Path) -> None:
    graph = gr.open(build_pairs(tmp_path, PAIRS, 8, parts=2))
    plan = gr.RandomWalks(length=4, walks_per_seed=2)

    def loader(**options: Any) -> gr.Loader[gr.WalkBatch]:
        return graph.walk_loader(None, plan, batch_size=3, shuffle=True, rng_seed=2, **options)

    whole = list(loader())
    assert [batch.paths.shape for batch in whole] == [(6, 5), (6, 5), (4, 5)]
    assert sorted(np.concatenate([batch.walks[::2, 0] for batch in whole])) == list(range(8))
    assert whole[0].num_steps <= 6 * 4
    shares = [list(loader(rank=rank, world_size=2)) for rank in (0, 1)]
    assert [batch.walks.tolist() for batch in shares[0]] == [
        batch.walks.tolist() for batch in whole[::2]
    ]
    other = graph.walk_loader(None, gr.RandomWalks(length=5), batch_size=3)
    with pytest.raises(ArgumentError, match="other seeds"):
        other.load_state_dict(loader().state_dict())


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    plain = PlainGraph(
        {"user": 3, "item": 2}, {LIKES: [(0, 1)], FOLLOWS: [(0, 1)], NEAR: [(0, 1)]}, {NEAR}
    )
    return gr.open(build_store(plain, tmp_path_factory.mktemp("typed"), 2, scatter=1))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"length": 0}, "length = 0; expected an integer >= 1"),
        ({"length": 2.5}, "length = 2.5"),
        ({"walks_per_seed": 0}, "walks_per_seed"),
        ({"restart": 1.0}, "restart = 1.0; expected a number >= 0 and < 1"),
        ({"restart": float("nan")}, "restart = nan"),
        ({"p": 0.0}, "p = 0.0; expected a number above 0"),
        ({"q": -1}, "q = -1"),
        ({"q": "2"}, "q = '2'"),
        ({"p": 2.0, "restart": 0.1}, "do not go with restart"),
        ({"q": 2.0, "weight": "weight"}, "nor with weights"),
        ({"direction": "back"}, "direction = 'back'"),
        ({"relation": "likes"}, "does not lead from 'user' to itself"),
        ({"metapath": []}, "expected a list of relations, at least one"),
        ({"metapath": "likes"}, "expected a list"),
        ({"metapath": [3]}, "3 is no relation"),
        ({"metapath": ["likes", "follows"]}, r"metapath\[1\] = 'follows' leads from 'user'"),
        ({"metapath": ["^likes"]}, "cannot be followed from 'user'"),
        ({"metapath": ["likes"], "length": 2}, "goes round a metapath of 1"),
        ({"metapath": ["likes", "^likes"], "p": 3.0}, "metapath of several"),
    ],
)
def test_settings_are_checked(typed: gr.Graph, how: dict[str, Any], message: str) -> None:
    settings = {"length": 3, "relation": "follows", **how}
    with pytest.raises(ArgumentError, match=message):
        typed.walks("user", **settings)


def test_names_are_checked(typed: gr.Graph) -> None:
    with pytest.raises(RelationNotFound, match="hates"):
        typed.walks("user", length=3, metapath=["hates"])
    with pytest.raises(RelationNotFound, match="this graph has"):
        typed.walks("user", length=3)
    with pytest.raises(ColumnNotFound, match="'mass'; it has: weight"):
        typed.walks("user", length=3, relation=FOLLOWS, weight="mass")
    with pytest.raises(NodeNotFound, match="u9"):
        typed.walks(("user", ["u9"]), length=3, relation=FOLLOWS)
    with pytest.raises(ArgumentError, match="rng_seed"):
        typed.walks("user", length=3, relation=FOLLOWS, rng_seed=-1)


def test_walks_follow_relations_against_their_direction(typed: gr.Graph) -> None:
    assert typed.walks(("user", ["u1"]), length=1, metapath=["^follows"]).tolist() == [["u1", "u0"]]
    assert typed.walks(("item", [4]), length=1, metapath=["likes"]).tolist() == [[4, "u0"]]
