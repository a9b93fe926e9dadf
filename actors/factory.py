"""Where actors are made: plain classes become remote here, and nowhere else.

All are detached (they outlive the job that launched the graph), named, and restarted for ever.
Replicas are made with ``get_if_exists``: making them again finds those that are there.
"""

from __future__ import annotations

from typing import Any

import ray
from ray.util.placement_group import PlacementGroup
from ray.util.scheduling_strategies import (
    NodeAffinitySchedulingStrategy,
    PlacementGroupSchedulingStrategy,
)

from actors.catalog import Catalog as CatalogBase
from actors.replica import Replica
from graphray.client.view import NAMESPACE, ActorHandle, GraphSpec

_CATALOG_THREADS = 8
# Neither the protocol nor writers wait for readers. A peer's call may hold its thread until a write
# to the disk is done, and a writer's until it is acknowledged: many share one such write. Nor does
# a sign of life wait for anything.
_CONCURRENCY_GROUPS = {"peers": 8, "changes": 32, "health": 2}
# An actor that asks for nothing would ignore where it is wanted.
_CATALOG_CPUS = 0.001


class Catalog(CatalogBase):
    """The catalog with what it makes actors by.

    Ray keeps a class for as long as the cluster runs. The code of the replicas as an argument of
    the constructor would lie in the object store of the launching process, and when that has ended
    the catalog could not be restarted.
    """

    def __init__(self, spec: GraphSpec) -> None:
        super().__init__(spec, create_replica, hold_on_node)


def create_catalog(spec: GraphSpec) -> ActorHandle:
    """Make a graph's catalog actor, on the head node where that takes work.

    The head is the one node whose loss ends the cluster anyway, so there the catalog adds no way
    to fail.

    Raises:
        ActorAlreadyExistsError: where there is an actor of that name, so that of two launches at
            the same time one fails.
    """
    return (
        _remote(Catalog)
        .options(
            **{**_options(spec.catalog_actor), "get_if_exists": False},
            num_cpus=_CATALOG_CPUS,
            max_concurrency=_CATALOG_THREADS,
            scheduling_strategy=NodeAffinitySchedulingStrategy(_head_node_id(), soft=True),
        )
        .remote(spec)
    )


def create_replica(spec: GraphSpec, part: int, replica: int, group: PlacementGroup) -> ActorHandle:
    """Make one replica actor, in its bundle of the partition's placement group."""
    return (
        _remote(Replica)
        .options(
            **_options(spec.replica_actor(part, replica)),
            num_cpus=spec.options.cpus_per_replica,
            max_concurrency=spec.options.threads_per_replica,
            scheduling_strategy=PlacementGroupSchedulingStrategy(group, replica),
        )
        .remote(spec, part, replica)
    )


def hold_on_node(node_id: str, reference: ray.ObjectRef) -> tuple[ray.ObjectRef, ray.ObjectRef]:
    """Copy an object on a node, so that the caller owns it, not whoever made it.

    What a task returns belongs to its caller and lies where the task ran.

    Returns:
        The copy, and a None that is there when the copy is.
    """
    # Not to be made anew where the node dies: nobody is left there to read it.
    hold = ray.remote(_same).options(
        num_cpus=0,
        num_returns=2,
        max_retries=0,
        scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False),
    )
    references: Any = hold.remote(reference)
    copy, done = references
    return copy, done


def _same(value: Any) -> tuple[Any, None]:
    return value, None


def _remote(actor: type) -> Any:
    make: Any = ray.remote  # Ray's annotations do not know of the groups.
    return make(concurrency_groups=_CONCURRENCY_GROUPS)(actor)


def _options(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": NAMESPACE,
        "lifetime": "detached",
        "get_if_exists": True,
        "max_restarts": -1,
        # A call to a replica that dies is told so at once and goes to another replica.
        "max_task_retries": 0,
    }


def _head_node_id() -> str:
    alive = [node for node in ray.nodes() if node["Alive"]]
    heads = [node for node in alive if "node:__internal_head__" in node["Resources"]]
    return (heads or alive)[0]["NodeID"]
