"""Partitioners: a graph in, the partition of every node out. No Ray in here."""

from partitioners.goal import ANY_CRITERIA, Goal
from partitioners.problem import EdgeBatches, EdgeSet, PartitionProblem, StreamedProblem
from partitioners.quality import Quality, measure
from partitioners.registry import Partitioner, assign, get, names, register

__all__ = [
    "ANY_CRITERIA",
    "EdgeBatches",
    "EdgeSet",
    "Goal",
    "PartitionProblem",
    "Partitioner",
    "Quality",
    "StreamedProblem",
    "assign",
    "get",
    "measure",
    "names",
    "register",
]
