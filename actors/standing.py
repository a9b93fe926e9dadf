"""Where a replica stands in its partition: its term, its role, and how far its log is."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.partition_state import bytes_of
from graphray.client.view import place_of
from graphray.replication import EventualReplica, Replica, StateMachine, TransactionalState


@dataclass(frozen=True)
class Standing:
    """What a replica knows of itself at one moment.

    Attributes:
        term: that it works in; 0 before the first.
        role: see `Configuration.role`.
        conflicts: writes it has met that conflict, under the eventual strategy.
        applied_lsn: the last log entry that it has applied; None where there is no one log.
        uncommitted: entries of its log that it does not know to be committed.
        pending_bytes: what changes take in memory.
        pins: how many states are pinned.
        lags: by number of the copy, how many entries those behind it lack, as far as it knows.
    """

    term: int
    role: str
    conflicts: int = 0
    applied_lsn: int | None = None
    uncommitted: int = 0
    pending_bytes: int = 0
    pins: int = 0
    lags: dict[int, int] = field(default_factory=dict)


def standing_of(machine: Replica | EventualReplica, state: StateMachine | None) -> Standing:
    """The standing of a machine; to be asked on its own thread."""
    if isinstance(machine, EventualReplica):
        taking_part = machine.configuration
        if taking_part is None:
            return Standing(0, "none", machine.cells.conflicts)
        role = taking_part.role(machine.replica)
        return Standing(taking_part.term, role, machine.cells.conflicts)
    core = machine.core
    role = "none" if core.configuration is None else core.configuration.role(core.replica)
    return Standing(
        core.term,
        role,
        applied_lsn=core.applied_lsn,
        uncommitted=core.log.last_lsn - core.commit_lsn,
        pending_bytes=bytes_of(state) if isinstance(state, TransactionalState) else 0,
        pins=len(state.pins()) if isinstance(state, TransactionalState) else 0,
        lags={place_of(identity)[1]: lag for identity, lag in machine.lags().items()},
    )
