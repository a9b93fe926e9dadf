"""Where the replicas stand while a plan is being made, and where each may go.

A replica may stand on a node that

1. is not draining and matches what is required of its labels,
2. has the memory and the CPUs for it besides what stands there,
3. holds fewer of the partition's replicas than ``node_cap``, and whose zone holds fewer than
   ``zone_cap``: one each, unless there are not enough nodes or zones (`graphray.placement.caps`).

Every question is asked of all nodes at once: an array operation over the nodes, so that a thousand
partitions on a hundred nodes take a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.placement.caps import replicas_per_place
from graphray.placement.problem import ClusterNode, PartitionDemand, PlacementProblem
from graphray.placement.selectors import matches, selector_of

MEMORY, CPUS, BUSY, NETWORK = range(4)
RESERVED = slice(MEMORY, CPUS + 1)
"""The resources that a node must not be asked for more of than it has."""

NOWHERE = -1
_ROUNDING = 1e-9

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Watcher = Callable[[int, int, int], None]


class Arrangement:
    """Replicas on nodes, both by number.

    Attributes:
        problem: what is being placed.
        part_of: ``int32[replicas]``, the partition of each.
        number_of: ``int32[replicas]``, its number among its partition's.
        node_of: ``int32[replicas]``, where it stands, or `NOWHERE`.
        home_of: ``int32[replicas]``, where it stood at first and could stay, or `NOWHERE`.
        demand: ``float64[parts, 4]``, what a replica of a partition takes of each resource.
        capacity: ``float64[nodes, 4]``.
        used: ``float64[nodes, 4]``, other work's load included.
        count: ``int32[parts, nodes]``, the replicas of a partition on a node.
        replicas_on: ``int32[nodes]``, the replicas on a node.
        accepting: ``bool[nodes]``, those that are not draining.
        usable: ``bool[nodes]``, those that could hold at least the smallest replica.
        zone_of: ``int64[nodes]``, the zone of each by number.
        node_cap: ``int32[parts]``, replicas of a partition that may share a node.
        zone_cap: ``int32[parts]``, likewise a zone.
    """

    def __init__(self, problem: PlacementProblem) -> None:
        self.problem = problem
        nodes, partitions = problem.nodes, problem.partitions
        counts = [demand.replicas for demand in partitions]
        self.part_of = np.repeat(np.arange(len(partitions), dtype=np.int32), counts)
        self.first_of = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self.number_of = (np.arange(len(self.part_of)) - self.first_of[self.part_of]).astype(
            np.int32
        )
        self.demand, self.capacity = _demand(partitions), _capacity(nodes)
        self.used = np.zeros((len(nodes), 4))
        self.used[:, BUSY] = [node.busy_cpus for node in nodes]
        self.count = np.zeros((len(partitions), len(nodes)), np.int32)
        self.replicas_on = np.zeros(len(nodes), np.int32)
        self.node_of = np.full(len(self.part_of), NOWHERE, np.int32)
        self.home_of = self.node_of.copy()
        self.accepting = np.array([not node.draining for node in nodes], np.bool_)
        self._watchers: list[Watcher] = []
        self._ceiling = self.capacity[:, RESERVED] * (1 + _ROUNDING)
        # Asked for at every step, so kept as arrays of their own.
        self._reserves = self.demand[:, RESERVED].tolist()
        self._free_memory, self._free_cpus = self._ceiling.T.copy()
        self._set_zones()
        self._set_eligible()
        self._set_caps()

    def __len__(self) -> int:
        return len(self.part_of)

    def matching(self, replica: int) -> Bools:
        """``bool[nodes]``: those that take replicas and have the labels that are required."""
        return self._matching[self._selector[replica]]

    def eligible(self, replica: int) -> Bools:
        """``bool[nodes]``: those that could hold a replica if nothing else were there."""
        demand = self.demand[self.part_of[replica], RESERVED]
        return self.matching(replica) & (demand <= self._ceiling).all(axis=1)

    def allowed(self, replica: int) -> Bools:
        """``bool[nodes]``: those on which a replica may be put now."""
        memory, cpus = self._reserves[self.part_of[replica]]
        fits: Bools = (self._free_memory >= memory) & (self._free_cpus >= cpus)
        return fits & self.apart(replica)

    def apart(self, replica: int) -> Bools:
        """``bool[nodes]``: those on which a replica may be put as to labels and its siblings."""
        part = self.part_of[replica]
        apart = self.matching(replica) & (self.count[part] < self.node_cap[part])
        if self._zone_count is not None:
            apart &= self._zone_count[part, self.zone_of] < self.zone_cap[part]
        return apart

    def put(self, replica: int, node: int) -> None:
        """Put a replica that stands nowhere on a node."""
        self._change(replica, node, 1)
        self.node_of[replica] = node

    def take(self, replica: int) -> int:
        """Take a replica off its node; returns which it was."""
        node = int(self.node_of[replica])
        self._change(replica, node, -1)
        self.node_of[replica] = NOWHERE
        return node

    def watch(self, watcher: Watcher) -> None:
        """Have ``watcher(part, node, by)`` called with every change from now on."""
        self._watchers.append(watcher)

    def siblings(self, part: int) -> range:
        """The replicas of a partition."""
        return range(int(self.first_of[part]), int(self.first_of[part + 1]))

    def selector_of(self, replica: int) -> str:
        """What is required of a replica's node, for messages; empty where nothing is."""
        selector = selector_of(self.problem.options.require, int(self.number_of[replica]))
        return ", ".join(f"{key}={condition}" for key, condition in selector.items())

    def settle_present(self) -> None:
        """Put every replica where it stands at present, as far as that is allowed.

        Where a node holds more than it may, the last of a partition's replicas go.
        """
        number = {node.node_id: i for i, node in enumerate(self.problem.nodes)}
        for part, standing in self.problem.present.items():
            if not 0 <= part < len(self.count):
                continue
            for replica, node_id in zip(self.siblings(part), standing, strict=False):
                node = number.get(node_id, NOWHERE)
                if node != NOWHERE and self.allowed(replica)[node]:
                    self.put(replica, node)
                    self.home_of[replica] = node

    def as_lists(self) -> list[list[int]]:
        """The node of each replica, by partition and replica number."""
        return [self.node_of[self.siblings(p)].tolist() for p in range(len(self.count))]

    def _change(self, replica: int, node: int, by: int) -> None:
        part = self.part_of[replica]
        self.used[node] += by * self.demand[part]
        memory, cpus = self._reserves[part]
        self._free_memory[node] -= by * memory
        self._free_cpus[node] -= by * cpus
        self.count[part, node] += by
        self.replicas_on[node] += by
        if self._zone_count is not None:
            self._zone_count[part, self.zone_of[node]] += by
        for watcher in self._watchers:
            watcher(int(part), node, by)

    def _set_zones(self) -> None:
        zones = sorted({node.zone for node in self.problem.nodes})
        number = {zone: i for i, zone in enumerate(zones)}
        self.zone_of = np.array([number[node.zone] for node in self.problem.nodes], np.int64)
        self._zone_count: npt.NDArray[Any] | None = None
        if self.problem.options.spread_zones:
            self._zone_count = np.zeros((len(self.count), len(zones)), np.int32)

    def _set_eligible(self) -> None:
        """Which nodes match which selector; there are few selectors, and many replicas."""
        require = self.problem.options.require
        rows = [
            [not node.draining and matches(selector, node.labels) for node in self.problem.nodes]
            for selector in (require or ({},))
        ]
        self._matching = np.array(rows, np.bool_).reshape(len(rows), len(self.problem.nodes))
        self._selector = np.minimum(self.number_of, len(rows) - 1)
        least = self.demand[:, RESERVED].min(axis=0, initial=np.inf)
        self.usable = self._matching.any(axis=0) & (least <= self._ceiling).all(axis=1)

    def _set_caps(self) -> None:
        parts = len(self.count)
        self.node_cap, self.zone_cap = np.ones(parts, np.int32), np.ones(parts, np.int32)
        known: dict[tuple[int, bytes], tuple[int, int]] = {}
        for part in range(parts):
            siblings = self.siblings(part)
            if len(self._matching) == 1:  # They are alike.
                rows = np.repeat(self.eligible(siblings[0])[None, :], len(siblings), axis=0)
            else:
                rows = np.array([self.eligible(replica) for replica in siblings])
            key = (len(rows), rows.tobytes())
            if key not in known:
                known[key] = replicas_per_place(rows, self.zone_of)
            self.node_cap[part], self.zone_cap[part] = known[key]


def _demand(partitions: Sequence[PartitionDemand]) -> Floats:
    rows = [
        (p.memory_bytes, p.cpus, p.busy_cpus / p.replicas, p.bytes_per_s / p.replicas)
        for p in partitions
    ]
    return np.array(rows, np.float64).reshape(-1, 4)


def _capacity(nodes: Sequence[ClusterNode]) -> Floats:
    rows = [(n.memory_bytes, n.cpus, n.cpus, n.bytes_per_s_max) for n in nodes]
    return np.array(rows, np.float64).reshape(-1, 4)
