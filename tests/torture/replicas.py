"""All members of a partition hold the same once all is quiet, by their digests at one position."""

from __future__ import annotations

import ray
from ray.exceptions import RayError

from graphray.client.view import NAMESPACE, place_of
from graphray.errors import GraphRayError
from tests.simulation.checkers.linearizability import Violation
from tests.torture.graph import PARTS
from tests.torture.running import RunningGraph, wait_for

_QUIET_S = 30.0
_CALL_S = 60.0

Standing = tuple[int, dict[str, str]]


def check_replicas(running: RunningGraph) -> list[Violation]:
    """Wait until all members have applied the same, and compare what came of it."""
    found = []
    for part in range(PARTS):
        standings: dict[str, Standing] = {}

        def at_one_position(part: int = part, standings: dict[str, Standing] = standings) -> bool:
            standings.update(_standings(running, part))
            return len({lsn for lsn, _ in standings.values()}) == 1

        try:
            wait_for(at_one_position, _QUIET_S, lambda standings=standings: str(standings))
        except TimeoutError as error:
            found.append(Violation("progress", f"members of partition {part}: {error}"))
        else:
            found += _compare(part, standings)
    return found


def _standings(running: RunningGraph, part: int) -> dict[str, Standing]:
    members = running.decisions.newest(part).members
    try:
        return {identity: _standing(running, identity) for identity in members}
    except (RayError, GraphRayError, ValueError):
        return {}


def _standing(running: RunningGraph, identity: str) -> Standing:
    actor = ray.get_actor(running.replica_actor(*place_of(identity)), NAMESPACE)
    standing: Standing = ray.get(actor.digests.remote(), timeout=_CALL_S)
    return standing


def _compare(part: int, standings: dict[str, Standing]) -> list[Violation]:
    """A partial replica keeps some columns only: each is compared among those that keep it."""
    kept: dict[str, dict[str, str]] = {}
    for identity, (_, digests) in standings.items():
        for tag, digest in digests.items():
            kept.setdefault(tag, {})[identity] = digest
    return [
        Violation("replicas agree", f"partition {part}, {tag!r}: {by_replica}")
        for tag, by_replica in sorted(kept.items())
        if len(set(by_replica.values())) > 1
    ]
