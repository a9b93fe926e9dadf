"""What clients do, and what has to hold afterwards: one workload a file."""

from tests.torture.workloads.registry import WORKLOADS, workloads_named, workloads_of
from tests.torture.workloads.workload import Workload

__all__ = ["WORKLOADS", "Workload", "workloads_named", "workloads_of"]
