"""What was measured of a partition, over the last few seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from graphray.errors import ArgumentError


@dataclass(frozen=True)
class PartitionLoad:
    """The load of one partition.

    Attributes:
        part: which.
        replicas: how many were asked for at last, also those that do not serve yet.
        starting: how many of these do not serve yet.
        calls_per_s: that arrived at all replicas together, also those that were shed.
        service_s: the mean time for which a call keeps a thread busy; 0 where there were no calls.
        queue_length: calls that wait, at all replicas together.
        queue_delay_s: how long a call waited before it was served, on average.
        p95_s: 95 of 100 calls were answered within this time after they arrived.
        memory_bytes: what a replica keeps in memory.
        writes_per_s: that the partition's log took in.
    """

    part: int
    replicas: int
    starting: int = 0
    calls_per_s: float = 0.0
    service_s: float = 0.0
    queue_length: float = 0.0
    queue_delay_s: float = 0.0
    p95_s: float = 0.0
    memory_bytes: float = 0.0
    writes_per_s: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value >= 0):
                raise ArgumentError(
                    f"partition {self.part}: {name} = {value}; expected a number of 0 or more",
                    partition=self.part,
                )
