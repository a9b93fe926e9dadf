"""Who is well, who is not, and what to do about it: decisions without I/O, clock or randomness.

| to | use |
| --- | --- |
| suspect what is no longer heard of | `Heartbeats` |
| tell dead, hung, slow and cut off apart | `judge` |
| stop restarting what fails again and again | `Quarantine` |
| put these together for a graph and its cluster | `GraphWatch`, by `HealthSettings` |
| refuse calls before they pile up | `admit` |
| ask another replica when one is slow | `hedge_delay_s`, `HedgeBudget`, `LatencyHistogram` |
| stop asking first who was slow again and again | `Preference` |
"""

from graphray.health.admission import AdmissionSettings, Admitted, Shed, admit
from graphray.health.graph_watch import GraphWatch, Place
from graphray.health.hedging import HedgeBudget, HedgeSettings, hedge_delay_s
from graphray.health.latencies import LatencyHistogram
from graphray.health.nodes import NodeSeen
from graphray.health.preference import Preference, PreferenceSettings
from graphray.health.quarantine import Quarantine, QuarantineSettings
from graphray.health.replica_watch import Beat, Leave
from graphray.health.settings import HealthSettings
from graphray.health.suspicion import Heartbeats, HeartbeatSettings
from graphray.health.terms import Term
from graphray.health.verdict import Evidence, Verdict, VerdictSettings, judge

__all__ = [
    "AdmissionSettings",
    "Admitted",
    "Beat",
    "Evidence",
    "GraphWatch",
    "HealthSettings",
    "HeartbeatSettings",
    "Heartbeats",
    "HedgeBudget",
    "HedgeSettings",
    "LatencyHistogram",
    "Leave",
    "NodeSeen",
    "Place",
    "Preference",
    "PreferenceSettings",
    "Quarantine",
    "QuarantineSettings",
    "Shed",
    "Term",
    "Verdict",
    "VerdictSettings",
    "admit",
    "hedge_delay_s",
    "judge",
]
