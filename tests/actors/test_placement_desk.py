"""On a cluster of unequal nodes, replicas stand where the planner says, and what they do later."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import ray
from ray._private.state import actors
from ray.util.placement_group import remove_placement_group

import graphray as gr
from actors.placement import find_groups, replica_nodes
from actors.placement_desk import PlacementDesk
from graphray.client.cluster_nodes import nodes_of_cluster
from graphray.client.launch_plan import launch_problem, pack_strategy, placement_options
from graphray.client.view import GraphSpec, catalog_name
from graphray.errors import ArgumentError, PlacementError, StrategyNotFound
from graphray.placement import PlacementProblem, Plan, plan, registry
from graphray.reading.cut_between import cut_between
from graphray.store import Store
from tests.polling import poll

pytestmark = pytest.mark.cluster

PARTS = 6


@pytest.fixture(scope="module")
def cluster(start_cluster: Callable[..., Any]) -> Any:
    """Four nodes: two of zone a, two of zone b, spot and on demand, of different sizes."""
    found = start_cluster(nodes=1, **sized(2, 2, "a", "on-demand"))
    for node in (sized(1, 1, "a", "spot"), sized(4, 2, "b", "spot"), sized(1, 1, "b", "on-demand")):
        found.add_node(**node)
    return found


def sized(memory_gib: int, cpus: int, zone: str, market: str) -> dict[str, Any]:
    return {
        "num_cpus": cpus,
        "memory": memory_gib * 2**30,
        "object_store_memory": 100 * 2**20,
        "labels": {"zone": zone, "market": market},
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Partitions of different sizes."""
    sources = (3_000 * np.random.default_rng(2).random(20_000) ** 2).astype(np.int64)
    folder = tmp_path_factory.mktemp("store")
    gr.build((sources, (sources * 7 + 3) % 3_000), folder, parts=PARTS, partitioner="range")
    return Store.open(folder)


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> gr.LaunchOptions:
    """The defaults, with a strategy of one's own at hand."""
    monkeypatch.setattr(registry, "REGISTRY", replace(registry.REGISTRY, _custom={}))
    monkeypatch.setattr("graphray.client.launch_plan.REGISTRY", registry.REGISTRY)

    @registry.register("last-first")
    def last_first(problem: PlacementProblem) -> list[list[int]]:
        last = len(problem.nodes) - 1
        return [[last - replica for replica in range(p.replicas)] for p in problem.partitions]

    return gr.LaunchOptions(start_timeout_s=20)


@pytest.fixture
def desk_of(cluster: Any, store: Store) -> Iterator[Callable[..., PlacementDesk]]:
    """Desks of a graph "placed"; its placement groups are removed at the end."""

    def make(options: gr.LaunchOptions) -> PlacementDesk:
        return PlacementDesk(spec_of(store, options), pack_strategy(options.placement))

    yield make
    for group in find_groups(spec_of(store, gr.LaunchOptions())).values():
        remove_placement_group(group)


def spec_of(store: Store, options: gr.LaunchOptions) -> GraphSpec:
    return GraphSpec("placed", str(store.uri), store.version, options)


def planned(store: Store, options: gr.LaunchOptions) -> Plan:
    nodes = nodes_of_cluster(options.zone_label)
    keep, cut = placement_options(options), cut_between(store)
    return plan(launch_problem(store, options, keep, nodes, {}, cut), options.placement)


def standing(store: Store, options: gr.LaunchOptions) -> dict[int, tuple[str, ...]]:
    """Where the groups are once all are somewhere."""
    spec = spec_of(store, options)
    found: dict[int, dict[int, str]] = {}

    def are_all_placed() -> bool:
        found.clear()
        found.update(replica_nodes(spec))
        return sum(map(len, found.values())) == PARTS * options.replicas

    poll(are_all_placed, "a place for every replica")
    return {part: tuple(found[part][r] for r in range(options.replicas)) for part in found}


