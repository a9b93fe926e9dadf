"""Partitioners: a graph in, the partition of every node out. No Ray in here."""

from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.registry import Partitioner, get, names, register

__all__ = ["EdgeSet", "PartitionProblem", "Partitioner", "get", "names", "register"]
