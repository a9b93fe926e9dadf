"""Metapath neighbourhoods: a node's neighbours are those at the other end of a metapath.

After Wang et al., "Heterogeneous Graph Attention Network" (HAN, WWW 2019), whose metapath-based
neighbours are sampled here by walks along the metapath, so that no product of adjacencies is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.sampling.importance import only_seeds, visited
from graphray.sampling.metapath import Metapath
from graphray.sampling.numbering import LocalNumbers
from graphray.sampling.plan import require_at_least
from graphray.sampling.random_walks import RandomWalks
from graphray.sampling.streams import BatchStream, purpose_word
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.sampling.walker import Walker
from graphray.schema import GraphSchema, Relation


@dataclass(frozen=True)
class MetapathNeighbors:
    """A plan: as neighbours of a seed those at which walks along metapaths end.

    Batches hold for each metapath the edges of a made-up relation ``(end type, its name, seed
    type)``, from neighbour to seed, with ``edge_weights``: the share of the walks that ended there.

    Attributes:
        metapaths: by name; see `graphray.sampling.metapath`.
        num_neighbors: how many neighbours to keep per seed and metapath: those where most walks
            end.
        walks_per_node: how many walks start at each seed, for each metapath.
        node_type: the type of the seeds; may be left out where the graph has one.
    """

    metapaths: Mapping[str, Metapath] = field(default_factory=dict)
    num_neighbors: int = 10
    walks_per_node: int = 20
    node_type: str | None = None

    def make_sampler(self, access: PartitionAccess) -> MetapathSampler:
        """The sampler of one graph; see `graphray.sampling.subgraph.SamplingPlan`."""
        require_at_least("num_neighbors", self.num_neighbors, 1)
        require_at_least("walks_per_node", self.walks_per_node, 1)
        if not isinstance(self.metapaths, Mapping) or not self.metapaths:
            raise ArgumentError(
                f"metapaths = {self.metapaths!r}; expected {{name: list of relations}}, at least "
                "one"
            )
        schema = access.schema
        start = self.node_type or schema.only_node_type("metapath neighbours").name
        schema.node_type(start)
        walkers = {
            name: RandomWalks(length=1, metapath=metapath).make_walker(access, start)
            for name, metapath in self.metapaths.items()
        }
        return MetapathSampler(schema, start, walkers, self)


class MetapathSampler:
    """Samples metapath neighbourhoods; safe to use from several threads.

    Args:
        schema: the graph's schema.
        start: the type of the seeds.
        walkers: by metapath.
        plan: how many walks, and what to keep.
    """

    def __init__(
        self,
        schema: GraphSchema,
        start: str,
        walkers: Mapping[str, Walker],
        plan: MetapathNeighbors,
    ) -> None:
        self._schema, self._start, self._walkers, self._plan = schema, start, walkers, plan

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped."""
        return all(walker.is_local for walker in self._walkers.values())

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """The metapath neighbourhoods of some seeds."""
        numbers = LocalNumbers(self._schema.node_type_names)
        numbers.add(self._start, only_seeds(seeds, self._start, "metapath neighbours"))
        numbers.end_hop()
        distinct = numbers.frontier(self._start)
        edges = {}
        for name, walker in self._walkers.items():
            found = visited(
                walker,
                distinct,
                self._plan.walks_per_node,
                len(walker.rules.steps),
                self._plan.num_neighbors,
                stream.hop_key(0, purpose_word(f"metapath\0{name}")),
            )
            end_type = walker.rules.steps[-1].far_type
            far = numbers.add(end_type, found.nodes)
            edges[Relation(end_type, name, self._start)] = SampledEdges(
                np.stack([far, found.rows]), None, (len(far),), found.weights
            )
        numbers.end_hop()
        return SampledSubgraph(numbers.nodes, numbers.per_hop, edges, "in")