def label_of(key: str) -> dict[str, str]:
    return {node["NodeID"]: node["Labels"].get(key, "") for node in ray.nodes()}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"placement": "pack"},
        {"placement": "spread", "replicas": 3},
        {"placement": "affinity"},
        {"placement": "labels", "prefer_labels": ({"market": "on-demand"}, {"market": "spot"})},
        {"zone_label": "zone"},
        {"zone_label": "zone", "require_labels": ({"market": "!spot"}, {"market": "in(spot)"})},
        {"placement": "last-first"},
    ],
    ids=str,
)
def test_replicas_stand_where_the_plan_says(
    store: Store, desk_of: Any, options: gr.LaunchOptions, changes: dict[str, Any]
) -> None:
    options = replace(options, **changes)
    expected = planned(store, options)
    desk = desk_of(options)
    desk.place(store)
    stands = standing(store, options)
    assert stands == {part: expected.nodes_of(part) for part in range(PARTS)}
    assert all(len(set(nodes)) == options.replicas for nodes in stands.values())
    if options.zone_label is not None:
        zone = label_of("zone")
        assert all({zone[node] for node in nodes} == {"a", "b"} for nodes in stands.values())
    if options.require_labels:
        market = label_of("market")
        first = [market[nodes[0]] for nodes in stands.values()]
        assert first == ["on-demand"] * PARTS
    found = desk.standing(store)
    assert found.warnings == ()
    assert all(reason.startswith("stays") for reason in found.reasons.values())
    assert len(found.reasons) == PARTS * options.replicas
    # Another catalog finds what is there, and makes nothing anew.
    again = desk_of(options)
    assert again.standing(store) == found
    assert again.place(store).keys() == find_groups(spec_of(store, options)).keys()
    assert standing(store, options) == stands


def test_strategies_differ_in_how_many_nodes_they_use(
    store: Store, desk_of: Any, options: gr.LaunchOptions
) -> None:
    """What makes the comparison above say something: the strategies differ."""

    def nodes_used(placement: str) -> int:
        found = planned(store, replace(options, placement=placement, replicas=1))
        return sum(node.replicas > 0 for node in found.nodes)

    assert nodes_used("pack") == 1
    assert nodes_used("balanced") > 1
    assert nodes_used("spread") == 4


def test_what_other_groups_hold_is_not_planned_with(
    store: Store, desk_of: Any, options: gr.LaunchOptions
) -> None:
    before = {node.node_id: node.cpus for node in nodes_of_cluster()}
    desk_of(options).place(store)
    stands = standing(store, options)
    held = [node for nodes in stands.values() for node in nodes]
    for node in nodes_of_cluster():
        assert node.cpus == pytest.approx(before[node.node_id] - 0.05 * held.count(node.node_id))
    own = {node.node_id: node.cpus for node in nodes_of_cluster(graph="placed")}
    assert own == before


def test_no_room_is_said_and_a_strategy_that_fails_named(
    store: Store, desk_of: Any, options: gr.LaunchOptions
) -> None:
    crowded = replace(options, cpus_per_replica=1.5, start_timeout_s=0.5)
    with pytest.raises(PlacementError, match=r"18 CPUs, and the 4 nodes .* 12 CPUs missing"):
        desk_of(crowded).place(store)

    @registry.register("broken")
    def broken(problem: PlacementProblem) -> Any:
        raise KeyError("rack")

    with pytest.raises(PlacementError, match="'broken' failed: KeyError"):
        desk_of(replace(options, placement="broken")).place(store)
    assert not find_groups(spec_of(store, options))


def test_a_launched_graph_stands_as_planned_and_outlives_its_catalog(
    cluster: Any, store: Store, options: gr.LaunchOptions
) -> None:
    options = replace(options, placement="last-first", zone_label="zone", replicas=1)
    expected = planned(store, options)
    graph = gr.launch(store.uri, "launched", replicas=1, options=options)
    try:
        status = graph.status()
        assert status.placement == "last-first"
        stood = {r.part: r.node_id for r in status.replicas}
        assert stood == {part: expected.nodes_of(part)[0] for part in range(PARTS)}
        assert {r.placement for r in status.replicas} == {"stays; by 'last-first'"}
        before = catalog_pid("launched")
        os.kill(before, signal.SIGKILL)
        poll(lambda: catalog_pid("launched") not in (before, 0), "a new catalog")
        later = graph.status()
        assert (later.replicas, later.warnings) == (status.replicas, status.warnings)
    finally:
        graph.shutdown()


