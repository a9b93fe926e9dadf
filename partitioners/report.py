"""One run of a partitioner, reported: how good, how long, how much memory."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from partitioners.problem import PartitionProblem
from partitioners.quality import Quality, measure
from partitioners.registry import Assignment, Partitioner, assign


@dataclass(frozen=True)
class Report:
    """A partition and what it took.

    Attributes:
        partitioner: what made it.
        parts: number of parts.
        quality: cut and balances.
        seconds: how long it took; None where it was not made just now.
        peak_memory_bytes: the process's peak while it was made, beyond what it held before; None
            likewise, and where the system does not tell (it does on Linux).
        cut_matrix: ``int64[parts, parts]``, edges between every two parts; inner ones on the
            diagonal.
        nodes: ``int64[parts]``, nodes per part.
        edge_ends: ``int64[parts]``, edge ends per part.
        shares: ``float64[parts]``, the share that each part was to have.
    """

    partitioner: str
    parts: int
    quality: Quality
    seconds: float | None
    peak_memory_bytes: int | None
    cut_matrix: npt.NDArray[np.int64]
    nodes: npt.NDArray[np.int64]
    edge_ends: npt.NDArray[np.int64]
    shares: npt.NDArray[np.float64]

    def to_json(self) -> dict[str, Any]:
        """A plain structure for scripts."""
        return {
            "partitioner": self.partitioner,
            "parts": self.parts,
            "seconds": self.seconds,
            "peak_memory_bytes": self.peak_memory_bytes,
            **self.quality.to_json(),
            "nodes": self.nodes.tolist(),
            "edge_ends": self.edge_ends.tolist(),
            "target_shares": self.shares.tolist(),
        }


def run_and_report(
    problem: PartitionProblem,
    partitioner: Partitioner | str,
    parts: int,
    *,
    rng_seed: int = 0,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Assignment, Report]:
    """Partition a graph and report on it; raises as `partitioners.assign` does."""
    name = partitioner if isinstance(partitioner, str) else partitioner.name
    held_bytes = _start_peak()
    started = clock()
    assignment = assign(partitioner, problem, parts, rng_seed)
    seconds = clock() - started
    peak_bytes = None if held_bytes is None else _memory_bytes("VmHWM") - held_bytes
    return assignment, report(problem, assignment, parts, name, seconds, peak_bytes)


def report(
    problem: PartitionProblem,
    assignment: Assignment,
    parts: int,
    partitioner: str,
    seconds: float | None = None,
    peak_memory_bytes: int | None = None,
) -> Report:
    """Report on a partition that is there."""
    between = np.zeros(parts * parts, np.int64)
    for edges in problem.edges:
        pairs = assignment[edges.sources].astype(np.int64) * parts + assignment[edges.destinations]
        between += np.bincount(pairs, minlength=parts * parts)
    directed = between.reshape(parts, parts)
    return Report(
        partitioner,
        parts,
        measure(problem, assignment, parts),
        seconds,
        peak_memory_bytes,
        cut_matrix=directed + directed.T - np.diag(np.diag(directed)),
        nodes=np.bincount(assignment, minlength=parts),
        edge_ends=directed.sum(axis=0) + directed.sum(axis=1),
        shares=problem.goal.shares(parts),
    )


def _start_peak() -> int | None:
    """Have the kernel forget the process's peak; returns what the process holds, or None."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        # What an earlier partitioner freed would otherwise be used again and not be counted.
        libc.malloc_trim(0)
    try:
        # 5 resets the "high water mark" of resident memory (man 5 proc).
        Path("/proc/self/clear_refs").write_text("5")
        return _memory_bytes("VmRSS")
    except OSError:
        return None


def _memory_bytes(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024
