"""What a launch asks the planner: the one place where a launch's options become its problem.

``graphray plan`` and the catalog of a launched graph both come through here, so that what the one
shows is what the other does.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType

from ray import cloudpickle
from scipy import sparse

from graphray.config import LaunchOptions
from graphray.errors import ArgumentError
from graphray.placement import (
    ClusterNode,
    PartitionDemand,
    PlacementOptions,
    PlacementProblem,
    PlacementStrategy,
    get,
)
from graphray.placement.registry import REGISTRY
from graphray.store import Store

Present = Mapping[int, tuple[str, ...]]
"""By partition, the node of each replica by number; empty where one stands nowhere."""

_PACKED_BYTES_MAX = 64 * 2**10


def launch_problem(
    store: Store,
    options: LaunchOptions,
    placement: PlacementOptions,
    nodes: tuple[ClusterNode, ...],
    present: Present,
    cut: sparse.csr_array | None,
) -> PlacementProblem:
    """What is to be placed where; a replica needs its shard's bytes of memory.

    Args:
        store: whose partitions.
        options: how many replicas, and what CPUs for each.
        placement: what to keep to; see `placement_options`.
        nodes: where to.
        present: where replicas stand now.
        cut: see `graphray.reading.cut_between`; None where it was not counted.
    """
    sizes = [0] * store.parts
    for file in store.manifest.files:
        sizes[file.part] += file.size_bytes
    demands = tuple(
        PartitionDemand(part, size, options.cpus_per_replica, replicas=options.replicas)
        for part, size in enumerate(sizes)
    )
    return PlacementProblem(demands, nodes, placement, present, cut)


def placement_options(options: LaunchOptions) -> PlacementOptions:
    """What a launch's plan has to keep to.

    Raises:
        ArgumentError: where a label's condition is none.

    Example:
        >>> placement_options(LaunchOptions(zone_label="rack")).spread_zones
        True
    """
    return PlacementOptions(
        spread_zones=options.zone_label is not None,
        share_nodes=options.share_nodes,
        require=tuple(options.require_labels),
        prefer=tuple(options.prefer_labels),
    )


def pack_strategy(name: str) -> bytes:
    """A placement strategy as another process can load it, whether or not that can import it.

    Raises:
        StrategyNotFound: where there is none of that name.
        ArgumentError: where it holds too much data to outlast this process in Ray.

    Example:
        >>> unpack_strategy(pack_strategy("pack")).name
        'pack'
    """
    strategy = get(name)
    by_value = _module_of(strategy) if REGISTRY.is_of_this_process(name) else None
    if by_value is not None:
        cloudpickle.register_pickle_by_value(by_value)
    try:
        packed: bytes = cloudpickle.dumps(strategy)
    finally:
        if by_value is not None:
            cloudpickle.unregister_pickle_by_value(by_value)
    if len(packed) > _PACKED_BYTES_MAX:
        raise ArgumentError(
            f"placement strategy {name!r} takes {len(packed):,} bytes with all that it refers to, "
            f"and a graph's catalog keeps {_PACKED_BYTES_MAX:,}; have it refer to less, or install "
            "it as a package with an entry point"
        )
    return packed


def unpack_strategy(packed: bytes) -> PlacementStrategy:
    """The strategy that `pack_strategy` packed."""
    strategy: PlacementStrategy = cloudpickle.loads(packed)
    return strategy


def _module_of(strategy: PlacementStrategy) -> ModuleType:
    """Where a strategy was written: that of its function, or its class."""
    written = getattr(strategy, "function", type(strategy))
    return importlib.import_module(written.__module__)
