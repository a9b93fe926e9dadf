"""What every plan keeps to, on clusters of some size, and what a plan says."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from graphray.errors import ArgumentError, PlacementError
from graphray.placement import (
    ClusterNode,
    PartitionDemand,
    PlacementOptions,
    PlacementProblem,
    Plan,
    names,
    plan,
)
from tests.placement.problems import GIB, cut_of, demands, large_problem, node, nodes

STRATEGIES = ("affinity", "balanced", "labels", "pack", "spread")
each_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def standing(found: Plan, problem: PlacementProblem) -> dict[int, tuple[str, ...]]:
    return {p.part: found.nodes_of(p.part) for p in problem.partitions}


def fills(found: Plan, problem: PlacementProblem) -> dict[str, float]:
    memory: Counter[str] = Counter()
    for each in found.replicas:
        memory[each.node_id] += problem.partitions[each.part].memory_bytes  # type: ignore[assignment]
    return {n.node_id: memory[n.node_id] / n.memory_bytes for n in problem.nodes}


def test_these_are_all_of_graphrays_own() -> None:
    assert set(STRATEGIES) <= set(names())


@each_strategy
@pytest.mark.parametrize("spread_zones", [False, True])
def test_no_node_is_overfull_and_no_siblings_together(strategy: str, spread_zones: bool) -> None:
    problem = large_problem(120, 20, rng_seed=1, spread_zones=spread_zones)
    found = plan(problem, strategy)
    assert max(fills(found, problem).values()) <= 1 + 1e-9
    zone_of = {n.node_id: n.zone for n in problem.nodes}
    for part in range(120):
        places = found.nodes_of(part)
        assert len(set(places)) == 3
        if spread_zones:
            assert len({zone_of[place] for place in places}) == 3
    assert found.warnings == ()


def test_a_thousand_partitions_on_a_hundred_nodes_balance() -> None:
    problem = large_problem(1000, 100, rng_seed=2)
    found = plan(problem)
    shares = np.array(list(fills(found, problem).values()))
    assert shares.max() < 1.4 * shares.mean()
    assert shares.min() > 0.6 * shares.mean()


def test_affinity_lowers_traffic_at_bearable_imbalance() -> None:
    problem = large_problem(200, 20, rng_seed=3)
    apart, near = plan(problem), plan(problem, "affinity")
    assert apart.traffic is not None
    assert near.traffic is not None
    assert near.traffic.crossing_edges < 0.75 * apart.traffic.crossing_edges
    shares = np.array(list(fills(near, problem).values()))
    assert shares.max() < 2 * shares.mean()


@each_strategy
@pytest.mark.parametrize("rng_seed", range(3))
def test_what_stands_well_stays(strategy: str, rng_seed: int) -> None:
    problem = large_problem(12, 6, rng_seed)
    first = plan(problem, strategy)
    again = plan(replace(problem, present=standing(first, problem)), strategy)
    # A plan that was not quite at its best may be bettered, but not turned over.
    assert again.moves <= 4
    assert again.copied_bytes == sum(
        problem.partitions[r.part].memory_bytes for r in again.replicas if r.moves
    )


@each_strategy
def test_only_what_stood_on_a_dead_or_draining_node_has_to_move(strategy: str) -> None:
    problem = large_problem(60, 10, rng_seed=4, tolerance=math.inf)
    present = standing(plan(problem, strategy), problem)
    draining = replace(problem.nodes[1], draining=True)
    fewer = replace(problem, nodes=(draining, *problem.nodes[2:]), present=present)
    found = plan(fewer, strategy)
    for each in found.replicas:
        if each.comes_from == "n0":
            assert each.reason.startswith("new, since n0 is gone")
        elif each.comes_from == "n1":
            assert each.reason.startswith("moves from n1, which is draining")
        else:
            assert each.node_id == each.comes_from
            assert each.reason.startswith("stays")
    assert all(each.node_id not in ("n0", "n1") for each in found.replicas)


def test_a_new_node_takes_its_share_within_the_tolerance() -> None:
    problem = PlacementProblem(demands([1.0] * 60, replicas=1), nodes(5))
    present = standing(plan(problem), problem)
    grown = replace(problem, nodes=nodes(6), present=present)
    moved = {
        tolerance: plan(replace(grown, options=PlacementOptions(tolerance=tolerance))).moves
        for tolerance in (0.0, 0.3, math.inf)
    }
    assert moved[0.0] == 10
    assert 0 < moved[0.3] < 10
    assert moved[math.inf] == 0


def test_siblings_keep_their_numbers_where_places_are_the_same() -> None:
    cluster = (node("a", draining=True), node("b"), node("c"))
    problem = PlacementProblem(demands([1.0]), cluster, present={0: ("a", "b")})
    assert plan(problem).nodes_of(0) == ("c", "b")


def test_room_is_made_where_a_small_one_is_in_the_way() -> None:
    partitions = (PartitionDemand(0, 3, replicas=1), PartitionDemand(1, 6, replicas=1))
    cluster = (node("small", 4), node("large", 8))
    problem = PlacementProblem(partitions, cluster, present={0: ("large",)})
    found = plan(problem)
    assert (found.nodes_of(0), found.nodes_of(1)) == (("small",), ("large",))


def test_hot_partitions_go_to_idle_nodes() -> None:
    hot = [PartitionDemand(p, 1.0, replicas=1, busy_cpus=4.0 if p < 2 else 0.0) for p in range(4)]
    cluster = (node("busy", busy_cpus=7.0), node("idle"))
    found = plan(PlacementProblem(tuple(hot), cluster))
    assert [found.nodes_of(part) for part in range(2)] == [("idle",), ("idle",)]


def test_labels_are_required_and_preferred() -> None:
    market = [{"market": "spot"}] * 3 + [{"market": "on-demand"}]
    cluster = tuple(node(f"n{i}", labels=labels) for i, labels in enumerate(market))
    first_safe = PlacementOptions(require=({"market": "!spot"}, {}), prefer=({"market": "spot"},))
    found = plan(PlacementProblem(demands([1.0] * 3), cluster, first_safe), "labels")
    assert {r.node_id for r in found.replicas if r.replica == 0} == {"n3"}
    assert "n3" not in {r.node_id for r in found.replicas if r.replica == 1}
    assert "has 1 of 1 preferred labels" in found.replicas[1].reason


def test_too_few_nodes_are_shared_with_a_warning_or_refused() -> None:
    problem = PlacementProblem(demands([1.0], replicas=3), nodes(2))
    found = plan(problem)
    assert sorted(Counter(found.nodes_of(0)).values()) == [1, 2]
    assert "partition 0: more replicas than nodes" in found.warnings[0]
    strict = replace(problem, options=PlacementOptions(share_nodes=False))
    with pytest.raises(PlacementError, match=r"partition 0 has 3 replicas.*2 nodes can hold them"):
        plan(strict)


def test_too_few_zones_are_shared_with_a_warning() -> None:
    cluster = tuple(node(f"n{i}", zone="a") for i in range(3))
    problem = PlacementProblem(demands([1.0]), cluster, PlacementOptions(spread_zones=True))
    assert "share a zone" in plan(problem).warnings[0]


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (PlacementProblem(demands([1.0]), ()), "no node takes replicas: there is none"),
        (
            PlacementProblem(demands([1.0]), (node("a", draining=True),)),
            "no node takes replicas: all 1 are draining",
        ),
        (
            PlacementProblem(demands([4 * GIB], cpus=0.5), nodes(2, 2 * GIB)),
            r"replica 0 of partition 0 \(4.00 GiB of memory, 0.5 CPUs\) fits on no node: "
            r"the largest node has 2.00 GiB of memory, 8 CPUs",
        ),
        (
            PlacementProblem(demands([1.0]), nodes(2), PlacementOptions(require=({"gpu": "yes"},))),
            "no node that takes replicas matches gpu=yes",
        ),
        (
            PlacementProblem(demands([2 * GIB] * 3), nodes(2, 4 * GIB)),
            r"need 12.00 GiB of memory.*2 nodes.*have 8.00 GiB of memory: 4.00 GiB of memory mis",
        ),
        (
            PlacementProblem(demands([1.0] * 5, cpus=2.0), nodes(2)),
            "need 20 CPUs.*have 16 CPUs: 4 CPUs missing",
        ),
        (
            PlacementProblem(demands([3 * GIB] * 3, replicas=1), nodes(2, 5 * GIB)),
            "no way was found.*partition 2.*2.00 GiB of memory",
        ),
    ],
)
def test_what_is_missing_is_said(problem: PlacementProblem, message: str) -> None:
    with pytest.raises(PlacementError, match=message):
        plan(problem)


def test_no_partitions_are_no_trouble() -> None:
    found = plan(PlacementProblem((), nodes(1)))
    assert (found.replicas, found.nodes[0].replicas, found.traffic) == ((), 0, None)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PartitionDemand(3, 1.0, replicas=0), "partition 3: replicas = 0"),
        (lambda: PartitionDemand(3, -1.0), "partition 3: memory_bytes = -1.0"),
        (lambda: ClusterNode("a", math.nan, 1.0), "node 'a': memory_bytes = nan"),
        (lambda: PlacementOptions(tolerance=-0.1), "tolerance = -0.1"),
        (lambda: PlacementOptions(require=({"zone": "in("},)), r"'in\(' is no condition"),
        (lambda: PlacementProblem((PartitionDemand(1, 1.0),), ()), "expected 0, 1, 2"),
        (lambda: PlacementProblem((), (node("a"), node("a"))), "node 'a' is given twice"),
        (
            lambda: PlacementProblem(demands([1.0]), nodes(1), cut=cut_of({(0, 1): 1.0}, 2)),
            r"cut has shape \(2, 2\); expected \(1, 1\)",
        ),
        (lambda: plan(PlacementProblem((), ()), 7), "strategy = 7; expected a name"),  # type: ignore[arg-type]
    ],
)
def test_bad_arguments_are_named(make: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()  # type: ignore[operator]


def test_a_plan_is_plain_for_scripts() -> None:
    problem = PlacementProblem(demands([1.0, 1.0]), nodes(2), cut=cut_of({(0, 1): 5.0}, 2))
    told = plan(problem).to_json()
    assert told["strategy"] == "balanced"
    assert told["traffic"] == {
        "edges": 5.0,
        "cut_edges": 5.0,
        "crossing_edges": 0.0,
        "share": 0.0,
    }
    assert {"part", "replica", "node_id", "comes_from", "reason"} == set(told["replicas"][0])
