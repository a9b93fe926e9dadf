"""Where actors are made: plain classes become remote here, and nowhere else.

All are detached (they outlive the job that launched the graph), named, and restarted for ever.
Replicas are made with ``get_if_exists``: making them again finds those that are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ray
from ray.util.placement_group import PlacementGroup
from ray.util.scheduling_strategies import (
    NodeAffinitySchedulingStrategy,
    PlacementGroupSchedulingStrategy,
)

from actors.catalog import Catalog as CatalogBase
from actors.census import Census
from actors.door import WAITING_ROOM
from actors.observed import observed
from actors.process_setup import set_up
from actors.replica import Replica as ReplicaBase
from actors.replica_calls import ReplicaCalls
from actors.replica_readings import LogReadings, process_readings
from graphray import tracing
from graphray.client.view import NAMESPACE, ActorHandle, GraphSpec
from graphray.tally import watch

_CATALOG_THREADS = 8
# Neither the protocol nor writers wait for readers. A peer's call may hold its thread until a write
# to the disk is done, and a writer's until it is acknowledged: many share one such write. Nor does
# a sign of life wait for anything.
_CONCURRENCY_GROUPS = {"peers": 8, "changes": 32, "health": 2}
# An actor that asks for nothing would ignore where it is wanted.
_CATALOG_CPUS = 0.001


@observed
class Catalog(CatalogBase):
    """The catalog with what it makes actors by.

    Ray keeps a class for as long as the cluster runs. The code of the replicas as an argument of
    the constructor would lie in the object store of the launching process, and when that has ended
    the catalog could not be restarted.
    """

    def __init__(self, spec: GraphSpec, strategy: bytes) -> None:
        set_up(spec, actor="catalog")
        super().__init__(spec, strategy, create_replica, hold_on_node)
        self._census = Census(spec, lambda: CatalogBase.status(self), self._changes.configurations)

    def _watch_call(
        self, method: str, serve: Callable[..., Any], arguments: tuple[Any, ...], traceparent: str
    ) -> Any:
        with tracing.serve(method, traceparent, graph=self._spec.name, actor="catalog"):
            return serve(*arguments)


@observed
class Replica(ReplicaBase):
    """The replica, whose calls are counted and traced."""

    def __init__(self, spec: GraphSpec, part: int, replica: int) -> None:
        set_up(spec, part=str(part), replica=str(replica))
        place = (spec.name, str(part), str(replica))
        self._calls = ReplicaCalls(place)
        super().__init__(spec, part, replica)
        watch("calls", self._calls.readings)
        watch("process", lambda: process_readings(place, self._is_loaded))
        watch("log", LogReadings(place, self._member.standing).readings)

    def _watch_call(
        self, method: str, serve: Callable[..., Any], arguments: tuple[Any, ...], traceparent: str
    ) -> Any:
        if not traceparent:
            return self._calls.serve(method, serve, arguments)
        spec = self._spec
        with tracing.serve(
            method, traceparent, graph=spec.name, part=self._part, replica=self._replica
        ):
            return self._calls.serve(method, serve, arguments)


def create_catalog(spec: GraphSpec, strategy: bytes) -> ActorHandle:
    """Make a graph's catalog actor, on the head node where that takes work.

    The head is the one node whose loss ends the cluster anyway, so there the catalog adds no way
    to fail.

    Args:
        spec: the graph.
        strategy: what places its replicas; see `graphray.client.launch_plan.pack_strategy`.

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
        .remote(spec, strategy)
    )


def create_replica(spec: GraphSpec, part: int, replica: int, group: PlacementGroup) -> ActorHandle:
    """Make one replica actor, in the placement group that was made for it."""
    requests = spec.options.threads_per_replica + WAITING_ROOM
    return (
        _remote(Replica, requests=requests)
        .options(
            **_options(spec.replica_actor(part, replica)),
            num_cpus=spec.options.cpus_per_replica,
            max_concurrency=spec.options.threads_per_replica,
            scheduling_strategy=PlacementGroupSchedulingStrategy(group, 0),
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


def _remote(actor: type, **groups: int) -> Any:
    make: Any = ray.remote  # Ray's annotations do not know of the groups.
    return make(concurrency_groups={**_CONCURRENCY_GROUPS, **groups})(actor)


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
