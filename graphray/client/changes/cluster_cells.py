"""How a process reaches the cells of a running graph: sessions over its actors."""

from __future__ import annotations

import ray

from graphray.client.changes.cell_calls import CellClient
from graphray.client.changes.cell_sessions import CellPool
from graphray.client.changes.ray_transport import RayTransport
from graphray.client.transport import ask
from graphray.client.view import NAMESPACE, ActorHandle, GraphSpec
from graphray.config import CallPolicy
from graphray.reading.access import PartitionAccess
from graphray.replication.session import RetryPolicy

_OPEN_TIMEOUT_S = 120.0
_TRY_MS_MAX = 500.0


def connect_cells(
    catalog: ActorHandle, spec: GraphSpec, access: PartitionAccess, policy: CallPolicy
) -> CellClient:
    """Have a graph's updates replicated, where that has not begun, and connect to its replicas.

    Nobody but the replicas is asked from then on.

    Args:
        catalog: the graph's catalog actor.
        spec: the graph.
        access: the store version under the changes.
        policy: how long to wait.

    Raises:
        ClusterError: where replicas cannot take part.
    """
    ask(catalog, "open_for_changes", policy=policy, timeout_s=_OPEN_TIMEOUT_S)

    def replica(part: int, number: int) -> ActorHandle:
        return ray.get_actor(spec.replica_actor(part, number), namespace=NAMESPACE)

    transport = RayTransport(catalog, replica, policy.try_timeout_s)
    # Who has not answered by then may be stopped: another one takes the write as well.
    try_ms = min(_TRY_MS_MAX, policy.try_timeout_s * 1000)
    retry = RetryPolicy(try_ms, policy.deadline_s * 1000)
    pool = CellPool(access.book.parts, spec.options.replicas, transport, retry)
    return CellClient(access, pool, spec.options.merges)
