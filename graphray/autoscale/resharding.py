"""Which partitions to split and which to merge.

Replicas help against reads, and against nothing else: every replica holds the whole partition and
takes every write. So a partition is split where it is too large for a node or takes too many
writes, or where it is hot beyond the most replicas that it may have. Two small ones are merged,
best those that share the most edges: each of these is then followed within one partition.

What comes out lies between the limits with room on both sides: pieces are too large to be merged
again, and what was merged is too small to be split, so that proposals come to rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy import sparse

from graphray.autoscale.metrics import PartitionLoad
from graphray.errors import ArgumentError

_FULL_AFTER = 0.7
"""Of a limit, what a piece or a merged partition may take at most."""


@dataclass(frozen=True)
class ReshardPolicy:
    """When to split and when to merge.

    Attributes:
        memory_bytes_max: a larger partition is split.
        memory_bytes_min: two below it may be merged; at most a quarter of the maximum, so that what
            is split is not merged again.
        writes_per_s_max: one that takes more is split.
        busy_max: one whose replicas are busier than this with as many as there may be is split.
        replicas_max: as many as there may be.
        threads_per_replica: as in `LaunchOptions`.
        pieces_max: how many pieces to make of one partition at once.
    """

    memory_bytes_max: float = 64 * 2.0**30
    memory_bytes_min: float = 2 * 2.0**30
    writes_per_s_max: float = 10_000.0
    busy_max: float = 0.8
    replicas_max: int = 8
    threads_per_replica: int = 4
    pieces_max: int = 8

    def __post_init__(self) -> None:
        if not 0 <= 4 * self.memory_bytes_min <= self.memory_bytes_max:
            raise ArgumentError(
                f"memory_bytes_min = {self.memory_bytes_min:g}, memory_bytes_max = "
                f"{self.memory_bytes_max:g}; expected at most a quarter of the maximum"
            )
        for name in ("writes_per_s_max", "busy_max", "replicas_max", "threads_per_replica"):
            if not getattr(self, name) > 0:
                raise ArgumentError(f"{name} = {getattr(self, name)}; expected above 0")
        if self.pieces_max < 2:
            raise ArgumentError(f"pieces_max = {self.pieces_max}; expected at least 2")


@dataclass(frozen=True)
class Split:
    """Make so many partitions of one.

    Attributes:
        part: which.
        pieces: how many.
        reason: in a few words.
    """

    part: int
    pieces: int
    reason: str


@dataclass(frozen=True)
class Merge:
    """Make one partition of two.

    Attributes:
        parts: which.
        reason: in a few words.
    """

    parts: tuple[int, int]
    reason: str


def propose(
    loads: Iterable[PartitionLoad],
    policy: ReshardPolicy,
    cut: sparse.csr_array | None = None,
) -> tuple[Split | Merge, ...]:
    """What to split and merge, splits first; no partition is in two proposals.

    Args:
        loads: what was measured, of every partition.
        policy: when to.
        cut: ``float64[parts, parts]``, the edges between any two partitions; without it, those of
            neighbouring numbers are merged.

    Example:
        >>> large = PartitionLoad(part=0, replicas=2, memory_bytes=100 * 2**30)
        >>> propose([large], ReshardPolicy())[0].reason
        '100.0 GiB of memory, more than 64.0 GiB'
    """
    loads = tuple(loads)
    splits = [split for split in (_split(load, policy) for load in loads) if split is not None]
    small = [load for load in loads if load.memory_bytes < policy.memory_bytes_min]
    return (*splits, *_merges(small, policy, cut))


def _split(load: PartitionLoad, policy: ReshardPolicy) -> Split | None:
    busy = load.calls_per_s * load.service_s / policy.threads_per_replica / policy.replicas_max
    over = [
        (
            load.memory_bytes / policy.memory_bytes_max,
            f"{_gib(load.memory_bytes)} of memory, more than {_gib(policy.memory_bytes_max)}",
        ),
        (
            load.writes_per_s / policy.writes_per_s_max,
            f"{load.writes_per_s:,.0f} writes/s, more than {policy.writes_per_s_max:,.0f}",
        ),
        (
            busy / policy.busy_max,
            f"{policy.replicas_max} replicas would be {busy:.0%} busy, more than "
            f"{policy.busy_max:.0%}",
        ),
    ]
    times, reason = max(over)
    if times <= 1:
        return None
    return Split(load.part, min(policy.pieces_max, math.ceil(times / _FULL_AFTER)), reason)


def _merges(
    small: Sequence[PartitionLoad], policy: ReshardPolicy, cut: sparse.csr_array | None
) -> list[Merge]:
    by_part = {load.part: load for load in small}
    merged: set[int] = set()
    found = []
    for edges, one, other in _neighbours(sorted(by_part), cut):
        if merged & {one, other} or not _fit_together(by_part[one], by_part[other], policy):
            continue
        merged |= {one, other}
        together = _gib(by_part[one].memory_bytes + by_part[other].memory_bytes)
        shared = f"; {edges:,.0f} edges between them" if edges else ""
        found.append(Merge((one, other), f"{together} together{shared}"))
    return found


def _neighbours(parts: Sequence[int], cut: sparse.csr_array | None) -> list[tuple[float, int, int]]:
    """Pairs with the edges between them, most first."""
    if cut is None:
        return [(0.0, one, other) for one, other in pairwise(parts)]
    pairs = sparse.coo_array(sparse.triu(cut[parts][:, parts], k=1))
    rows, columns = pairs.coords
    edges = zip(pairs.data.tolist(), rows.tolist(), columns.tolist(), strict=True)
    return sorted(
        ((count, parts[i], parts[j]) for count, i, j in edges if count > 0),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )


def _fit_together(one: PartitionLoad, other: PartitionLoad, policy: ReshardPolicy) -> bool:
    calls_s = one.calls_per_s * one.service_s + other.calls_per_s * other.service_s
    busy = calls_s / policy.threads_per_replica / policy.replicas_max
    writes = one.writes_per_s + other.writes_per_s
    limit = _FULL_AFTER / 2
    return busy <= limit * policy.busy_max and writes <= limit * policy.writes_per_s_max


def _gib(size_bytes: float) -> str:
    return f"{size_bytes / 2**30:.1f} GiB"
