"""How many replicas each partition is to have, and which partitions to split or merge.

Pure functions of metrics and time; who carries a decision out is someone else's business.

| to | use |
| --- | --- |
| decide on replicas | `decide`, with an `AutoscalePolicy` and what it returned last time |
| know how many replicas a load needs | `replicas_needed` |
| have partitions proposed to split or merge | `propose`, with a `ReshardPolicy` |
"""

from graphray.autoscale.deciding import ScalerState, decide
from graphray.autoscale.decision import Decision
from graphray.autoscale.metrics import PartitionLoad
from graphray.autoscale.policy import AutoscalePolicy
from graphray.autoscale.resharding import Merge, ReshardPolicy, Split, propose
from graphray.autoscale.schedule import ScheduledRange
from graphray.autoscale.staffing import mean_wait_s, replicas_needed

__all__ = [
    "AutoscalePolicy",
    "Decision",
    "Merge",
    "PartitionLoad",
    "ReshardPolicy",
    "ScalerState",
    "ScheduledRange",
    "Split",
    "decide",
    "mean_wait_s",
    "propose",
    "replicas_needed",
]
