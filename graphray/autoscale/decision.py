"""What is decided for one partition, and what it would be without the limits on all together."""

from __future__ import annotations

from dataclasses import dataclass

from graphray.autoscale.metrics import PartitionLoad


@dataclass(frozen=True)
class Wish:
    """What one partition should have, before the limits on all of them together.

    Attributes:
        load: what was measured.
        replicas: how many.
        least: how many it is to have in any case.
        reason: in a few words.
    """

    load: PartitionLoad
    replicas: int
    least: int
    reason: str


@dataclass(frozen=True)
class Decision:
    """How many replicas a partition is to have.

    Attributes:
        part: which.
        replicas: how many.
        before: how many were asked for.
        reason: in a few words.
    """

    part: int
    replicas: int
    before: int
    reason: str

    @property
    def changes(self) -> bool:
        """Whether replicas are to be added or removed."""
        return self.replicas != self.before
