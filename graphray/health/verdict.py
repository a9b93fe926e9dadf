"""What is wrong with a replica, from several witnesses that each see a part.

==============  ====================================================  =========================
state           seen                                                  what helps
==============  ====================================================  =========================
well            heartbeats, and answers as quick as its siblings'
slow            heartbeats, and answers much slower than its          ask others; move it off
                siblings' (a gray failure)
suspect         heartbeats late, but not certainly missing            prefer others
hung            no heartbeats; its process exists, and others on      kill it: Ray restarts only
                its node are heard (SIGSTOP, a deadlock)              what has ended
unreachable     no heartbeats from it, nor from others on its node    promote others; fence it: it
                (cut off, or the node died and Ray does not know)     may be alive for someone else
dead            Ray says that its process or node has ended           replace it
==============  ====================================================  =========================

Slowness is relative: what all siblings suffer (a busy cluster, a large batch) is nobody's fault
(B. Panda et al., "IASO: A Fail-Slow Detection and Mitigation Framework", USENIX ATC 2019). A
replica that is slow stays so until it is clearly quick again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from graphray.errors import ArgumentError

Health = Literal["well", "slow", "suspect", "hung", "unreachable", "dead"]


@dataclass(frozen=True)
class VerdictSettings:
    """Where the lines are.

    Attributes:
        suspect_phi: from here on others are preferred.
        certain_phi: from here on it is taken to have stopped. Larger: fewer false alarms, later.
        slow_times: so many times the siblings' median latency is slow.
        slow_excess_s: and by at least so much: 3 ms instead of 1 ms harms nobody.
        calls_min: fewer calls than this say nothing about latency.
    """

    suspect_phi: float = 3.0
    certain_phi: float = 8.0
    slow_times: float = 4.0
    slow_excess_s: float = 0.01
    calls_min: int = 20

    def __post_init__(self) -> None:
        if not 0 < self.suspect_phi < self.certain_phi:
            raise ArgumentError(
                f"suspect_phi = {self.suspect_phi}, certain_phi = {self.certain_phi}; expected "
                "0 < suspect_phi < certain_phi"
            )
        if not (self.slow_times > 1 and self.slow_excess_s >= 0):
            raise ArgumentError(
                f"slow_times = {self.slow_times}, slow_excess_s = {self.slow_excess_s}; expected "
                "above 1, and 0 or more"
            )


@dataclass(frozen=True)
class Evidence:
    """What is known of one replica.

    Attributes:
        phi: of its own heartbeats.
        neighbours_phi: of the others on its node; none where it is alone there.
        has_ended: Ray says that its process is no more.
        node_has_ended: Ray says that its node is no more.
        latency_s: the median of its answers; None where nothing was asked.
        calls: how many answers that is of.
        siblings_latency_s: the same of the partition's other replicas.
        was: the last verdict.
    """

    phi: float
    neighbours_phi: Sequence[float] = ()
    has_ended: bool = False
    node_has_ended: bool = False
    latency_s: float | None = None
    calls: int = 0
    siblings_latency_s: Sequence[float] = ()
    was: Health = "well"


@dataclass(frozen=True)
class Verdict:
    """What is wrong, and by which evidence.

    Attributes:
        health: see the table above.
        reason: in a few words; empty where it is well.
    """

    health: Health
    reason: str = ""


def judge(evidence: Evidence, settings: VerdictSettings) -> Verdict:
    """What is wrong with a replica.

    Example:
        >>> stopped = Evidence(phi=12.0, neighbours_phi=[0.2, 0.4])
        >>> judge(stopped, VerdictSettings())
        Verdict(health='hung', reason='no heartbeat (phi 12), and others on its node are heard')
    """
    if evidence.node_has_ended:
        return Verdict("dead", "its node has ended")
    if evidence.has_ended:
        return Verdict("dead", "its process has ended")
    if evidence.phi >= settings.certain_phi:
        return _silent(evidence, settings)
    if evidence.phi >= settings.suspect_phi:
        return Verdict("suspect", f"its heartbeat is late (phi {evidence.phi:.1f})")
    return _answering(evidence, settings)


def _silent(evidence: Evidence, settings: VerdictSettings) -> Verdict:
    silence = f"no heartbeat (phi {evidence.phi:.0f})"
    if not evidence.neighbours_phi:
        return Verdict("unreachable", f"{silence}, and it is alone on its node")
    if min(evidence.neighbours_phi) < settings.suspect_phi:
        return Verdict("hung", f"{silence}, and others on its node are heard")
    return Verdict("unreachable", f"{silence}, nor from others on its node")


def _answering(evidence: Evidence, settings: VerdictSettings) -> Verdict:
    siblings = evidence.siblings_latency_s
    if evidence.latency_s is None or evidence.calls < settings.calls_min or not siblings:
        return Verdict("well")
    usual_s = median(siblings)
    # Half-way back is not yet well: else it would come and go with every busy moment.
    ease = 0.5 if evidence.was == "slow" else 1.0
    is_slow = evidence.latency_s > usual_s * max(1.0, ease * settings.slow_times)
    if is_slow and evidence.latency_s - usual_s > ease * settings.slow_excess_s:
        return Verdict(
            "slow",
            f"answers take {1000 * evidence.latency_s:.3g} ms, its siblings' "
            f"{1000 * usual_s:.3g} ms",
        )
    return Verdict("well")
