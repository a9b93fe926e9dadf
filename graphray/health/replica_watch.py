"""One replica as the watch knows it: from heartbeats, failed calls and restarts to what happened.

::

    (nothing heard) --heartbeat--> starting --it says that it serves--> serving
    serving  --late, silent, slow, ended--> suspect, hung, unreachable, slow, dead   (`judge`)
    those    --heard, and in time---------> serving
    any      --a new process checks in----> restarted: starting, or held back        (`Quarantine`)

A process has an *incarnation*, a name that no other process has. An answer of an incarnation that
has been replaced is not listened to: it may still be running for a moment (as on a node that was
lost).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from graphray.events import Happening
from graphray.health.quarantine import Quarantine
from graphray.health.settings import HealthSettings
from graphray.health.suspicion import Heartbeats
from graphray.health.verdict import Evidence, Verdict, judge
from graphray.status import ReplicaStatus

_LATENCIES = 30
_EARLIER = 8


@dataclass(frozen=True)
class Beat:
    """What a replica says of itself.

    Attributes:
        node_id: Ray's id of its node.
        pid: its process there.
        incarnation: the name of that process, which no other has.
        is_serving: whether it has loaded.
        problem: what is wrong, by its own account; empty where nothing is.
    """

    node_id: str
    pid: int
    incarnation: str
    is_serving: bool
    problem: str = ""


@dataclass(frozen=True)
class Leave:
    """The answer to a replica that checks in after a restart.

    Attributes:
        hold_s: for how long it is to wait before it asks again; 0 to go on.
        reason: why it is to wait.
    """

    hold_s: float = 0.0
    reason: str = ""


class ReplicaWatch:
    """One replica.

    Args:
        part: its partition.
        replica: the number of the copy.
        settings: what the watch goes by.
    """

    def __init__(self, part: int, replica: int, settings: HealthSettings) -> None:
        self.part = part
        self.replica = replica
        self._settings = settings
        self._heartbeats: Heartbeats | None = None
        self._latencies_s: deque[float] = deque(maxlen=_LATENCIES)
        self._beat: Beat | None = None
        self._incarnation = ""
        self._earlier: deque[str] = deque(maxlen=_EARLIER)
        self._ended_s: float | None = None
        self._why_killed = ""
        self._verdict = Verdict("well")
        self._was_killed_s: float | None = None
        self._is_announced = self._has_served = False
        self._since = ""
        self._restarts = Quarantine(settings.quarantine)

    @property
    def name(self) -> str:
        """In a sentence."""
        return f"replica {self.replica} of partition {self.part}"

    @property
    def node_id(self) -> str:
        """Ray's id of the node on which it was last heard; empty where it never was."""
        return self._beat.node_id if self._beat else ""

    @property
    def is_serving(self) -> bool:
        """Whether it serves, as far as is known."""
        is_heard = self._verdict.health in ("well", "slow")
        return is_heard and self._beat is not None and self._beat.is_serving

    @property
    def trouble(self) -> str:
        """What is wrong with it; empty where nothing is known to be."""
        if self._restarts.state == "quarantined":
            return f"it is quarantined: {self._restarts.reason}"
        return "" if self._verdict.health == "well" else self._reason

    @property
    def latency_s(self) -> float | None:
        """The median of its latest answers; None where there is none."""
        return median(self._latencies_s) if self._latencies_s else None

    def phi(self, now_s: float) -> float | None:
        """How unlikely its silence is; None where its process has not been heard yet, or ended."""
        if self._heartbeats is None or self._ended_s is not None:
            return None
        return self._heartbeats.phi(now_s)

    def silence_s(self, now_s: float) -> float:
        """For how long it has not been heard; 0 where it never was."""
        return self._heartbeats.silence_s(now_s) if self._heartbeats else 0.0

    def excuse(self, length_s: float) -> None:
        """The watch itself was away for so long: that is no silence of the replica's."""
        if self._heartbeats:
            self._heartbeats.listener_was_away(length_s)

    # --- what comes in ----------------------------------------------------------------------------

    def heard(self, beat: Beat, latency_s: float, now_s: float) -> Iterator[Happening]:
        """A heartbeat was answered."""
        if beat.incarnation in self._earlier:
            return
        if self._beat is None:
            yield self._happening("discovered", f"was found (process {beat.pid})", beat.node_id)
        if beat.incarnation != self._incarnation:
            why = self._why_killed or "its process has ended"
            yield from self._replaced(beat.incarnation, now_s, why)
        problem_before = self._beat.problem if self._beat else ""
        self._beat, self._ended_s = beat, None
        if self._heartbeats is None:
            self._heartbeats = Heartbeats(self._settings.heartbeats, now_s)
        self._heartbeats.arrived(now_s)
        self._latencies_s.append(latency_s)
        if beat.problem and beat.problem != problem_before:
            yield self._happening("problem", "says that something is wrong", cause=beat.problem)

    def ended(self, now_s: float) -> None:
        """Ray says that it has no process now."""
        if self._ended_s is None:
            self._ended_s = now_s

    def check_in(
        self, incarnation: str, why: str, now_s: float, *, is_failure: bool, jitter: float
    ) -> tuple[Leave, list[Happening]]:
        """A restarted process asks whether to go on.

        Args:
            incarnation: its name.
            why: what is known of the end of the one before.
            now_s: the time.
            is_failure: whether that end counts against the replica; the death of its node does not.
            jitter: 0 up to 1, at random; see `Quarantine.failed`.

        Returns:
            Whether it may go on, and what has happened.
        """
        happened: list[Happening] = []
        if incarnation != self._incarnation:
            failed_s = now_s if self._ended_s is None else self._ended_s
            is_known, why = self._incarnation != "", self._why_killed or why
            happened += self._replaced(incarnation, now_s, why)
            if is_known and is_failure:
                happened += self._failed(failed_s, why, jitter)
        state = self._restarts.state
        if state not in ("waiting", "quarantined"):
            return Leave(), happened
        if not self._restarts.may_start(now_s):
            return Leave(self._restarts.until_s - now_s, self._restarts.reason), happened
        if state == "quarantined":
            action = "it loads; if it fails again, it is left alone for longer"
            happened.append(self._happening("trial", "has one more try", action=action))
        return Leave(), happened

    def release(self, now_s: float) -> Iterator[Happening]:
        """A person says that the cause of its quarantine is mended."""
        if self._restarts.state == "quarantined":
            self._restarts.release(now_s)
            yield self._happening(
                "released", "is released from quarantine", cause="a person asked for it"
            )

    # --- what comes of it -------------------------------------------------------------------------

    def look(
        self,
        now_s: float,
        *,
        neighbours_phi: Sequence[float],
        siblings_latency_s: Sequence[float],
        node_has_ended: bool,
    ) -> Iterator[Happening]:
        """Judge it by what is known now."""
        self._restarts.tick(now_s)
        if self._beat is None:
            return
        evidence = Evidence(
            self.phi(now_s) or 0.0,
            neighbours_phi,
            has_ended=self._ended_s is not None,
            node_has_ended=node_has_ended,
            latency_s=self.latency_s,
            calls=len(self._latencies_s),
            siblings_latency_s=siblings_latency_s,
            was=self._verdict.health,
        )
        yield from self._judged(judge(evidence, self._settings.verdicts))

    def is_to_be_killed(self, now_s: float) -> bool:
        """Whether it hangs for so long that only its end helps; where so, it counts as killed."""
        since_s = self.silence_s(now_s)
        if self._was_killed_s is not None:
            since_s = min(since_s, now_s - self._was_killed_s)
        if self._verdict.health != "hung" or since_s < self._settings.hung_after_s:
            return False
        self._was_killed_s = now_s
        return True

    def killed(self, now_s: float) -> Happening:
        """It is killed now because it hangs."""
        silence_s = self.silence_s(now_s)
        self._why_killed = f"it hung for {silence_s:.0f} s and was killed"
        return self._happening(
            "killed",
            "is killed",
            cause=f"it has been silent for {silence_s:.0f} s, and its node is alive",
            action="Ray makes it anew; others of its partition serve meanwhile",
        )

    def explain(self, status: ReplicaStatus, now_s: float) -> ReplicaStatus:
        """What a probe has found, with what the watch knows beside it."""
        found = status
        if self._beat is not None and not status.node_id:
            found = replace(found, node_id=self._beat.node_id, pid=self._beat.pid)
        restarts, health = self._restarts, self._verdict.health
        left_s = max(0.0, restarts.until_s - now_s)
        if restarts.state == "quarantined":
            return replace(
                found,
                state="quarantined",
                reason=f"{restarts.reason}; left alone for another {left_s:.0f} s, or until "
                f"'graphray release NAME {self.part}/{self.replica}'",
            )
        if restarts.state == "waiting" and found.state == "starting":
            reason = f"goes on in {left_s:.1f} s: {restarts.reason}"
            return replace(found, reason=reason)
        if found.state == "unreachable" and (health == "suspect" or health == "hung"):
            return replace(found, state=health, reason=self._reason)
        if health == "dead" and found.state == "starting" and not status.node_id:
            return replace(found, reason=self._reason)
        if health == "slow" and found.state == "serving":
            reason = "; ".join(filter(None, (found.reason, f"slow: {self._reason}")))
            return replace(found, reason=reason)
        return found

    # --- the pieces -------------------------------------------------------------------------------

    @property
    def _reason(self) -> str:
        """What is wrong, and where it was killed, why."""
        verdict = self._verdict
        return (self._why_killed or verdict.reason) if verdict.health == "dead" else verdict.reason

    def _judged(self, verdict: Verdict) -> Iterator[Happening]:
        before, self._verdict = self._verdict, verdict
        if verdict.health != before.health and verdict.health != "well":
            self._is_announced = False
            self._since = f"it was {verdict.health}: {self._reason}"
            yield self._happening(
                verdict.health,
                f"is {verdict.health}",
                cause=self._reason,
                action=_ACTIONS[verdict.health],
            )
        if verdict.health == "well" and self.is_serving and not self._is_announced:
            yield self._announced()

    def _announced(self) -> Happening:
        """It serves: for the first time, or again."""
        self._is_announced = True
        kind, what = ("serving", "serves again") if self._has_served else ("joined", "serves")
        self._has_served = True
        cause, self._since = self._since, ""
        return self._happening(kind, what, cause=cause)

    def _replaced(self, incarnation: str, now_s: float, why: str) -> Iterator[Happening]:
        """A process of another name is there."""
        before, self._incarnation = self._incarnation, incarnation
        if not before:
            return
        self._earlier.append(before)
        if self._verdict.health != "dead":
            self.ended(now_s)
            yield from self._judged(Verdict("dead", why))
        if self._beat is not None:
            self._beat = replace(self._beat, is_serving=False, problem="")
        self._heartbeats = self._was_killed_s = None
        self._why_killed = ""
        self._latencies_s.clear()
        self._since = f"it was restarted: {why}"
        yield self._happening("restarted", "has a new process", cause=why)

    def _failed(self, failed_s: float, why: str, jitter: float) -> Iterator[Happening]:
        restarts = self._restarts
        was_held = restarts.state in ("waiting", "quarantined")
        restarts.failed(failed_s, why, jitter=jitter)
        if restarts.state == "quarantined" and not was_held:
            yield self._happening(
                "quarantined",
                "is left alone",
                cause=restarts.reason,
                action=f"it has another try in {restarts.until_s - failed_s:.0f} s, or after "
                f"'graphray release NAME {self.part}/{self.replica}'",
            )

    def _happening(
        self, kind: str, what: str, node_id: str = "", cause: str = "", action: str = ""
    ) -> Happening:
        return Happening(
            kind=f"replica-{kind}",
            what=f"{self.name} {what}",
            cause=cause,
            action=action,
            part=self.part,
            replica=self.replica,
            node_id=node_id or self.node_id,
        )


_ACTIONS = {
    "suspect": "",
    "slow": "readers ask others as well",
    "hung": "readers ask others; it is killed if it stays so and others serve",
    "unreachable": "readers ask others; Ray decides whether its node is lost",
    "dead": "readers ask others; Ray makes it anew",
}
