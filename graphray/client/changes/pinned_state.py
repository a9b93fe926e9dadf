"""A pinned state of a running graph: how it is taken, and what has changed in it.

Pinning costs two rounds of calls and no copy: every partition keeps what the state can see. What
makes it readable at the speed of a stored version is a *fold* of the changes into the version under
them (`graphray.changes.fold_plan`); the plan of a fold, and the changes that it is about, are
functions of the pinned state alone, so every process that asks for them gets the same ones.
"""

from __future__ import annotations

import uuid

from graphray.changes.base import BaseVersions
from graphray.changes.column_shares import all_columns
from graphray.changes.delta import PartitionDelta
from graphray.changes.fold_plan import ChangeSummary, FoldPlan, plan_fold, summarize
from graphray.changes.queries import Delta, ReadDelta, Refused, answer_from_bytes, question_to_bytes
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.errors import ClusterError, SnapshotGone
from graphray.replication.commands import Invalid, Pin, Query, Unpin
from graphray.replication.transactions import Call, take_snapshot
from graphray.schema import GraphSchema

_PIN_TRIES, _VERSION_TRIES = 5, 100
_PAUSE_MS = 100.0


def pin_state(calls: PartitionCalls, purpose: str, ttl_s: float) -> tuple[str, int]:
    """Pin the present state of all partitions.

    Args:
        calls: the partitions.
        purpose: the beginning of the pin's name.
        ttl_s: it is let go of where it is not renewed for so long.

    Returns:
        The name of the pin, and the time of the state: it shows every transaction whose commit had
        been acknowledged before.

    Raises:
        ClusterError: where a partition did not answer.
    """
    name = f"{purpose}/{uuid.uuid4().hex}"
    for _ in range(_PIN_TRIES):
        time = calls.drive(take_snapshot(name, calls.names, _ms(ttl_s)))
        if time:
            return name, time
        calls.pause(_PAUSE_MS)
    unpin_state(calls, name)
    raise ClusterError(
        "no snapshot could be taken: not all partitions answered; see 'graphray status'"
    )


def renew_pin(calls: PartitionCalls, name: str, time: int, ttl_s: float) -> bool:
    """Keep a state pinned for longer; False where some partition has let go of it."""
    pin = Pin(name, time, _ms(ttl_s), renews=True)
    results = calls.run_all(tuple(Call(partition, pin) for partition in calls.names))
    return not any(isinstance(result, Invalid) for result in results)


def unpin_state(calls: PartitionCalls, name: str) -> None:
    """Let go of a pinned state; a partition that does not answer does so when the pin ends."""
    calls.run_all(tuple(Call(partition, Unpin(name)) for partition in calls.names))


def changes_at(
    calls: PartitionCalls, schema: GraphSchema, part: int, time: int, version: int | None = None
) -> PartitionDelta:
    """What has changed in a partition up to a pinned time.

    Args:
        calls: the partitions.
        schema: the graph's schema.
        part: the partition.
        time: of the pin.
        version: since which version of the store; None for the newest that the partition stands on.

    Raises:
        SnapshotGone: where the time is not pinned any more.
        PartitionUnavailable: where the partition did not answer.
    """
    found = _delta(calls, part, time, version, frozenset())
    # Under partial replication what several replicas keep is put together.
    wanted = frozenset(all_columns(schema))
    while found.kept is not None and (missing := wanted - found.kept):
        more = _delta(calls, part, time, found.base_version, frozenset({min(missing)}))
        found = found.joined(more)
    return found


def _delta(
    calls: PartitionCalls, part: int, time: int, version: int | None, tags: frozenset[str]
) -> PartitionDelta:
    """The changes as a replica has them that keeps some columns."""
    query = Query(None, question_to_bytes(ReadDelta(version)), time)
    answer = answer_from_bytes(calls.query({part: query}, tags=tags)[part].content)
    if isinstance(answer, Refused):
        raise SnapshotGone(f"partition {part} cannot show time {time}: {answer.reason}", part=part)
    assert isinstance(answer, Delta)
    return answer.delta


def plan_at(calls: PartitionCalls, base: BaseVersions, time: int) -> FoldPlan:
    """The plan of folding a pinned state into the version under it.

    While a new version is being brought in, partitions stand on different ones for a moment; then
    the slower ones are asked again.

    Args:
        calls: the partitions.
        base: the versions under the changes.
        time: of the pin.

    Raises:
        ClusterError: where the partitions do not come to stand on one version.
        SnapshotGone: where the time is not pinned any more.
    """
    found: dict[int, ChangeSummary] = {}
    for _ in range(_VERSION_TRIES):
        newest = max((summary.base_version for summary in found.values()), default=0)
        for part in range(calls.parts):
            if part not in found or found[part].base_version < newest:
                found[part] = summarize(changes_at(calls, base.schema, part, time), base)
        versions = {summary.base_version for summary in found.values()}
        if len(versions) == 1:
            return plan_fold(base, versions.pop(), found.values())
        calls.pause(_PAUSE_MS)
    raise ClusterError(
        f"the partitions stand on different versions of the store: {sorted(versions)}; see "
        "'graphray status'"
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
