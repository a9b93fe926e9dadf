"""Where a graph's replicas go, and whether they stand well: the planner at work for the catalog.

At a launch a plan is made of the nodes that there are, and every replica gets a placement group on
its node. Afterwards Ray keeps replicas running (see `actors.placement`), and nothing here moves
one. A plan that starts from where they stand says what a graph's status tells: why each replica is
where it is, what the plan settles for, and how many replicas a new launch would put elsewhere.

All of it can be made anew from Ray, so that a restarted catalog says the same.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ray.util.placement_group import PlacementGroup
from scipy import sparse

from actors.placement import Place, create_group, find_groups, replica_nodes, wait_for_room
from graphray.client.cluster_nodes import nodes_of_cluster
from graphray.client.launch_plan import (
    Present,
    launch_problem,
    placement_options,
    unpack_strategy,
)
from graphray.client.view import GraphSpec
from graphray.errors import PlacementError
from graphray.placement import (
    ClusterNode,
    PlacementOptions,
    PlacementProblem,
    PlacementStrategy,
    Plan,
    plan,
)
from graphray.placement.healing import healing_selectors
from graphray.placement.registry import needs_cut
from graphray.placement.selectors import selector_of
from graphray.reading.cut_between import cut_between
from graphray.status import named_partitions
from graphray.store import Store


@dataclass(frozen=True)
class Standing:
    """How a graph's replicas stand.

    Attributes:
        reasons: of each replica, why it stands where it does, or that it would stand elsewhere.
        warnings: what the placement has to settle for, or what a new launch would better.
    """

    reasons: Mapping[Place, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class PlacementDesk:
    """The catalog's part in placement.

    Args:
        spec: the graph.
        strategy: see `graphray.client.launch_plan.pack_strategy`.
    """

    def __init__(self, spec: GraphSpec, strategy: bytes) -> None:
        self._spec = spec
        self._packed = strategy
        self._strategy_: PlacementStrategy | None = None
        self._lock = threading.Lock()
        self._cut: sparse.csr_array | None = None
        self._judged: tuple[tuple[tuple[ClusterNode, ...], Present], Standing] | None = None

    def place(self, store: Store) -> dict[Place, PlacementGroup]:
        """The placement groups of all replicas; those that there are not are made as planned.

        Raises:
            PlacementError: where there is no plan, and no room came in time.
        """
        groups = find_groups(self._spec)
        # What stands, of a launch whose catalog was lost, stays.
        options = replace(placement_options(self._spec.options), tolerance=math.inf)
        problem, found = self._plan_when_there_is_room(store, options)
        selectors = healing_selectors(found, problem, self._spec.options.zone_label)
        for planned in found.replicas:
            place = planned.part, planned.replica
            if place not in groups:
                groups[place] = create_group(self._spec, place, planned.node_id, selectors[place])
        return groups

    def standing(self, store: Store) -> Standing:
        """How replicas stand now; planned anew where something has changed."""
        nodes = nodes_of_cluster(self._spec.options.zone_label, graph=self._spec.name)
        present = self._present(store)
        with self._lock:
            if self._judged is None or self._judged[0] != (nodes, present):
                self._judged = (nodes, present), self._judge(store, nodes, present)
            return self._judged[1]

    @property
    def _strategy(self) -> PlacementStrategy:
        if self._strategy_ is None:
            self._strategy_ = unpack_strategy(self._packed)
        return self._strategy_

    def _plan_when_there_is_room(
        self, store: Store, options: PlacementOptions
    ) -> tuple[PlacementProblem, Plan]:
        problem = self._problem(store, options)
        try:
            return problem, plan(problem, self._strategy)
        except PlacementError as error:
            if "strategy" in error.fields:
                raise  # More nodes would not mend it.
            replicas = range(self._spec.options.replicas)
            selectors = [selector_of(options.require, replica) for replica in replicas]
            timeout_s = self._spec.options.start_timeout_s
            if not wait_for_room(self._spec, selectors * store.parts, timeout_s):
                raise
        problem = self._problem(store, options)
        return problem, plan(problem, self._strategy)

    def _problem(self, store: Store, options: PlacementOptions) -> PlacementProblem:
        nodes = nodes_of_cluster(self._spec.options.zone_label, graph=self._spec.name)
        return self._problem_on(store, options, nodes, self._present(store))

    def _problem_on(
        self,
        store: Store,
        options: PlacementOptions,
        nodes: tuple[ClusterNode, ...],
        present: Present,
    ) -> PlacementProblem:
        if self._cut is None and needs_cut(self._strategy):
            self._cut = cut_between(store)
        return launch_problem(store, self._spec.options, options, nodes, present, self._cut)

    def _present(self, store: Store) -> Present:
        there = replica_nodes(self._spec)
        replicas = range(self._spec.options.replicas)
        return {
            part: tuple(there.get(part, {}).get(replica, "") for replica in replicas)
            for part in range(store.parts)
        }

    def _judge(self, store: Store, nodes: tuple[ClusterNode, ...], present: Present) -> Standing:
        options = placement_options(self._spec.options)
        try:
            found = plan(self._problem_on(store, options, nodes, present), self._strategy)
        except PlacementError as error:
            return Standing(warnings=(f"these nodes have no place for all replicas: {error}",))
        reasons = {
            (r.part, r.replica): (f"would stand on {r.node_id[:8]} now" if r.moves else r.reason)
            for r in found.replicas
            if r.comes_from
        }
        return Standing(reasons, (*found.warnings, *_advice(found)))


def _advice(found: Plan) -> tuple[str, ...]:
    """What a new launch would better, where it would."""
    if not found.moves:
        return ()
    return (
        f"{found.moves} of {len(found.replicas)} replicas would stand on other nodes now by "
        f"{found.strategy!r}{_sharing(found)}; end the graph and launch it again to move them",
    )


def _sharing(found: Plan) -> str:
    """How many partitions have replicas that share a node now, and by the plan need not."""
    stands = Counter((r.part, r.comes_from) for r in found.replicas)
    needs = Counter((r.part, r.node_id) for r in found.replicas)
    parts = {part for (part, _), count in stands.items() if count > 1}
    parts -= {part for (part, _), count in needs.items() if count > 1}
    if not parts:
        return ""
    return f", and replicas of {named_partitions(sorted(parts))} share a node that need not"
