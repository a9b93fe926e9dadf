"""The numbers of the protocol, and the relations between them that make it safe or lively."""

from __future__ import annotations

from dataclasses import dataclass

from graphray.errors import ArgumentError


@dataclass(frozen=True)
class ReplicationSettings:
    """Times and limits, the same for all replicas of a graph and its catalog.

    Attributes:
        heartbeat_ms: how often a primary renews its lease and sends again what was not answered.
            Shorter: lost messages cost less; more messages.
        lease_ms: how long a primary may answer strong reads after the last renewal that its members
            answered. Longer: it rides out longer pauses of its members; a failover takes as long.
        suspect_ms: silence after which a replica is taken for dead. Shorter: faster failover, more
            false suspicion, each of which costs a change of term.
        seal_wait_ms: how long the catalog waits for all replicas to answer before it goes on with
            those that did. Shorter: a slow replica is dropped and has to catch up again.
        clock_drift_max: by which share two monotonic clocks may differ in rate. Leases are safe as
            long as this holds; a wall clock may jump as it likes.
        batch_entries_max: entries in one message.
        checkpoint_entries: entries applied between two snapshots of the state. More: longer logs
            and recoveries, less copying.
        keep_entries: entries kept behind a snapshot, from which a replica that was away catches up
            without a copy of the whole state.
        caught_up_entries: a learner that lags by no more than this becomes a member.
        read_wait_ms: how long a replica that lags behind a read's token may hold it.
        sessions_max: sessions that a partition remembers; the one that was idle longest goes first.
    """

    heartbeat_ms: float = 50.0
    lease_ms: float = 400.0
    suspect_ms: float = 600.0
    seal_wait_ms: float = 600.0
    clock_drift_max: float = 0.01
    batch_entries_max: int = 512
    checkpoint_entries: int = 10_000
    keep_entries: int = 1_000
    caught_up_entries: int = 64
    read_wait_ms: float = 1_000.0
    sessions_max: int = 100_000

    def __post_init__(self) -> None:
        if not 0 < 2 * self.heartbeat_ms <= self.lease_ms:
            raise ArgumentError(
                f"heartbeat_ms = {self.heartbeat_ms}, lease_ms = {self.lease_ms}; expected two "
                "heartbeats or more within a lease, so that one may be lost"
            )
        if not 0 <= self.clock_drift_max < 0.5:
            raise ArgumentError(
                f"clock_drift_max = {self.clock_drift_max}; expected a share from 0 to below 0.5"
            )
        slowest_answer_ms = self.promise_ms * self.drift_ratio + self.heartbeat_ms
        if self.seal_wait_ms < slowest_answer_ms:
            raise ArgumentError(
                f"seal_wait_ms = {self.seal_wait_ms}; expected {slowest_answer_ms:.0f} or more: "
                "a replica answers only when the lease that it granted has lapsed on its clock"
            )
        if self.suspect_ms <= 2 * self.heartbeat_ms:
            raise ArgumentError(
                f"suspect_ms = {self.suspect_ms}, heartbeat_ms = {self.heartbeat_ms}; expected two "
                "heartbeats or more before a replica is suspected"
            )
        for name in ("batch_entries_max", "checkpoint_entries", "sessions_max"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"{name} = {getattr(self, name)}; expected at least 1")
        for name in ("keep_entries", "caught_up_entries", "read_wait_ms"):
            if getattr(self, name) < 0:
                raise ArgumentError(f"{name} = {getattr(self, name)}; expected at least 0")

    @property
    def drift_ratio(self) -> float:
        """By how much the fastest clock that is allowed outruns the slowest."""
        return (1 + self.clock_drift_max) / (1 - self.clock_drift_max)

    @property
    def promise_ms(self) -> float:
        """How long, on its own clock, a member waits for a lease that it granted to lapse.

        The member's clock may be the fastest and the primary's the slowest, and the lease must
        still end first.
        """
        return self.lease_ms * self.drift_ratio


ON_RAY = ReplicationSettings(
    heartbeat_ms=500.0,
    lease_ms=2_000.0,
    suspect_ms=2_500.0,
    seal_wait_ms=3_000.0,
    read_wait_ms=2_000.0,
)
"""What a launched graph runs with unless it is told otherwise.

With every heartbeat a partition of three replicas makes five actor calls, each of which costs its
two ends a millisecond of CPU or more when all else is idle. Measured: 2.6 % of a core for each
partition, idle or not, so ten times as much with a heartbeat of 50 ms. Nothing in a write waits for
a heartbeat, so the price is only paid where something breaks: a dead primary is noticed after
2.5 s, which is about what Ray takes to restart a process. And a process on a busy machine may well
hang for half a second (a collection of garbage, an import, a large checkpoint), which must not cost
it its lease.
"""
