"""What Ray knows of nodes and actors: the one place that asks it beyond its public functions."""

from __future__ import annotations

import time

import ray
from ray._private import state as ray_state  # The module: what is in it cannot be pickled.

from graphray.client.view import ActorHandle
from graphray.health import NodeSeen

_GONE = ("RESTARTING", "PENDING_CREATION", "DEPENDENCIES_UNREADY", "DEAD")


def nodes_seen() -> list[NodeSeen]:
    """Ray's list of nodes, with those that are to leave."""
    # By node, in milliseconds since 1970; 0 where it leaves at no stated time.
    draining = ray_state.state.get_draining_nodes()
    now_ms = 1000 * time.time()
    return [
        NodeSeen(
            node["NodeID"],
            node["NodeManagerAddress"],
            node["Alive"],
            node.get("DeathReasonMessage") or "",
            _left_s(draining.get(node["NodeID"]), now_ms),
        )
        for node in ray.nodes()
    ]


def has_no_process(handle: ActorHandle) -> bool:
    """Whether Ray says that the process of an actor has ended, and another is not yet there.

    A call that fails says less: the way to a living process may be cut off.
    """
    return ray_state.actors(handle._actor_id.hex()).get("State") in _GONE


def _left_s(deadline_ms: int | None, now_ms: float) -> float | None:
    if deadline_ms is None:
        return None
    return max(0.0, (deadline_ms - now_ms) / 1000) if deadline_ms else 0.0
