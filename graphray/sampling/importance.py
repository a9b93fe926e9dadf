"""Importance neighbourhoods: a node's neighbours are those that walks from it visit most.

After Ying et al., "Graph Convolutional Neural Networks for Web-Scale Recommender Systems" (PinSAGE,
KDD 2018), section 3.1: short walks with restart from each node, its neighbourhood the nodes with
the most visits, and the edges' weights the visits, normalised to a sum of 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.kernels.visits import most_visited
from graphray.reading.access import PartitionAccess
from graphray.sampling.metapath import Metapath
from graphray.sampling.numbering import LocalNumbers
from graphray.sampling.plan import require_at_least
from graphray.sampling.random_walks import RandomWalks
from graphray.sampling.streams import BatchStream, purpose_word
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.sampling.walker import Walker
from graphray.schema import Direction, GraphSchema, Relation

Ints = npt.NDArray[np.int64]
IMPORTANCE = "importance"
_STREAM = purpose_word(IMPORTANCE)


@dataclass(frozen=True)
class ImportanceNeighbors:
    """A plan: as neighbours of a node those that short walks from it visit most.

    Batches hold edges of the made-up relation ``(type, "importance", type)``, from neighbour to
    node, with ``edge_weights``; they stand in no store and have no ids.

    Attributes:
        num_neighbors: how many neighbours to keep per node and hop.
        node_type: the type of the seeds; may be left out where the graph has one.
        walks_per_node: how many walks start at each node.
        length: the steps of each.
        restart: see `graphray.RandomWalks`, like all that follow. For PinSAGE on a bipartite graph,
            ``metapath=["likes", "likes"]`` goes from item to user to item, and only items count.
        metapath: see there; it has to lead back to where it starts.
        relation: see there.
        direction: see there; "in" visits those that a node would receive messages from.
    """

    num_neighbors: Sequence[int]
    node_type: str | None = None
    walks_per_node: int = 50
    length: int = 6
    restart: float = 0.5
    metapath: Metapath | None = None
    relation: tuple[str, str, str] | str | None = None
    direction: Direction = "in"

    def make_sampler(self, access: PartitionAccess) -> ImportanceSampler:
        """The sampler of one graph; see `graphray.sampling.subgraph.SamplingPlan`."""
        numbers = self.num_neighbors
        if isinstance(numbers, str) or not isinstance(numbers, Sequence) or not numbers:
            raise ArgumentError(
                f"num_neighbors = {numbers!r}; expected a list with a number per hop"
            )
        for hop, number in enumerate(self.num_neighbors):
            require_at_least(f"num_neighbors[{hop}]", number, 1)
        walks = RandomWalks(
            require_at_least("length", self.length, 1),
            require_at_least("walks_per_node", self.walks_per_node, 1),
            self.restart,
            metapath=self.metapath,
            relation=self.relation,
            direction=self.direction,
        )
        schema = access.schema
        start = (
            schema.only_node_type("importance neighbours")
            if self.node_type is None
            else (schema.node_type(self.node_type))
        )
        walker = walks.make_walker(access, start.name)
        steps = walker.rules.steps
        if steps[-1].far_type != walker.start_type or self.length % len(steps):
            raise ArgumentError(
                f"importance counts the ends of rounds of the metapath, which has to lead back to "
                f"{walker.start_type!r} and go into length = {self.length} without remainder"
            )
        return ImportanceSampler(schema, walker, self)


class ImportanceSampler:
    """Samples importance neighbourhoods; safe to use from several threads.

    Args:
        schema: the graph's schema.
        walker: walks from the nodes.
        plan: how many, and what to keep.
    """

    def __init__(self, schema: GraphSchema, walker: Walker, plan: ImportanceNeighbors) -> None:
        self._schema, self._walker, self._plan = schema, walker, plan

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped."""
        return self._walker.is_local

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """The importance neighbourhood of some seeds."""
        node_type = self._walker.start_type
        numbers = LocalNumbers(self._schema.node_type_names)
        numbers.add(node_type, only_seeds(seeds, node_type, "importance neighbours"))
        numbers.end_hop()
        near, far, weights = [], [], []
        for hop, top in enumerate(self._plan.num_neighbors):
            frontier = numbers.frontier(node_type)
            found = visited(
                self._walker,
                frontier,
                self._plan.walks_per_node,
                self._plan.length,
                top,
                stream.hop_key(hop, _STREAM),
            )
            near.append(len(numbers.nodes[node_type]) - len(frontier) + found.rows)
            far.append(numbers.add(node_type, found.nodes))
            weights.append(found.weights)
            numbers.end_hop()
        edges = SampledEdges(
            np.stack([np.concatenate(far), np.concatenate(near)]),
            None,
            tuple(len(hop) for hop in near),
            np.concatenate(weights),
        )
        relation = Relation(node_type, IMPORTANCE, node_type)
        return SampledSubgraph(numbers.nodes, numbers.per_hop, {relation: edges}, "in")


@dataclass(frozen=True)
class Visited:
    """Whom the walks of some nodes visited most.

    Attributes:
        rows: ``int64[m]``, which of the nodes; rising.
        nodes: ``int64[m]``, global ids.
        weights: ``float32[m]``, shares of the visits; those of a row add up to 1.
    """

    rows: Ints
    nodes: Ints
    weights: npt.NDArray[np.float32]


def visited(walker: Walker, gids: Ints, walks: int, length: int, top: int, key: int) -> Visited:
    """Walk from some nodes, and keep whom they visit most at the ends of rounds."""
    steps = walker.rules.steps
    paths = walker.walk(gids, length, walks, key)
    same_type = steps[-1].far_type == walker.start_type
    bounds, nodes, visits = most_visited(paths, walks, len(steps), same_type, top)
    rows = np.repeat(np.arange(len(gids)), np.diff(bounds))
    totals = np.bincount(rows, visits, minlength=len(gids))
    return Visited(rows, nodes, (visits / totals[rows]).astype(np.float32))


def only_seeds(seeds: Seeds, node_type: str, what: str) -> Ints:
    """The seeds, all of which have to be of one type; raises ArgumentError."""
    others = [name for name, gids in seeds.nodes.items() if name != node_type and len(gids)]
    if others:
        raise ArgumentError(
            f"the plan is for {what} of {node_type!r}, and the seeds are of type {others[0]!r}; "
            "pass it node_type=..."
        )
    if seeds.times is not None:
        raise ArgumentError(f"{what} do not heed time; leave seed_times out")
    return seeds.nodes[node_type]
