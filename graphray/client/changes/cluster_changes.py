"""How a process reaches a running graph's changes: sessions over its actors."""

from __future__ import annotations

import ray

from graphray.client.changes.id_blocks import IdBlocks
from graphray.client.changes.partition_calls import PartitionCalls, PatiencePolicy
from graphray.client.changes.places import BasePlaces
from graphray.client.changes.planning import ChangeClient
from graphray.client.changes.ray_transport import RayTransport
from graphray.client.changes.session_pool import SessionPool
from graphray.client.transport import ask
from graphray.client.view import NAMESPACE, ActorHandle, ChangeView, GraphSpec
from graphray.config import CallPolicy
from graphray.errors import TransactionError
from graphray.reading.access import PartitionAccess
from graphray.replication.session import RetryPolicy

_OPEN_TIMEOUT_S = 120.0
_TRY_MS_MAX = 500.0


def connect_changes(
    catalog: ActorHandle, spec: GraphSpec, access: PartitionAccess, policy: CallPolicy
) -> ChangeClient:
    """Have a graph's changes replicated, where that has not begun, and connect to them.

    Args:
        catalog: the graph's catalog actor.
        spec: the graph.
        access: some state of it, to find nodes in without asking.
        policy: how long to wait.

    Raises:
        ClusterError: where replicas cannot take part.
        TransactionError: where the graph was launched with replication="eventual".
    """
    if spec.options.replication == "eventual":
        raise TransactionError(
            f'graph {spec.name!r} was launched with replication="eventual", whose replicas take '
            "writes without asking each other: they know neither transactions nor locks, snapshots "
            "or strong reads. Use graph.updates() and graph.read('causal'), or launch it with "
            "another strategy; see docs/guarantees.md"
        )
    calls = connect_calls(catalog, spec, policy)
    return ChangeClient(access.schema, calls, BasePlaces(access), IdBlocks(calls))


def connect_calls(catalog: ActorHandle, spec: GraphSpec, policy: CallPolicy) -> PartitionCalls:
    """The way to a graph's partitions; raises as `connect_changes` does."""
    view: ChangeView = ask(catalog, "open_for_changes", policy=policy, timeout_s=_OPEN_TIMEOUT_S)
    names = [configuration.partition for configuration in view.configurations]

    def replica(part: int, number: int) -> ActorHandle:
        return ray.get_actor(spec.replica_actor(part, number), namespace=NAMESPACE)

    transport = RayTransport(catalog, replica, policy.try_timeout_s)
    catalogs = {name: transport.catalog_address(part) for part, name in enumerate(names)}
    # An answer may be late because the one who was asked has died: ask others soon. A write that is
    # sent twice is applied once, so that costs little.
    deadline_ms = policy.deadline_s * 1000
    retry = RetryPolicy(min(_TRY_MS_MAX, policy.try_timeout_s * 1000), deadline_ms)
    pool = SessionPool(catalogs, transport, retry)
    shares = {share for one in view.configurations for _, share in one.coverage}
    patience = PatiencePolicy(deadline_ms)
    return PartitionCalls(names, pool, transport, patience, shares=shares, graph=spec.name)
