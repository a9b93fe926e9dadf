"""Which replica goes to which node, as a pure function; `plan` is the door.

| to | use |
| --- | --- |
| say what there is | `PlacementProblem` of `PartitionDemand`, `ClusterNode`, `PlacementOptions` |
| have a plan made | `plan` |
| make a strategy of one's own | `register`; `arrange` for one that is a `Cost` |
"""

from graphray.placement.arranging import arrange
from graphray.placement.cost import Cost
from graphray.placement.planning import NodeFill, Plan, PlannedReplica, plan
from graphray.placement.problem import (
    ClusterNode,
    PartitionDemand,
    PlacementOptions,
    PlacementProblem,
)
from graphray.placement.registry import PlacementStrategy, get, names, register
from graphray.placement.selectors import Selector
from graphray.placement.traffic import Traffic

__all__ = [
    "ClusterNode",
    "Cost",
    "NodeFill",
    "PartitionDemand",
    "PlacementOptions",
    "PlacementProblem",
    "PlacementStrategy",
    "Plan",
    "PlannedReplica",
    "Selector",
    "Traffic",
    "arrange",
    "get",
    "names",
    "plan",
    "register",
]
