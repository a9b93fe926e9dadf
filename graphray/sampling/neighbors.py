"""Sampled neighbourhoods as a user asks for them: so many neighbours per node and hop."""

from __future__ import annotations

from dataclasses import dataclass

from graphray.access import PartitionAccess
from graphray.errors import ArgumentError
from graphray.sampling.plan import Fanout, resolve_fanout
from graphray.sampling.sampler import NeighborSampler
from graphray.schema import Direction


@dataclass(frozen=True)
class Neighbors:
    """A plan (see `graphray.sampling.subgraph.SamplingPlan`): draw neighbours hop by hop.

    Attributes:
        fanout: draws per node and hop, -1 for all neighbours: a list for every relation, or
            ``{relation: list}`` to follow only those.
        direction: "in" samples the nodes a seed receives messages from, "out" those its edges lead
            to.
    """

    fanout: Fanout
    direction: Direction = "in"

    def make_sampler(self, access: PartitionAccess) -> NeighborSampler:
        """The sampler of one graph."""
        if self.direction not in ("in", "out"):
            raise ArgumentError(f"direction = {self.direction!r}; expected 'in' or 'out'")
        return NeighborSampler(access, resolve_fanout(access.schema, self.fanout), self.direction)
