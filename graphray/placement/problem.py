"""What is to be placed, and on what: partitions with what a replica of each needs, and nodes.

All of it is plain data that a caller observed; nothing here asks a cluster. Amounts come in two
sorts. *Reserved* ones (memory, CPUs) never go beyond what a node has. *Observed* ones (busy CPUs,
bytes sent) are what a plan tries to even out; a node may be asked for more than it can give, and is
then merely slow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from graphray.errors import ArgumentError
from graphray.placement.selectors import Selector, check_selector


@dataclass(frozen=True)
class PartitionDemand:
    """What the replicas of one partition need.

    Attributes:
        part: the partition.
        memory_bytes: what each replica keeps in memory.
        cpus: logical CPUs that each replica reserves.
        replicas: how many there are to be.
        busy_cpus: CPUs that all replicas together were seen to use; 0 where nothing was seen.
        bytes_per_s: what all replicas together were seen to send; 0 where nothing was seen.
    """

    part: int
    memory_bytes: float
    cpus: float = 0.0
    replicas: int = 2
    busy_cpus: float = 0.0
    bytes_per_s: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.replicas, bool) or self.replicas < 1:
            raise ArgumentError(
                f"partition {self.part}: replicas = {self.replicas!r}; expected 1 or more",
                partition=self.part,
            )
        _check_amounts(self, f"partition {self.part}")


@dataclass(frozen=True)
class ClusterNode:
    """A node of the cluster, and what it offers to replicas.

    Attributes:
        node_id: Ray's id of the node, or any other that is unique.
        memory_bytes: for replicas, other work's share taken off.
        cpus: logical CPUs, likewise.
        zone: where it stands; nodes of one zone may fail together.
        labels: what selectors look at.
        busy_cpus: CPUs that other work was seen to use.
        bytes_per_s_max: of its network card; 0 where it is not known.
        draining: it will be gone soon: nothing is put there, and what is there moves off.
    """

    node_id: str
    memory_bytes: float
    cpus: float
    zone: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    busy_cpus: float = 0.0
    bytes_per_s_max: float = 0.0
    draining: bool = False

    def __post_init__(self) -> None:
        _check_amounts(self, f"node {self.node_id!r}")


@dataclass(frozen=True)
class PlacementOptions:
    """What a plan has to keep to, and what it may settle for.

    Attributes:
        spread_zones: replicas of a partition are in zones of their own, while there is another.
        share_nodes: where fewer nodes can hold a partition than it has replicas, they share, with
            a warning. False: no plan then.
        require: labels that a node has to have (see `graphray.placement.selectors`): one selector
            for every replica, or one per replica number, the last for all further ones.
        prefer: likewise, kept to where the strategy is ``labels`` and there is room.
        tolerance: how much fuller than another a node may be, as a share of the mean fill, before
            a replica that stands is moved. 0: every gain is taken, and much is copied;
            `math.inf`: only what has to moves, and new nodes stay empty.
    """

    spread_zones: bool = False
    share_nodes: bool = True
    require: tuple[Selector, ...] = ()
    prefer: tuple[Selector, ...] = ()
    tolerance: float = 0.1

    def __post_init__(self) -> None:
        if not self.tolerance >= 0:
            raise ArgumentError(f"tolerance = {self.tolerance}; expected 0 or more")
        for selector in (*self.require, *self.prefer):
            check_selector(selector)


@dataclass(frozen=True)
class PlacementProblem:
    """All that a plan depends on.

    Attributes:
        partitions: numbered 0, 1, 2 ... in this order.
        nodes: with ids that differ.
        options: what to keep to.
        present: by partition, the node on which each replica stands, by replica number; an id that
            is no node's (such as that of one which died) says that it stands nowhere.
        cut: ``float64[parts, parts]``, symmetric: edges with one end in each of two partitions, and
            on the diagonal those within one. None where it is not known.
    """

    partitions: tuple[PartitionDemand, ...]
    nodes: tuple[ClusterNode, ...]
    options: PlacementOptions = PlacementOptions()
    present: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    cut: sparse.csr_array | None = None

    def __post_init__(self) -> None:
        numbers = [demand.part for demand in self.partitions]
        if numbers != list(range(len(numbers))):
            raise ArgumentError(f"partitions are numbered {numbers[:5]} ...; expected 0, 1, 2 ...")
        ids = [node.node_id for node in self.nodes]
        twice = next((node_id for node_id in ids if ids.count(node_id) > 1), None)
        if twice is not None:
            raise ArgumentError(f"node {twice!r} is given twice; every node needs an id of its own")
        parts = len(self.partitions)
        if self.cut is not None and self.cut.shape != (parts, parts):
            raise ArgumentError(
                f"cut has shape {self.cut.shape}; expected {(parts, parts)}, a row per partition"
            )


def _check_amounts(of: object, where: str) -> None:
    for name, value in vars(of).items():
        if isinstance(value, int | float) and not (np.isfinite(value) and value >= 0):
            raise ArgumentError(f"{where}: {name} = {value}; expected a number of 0 or more")