def test_options_that_cannot_be_start_nothing(
    cluster: Any, store: Store, options: gr.LaunchOptions
) -> None:
    with pytest.raises(StrategyNotFound, match="'best'"):
        gr.launch(store.uri, "none", options=replace(options, placement="best"))
    with pytest.raises(ArgumentError, match="no condition"):
        gr.launch(store.uri, "none", options=replace(options, require_labels=({"a": "in("},)))
    with pytest.raises(ArgumentError, match="require_labels"):
        replace(options, require_labels={"a": "b"})
    nowhere = replace(options, require_labels=({"zone": "c"},), start_timeout_s=0.5)
    with pytest.raises(PlacementError, match="zone=c"):
        gr.launch(store.uri, "none", options=nowhere)
    assert gr.running_graphs() == []


def test_nodes_that_come_are_waited_for_and_told_of(
    cluster: Any, store: Store, desk_of: Any, options: gr.LaunchOptions
) -> None:
    crowded = replace(options, replicas=len(nodes_of_cluster()) + 1, placement="spread")
    desk = desk_of(crowded)
    desk.place(store)
    stands = standing(store, crowded)
    (warning,) = desk.standing(store).warnings
    assert "more replicas than nodes that can hold them" in warning

    @ray.remote(num_cpus=0)
    def place(spec: GraphSpec, packed: bytes) -> int:
        return len(PlacementDesk(spec, packed).place(Store.open(spec.uri)))

    waiting = replace(options, require_labels=({"zone": "c"},), replicas=1, start_timeout_s=60)
    spec = replace(spec_of(store, waiting), name="waiting")
    placed = place.remote(spec, pack_strategy("balanced"))
    poll(lambda: "graph/waiting/demand" in group_names(), "a wish for nodes")
    cluster.add_node(**sized(1, 1, "c", "spot"))
    assert ray.get(placed, timeout=60) == PARTS
    assert "graph/waiting/demand" not in group_names()
    zone = label_of("zone")
    poll(lambda: {zone[n[0]] for n in replica_nodes(spec).values()} == {"c"}, "places in zone c")
    for group in find_groups(spec).values():
        remove_placement_group(group)

    # Nothing moves; what could is said.
    (warning,) = desk.standing(store).warnings
    assert "replicas would stand on other nodes now by 'spread', and replicas of" in warning
    assert "partitions 0, 1, 2, 3, 4 and 1 more share a node that need not" in warning
    assert standing(store, crowded) == stands


def test_a_lost_node_is_made_up_for_apart_from_the_others(
    cluster: Any, store: Store, desk_of: Any, options: gr.LaunchOptions
) -> None:
    """Nothing of ours has to run for that."""
    options = replace(options, placement="spread", require_labels=({"zone": "in(a, b)"},))
    desk_of(options).place(store)
    stands = standing(store, options)
    victim = cluster.list_all_nodes()[1]
    cluster.remove_node(victim, allow_graceful=False)
    assert any(victim.node_id in nodes for nodes in stands.values())
    poll(
        lambda: all(victim.node_id not in nodes for nodes in standing(store, options).values()),
        "healing",
    )
    zone = label_of("zone")
    for part, nodes in standing(store, options).items():
        assert len(set(nodes)) == 2
        assert {node for node in stands[part] if node != victim.node_id} <= set(nodes)
        assert {zone[node] for node in nodes} <= {"a", "b"}


def group_names() -> set[str]:
    groups = ray.util.placement_group_table().values()
    return {group["name"] for group in groups if group["state"] != "REMOVED"}


def catalog_pid(graph: str) -> int:
    """Its process, 0 while it has none."""
    name = catalog_name(graph)
    return next((actor["Pid"] for actor in actors().values() if actor["Name"] == name), 0)
