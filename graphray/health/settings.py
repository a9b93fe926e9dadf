"""How a graph's catalog watches its replicas: all the times of it in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphray.errors import ArgumentError
from graphray.health.quarantine import QuarantineSettings
from graphray.health.suspicion import HeartbeatSettings
from graphray.health.verdict import VerdictSettings


@dataclass(frozen=True)
class HealthSettings:
    """What the watch goes by.

    Attributes:
        heartbeats: how often replicas are asked, and which silence is usual. The pause is long: a
            replica that loads or compiles is silent for seconds, and reads do not wait for this.
        verdicts: what counts as late, and what as slow. Slow is told by the answers to heartbeats,
            which a busy node delays by some milliseconds.
        quarantine: how often a replica may fail before it is left alone, and for how long.
        hung_after_s: a replica that has been silent for so long while its node is alive is killed,
            so that Ray makes it anew; only where another replica of its partition serves. Shorter:
            full redundancy is back sooner; too short, and a replica that would have come back by
            itself (a swapping or throttled node) loads once more.
        events_max: how many events the catalog keeps. More: a longer story; about 1 KB each.
    """

    heartbeats: HeartbeatSettings = field(
        default_factory=lambda: HeartbeatSettings(every_s=1.0, pause_s=4.0, deviation_min_s=0.5)
    )
    verdicts: VerdictSettings = field(default_factory=lambda: VerdictSettings(slow_excess_s=0.05))
    quarantine: QuarantineSettings = field(default_factory=QuarantineSettings)
    hung_after_s: float = 60.0
    events_max: int = 10_000

    def __post_init__(self) -> None:
        usual_s = self.heartbeats.every_s + self.heartbeats.pause_s
        if not self.hung_after_s > usual_s:
            raise ArgumentError(
                f"hung_after_s = {self.hung_after_s}; expected above heartbeats.every_s + "
                f"heartbeats.pause_s = {usual_s}, a silence that is usual"
            )
        if self.events_max < 1:
            raise ArgumentError(f"events_max = {self.events_max}; expected at least 1")
