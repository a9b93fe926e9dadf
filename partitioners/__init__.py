"""Partitioners: a graph in, the partition of every node out. No Ray in here."""

from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.quality import Quality, measure
from partitioners.registry import Partitioner, assign, get, names, register

__all__ = [
    "EdgeSet",
    "PartitionProblem",
    "Partitioner",
    "Quality",
    "assign",
    "get",
    "measure",
    "names",
    "register",
]
