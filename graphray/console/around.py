"""Sampling hop by hop around one node, for a drawing.

Unlike for a minibatch, edges may be followed both ways, and it stops at a number of nodes that a
drawing can hold. Each hop draws along every relation that is followed, in each direction; an edge
that is met from both of its ends stands once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from graphray.console.neighborhood import NeighborhoodQuery
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import edge_column
from graphray.sampling.sampler import NeighborSampler
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.schema import Direction, RelationType
from graphray.shard import EDGE

Ints = npt.NDArray[np.int64]
MakeSampler = Callable[[Direction, tuple[int, ...], int], NeighborSampler]
"""Makes a sampler of one hop: the direction, which of the schema's relations, and the fanout."""


@dataclass
class SampledPart:
    """A neighbourhood in global ids, while it grows.

    Attributes:
        places: the place of each (node type, global id) among the nodes.
        hops: how far away each node is.
        ends: the places of the source and destination of each (relation, edge id).
        positions: where each edge stands in the stored adjacency of its direction.
        refused: the nodes for which there was no room.
    """

    places: dict[tuple[str, int], int] = field(default_factory=dict)
    hops: list[int] = field(default_factory=list)
    ends: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    positions: dict[tuple[int, int], tuple[Direction, int]] = field(default_factory=dict)
    refused: set[tuple[str, int]] = field(default_factory=set)

    def place(self, node: tuple[str, int], hop: int, nodes_max: int) -> int | None:
        """The place of a node, a new one where there is room for it, else None."""
        found = self.places.get(node)
        if found is None and len(self.places) >= nodes_max:
            self.refused.add(node)
        elif found is None:
            found = self.places[node] = len(self.places)
            self.hops.append(hop)
        return found

    def frontier(self, hop: int) -> dict[str, Ints]:
        """The nodes that a hop met first, by type."""
        return by_type(node for node, place in self.places.items() if self.hops[place] == hop)


def by_type(nodes: Iterable[tuple[str, int]]) -> dict[str, Ints]:
    """Global ids by node type, in the order given."""
    groups: dict[str, list[int]] = {}
    for node_type, gid in nodes:
        groups.setdefault(node_type, []).append(gid)
    return {node_type: np.array(gids, np.int64) for node_type, gids in groups.items()}


def sample_around(
    access: PartitionAccess,
    query: NeighborhoodQuery,
    middle: tuple[str, int],
    make_sampler: MakeSampler,
) -> SampledPart:
    """Sample hop by hop around a node, given as (node type, global id).

    Raises:
        ArgumentError: where the query names a relation that there is not.
    """
    directions: tuple[Direction, ...] = ("in", "out")
    followed = {d: query.followed(access.schema, d) for d in directions}
    grown = SampledPart()
    grown.place(middle, 0, query.nodes_max)
    for hop, fanout in enumerate(query.fanout):
        frontier = grown.frontier(hop)
        stream = BatchStream(query.rng_seed, epoch=0, batch=hop)
        for direction, relations in followed.items():
            if relations and frontier:
                sampler = make_sampler(direction, relations, fanout)
                sampled = sampler.sample(Seeds(frontier), stream)
                for edge in _edges(access, sampled):
                    _add(grown, edge, hop + 1, query.nodes_max)
    return grown


@dataclass(frozen=True)
class _Edge:
    relation: int
    id: int
    near: tuple[str, int]
    far: tuple[str, int]
    direction: Direction
    stored: Direction
    position: int


def _edges(access: PartitionAccess, sampled: SampledSubgraph) -> Iterator[_Edge]:
    """The edges of one hop, relation by relation."""
    for number, kind in enumerate(access.schema.relations):
        edges = sampled.edges.get(kind.relation)
        if edges is not None and edges.edge_index.shape[1]:
            yield from _edges_of(access, number, kind, sampled, edges)


def _edges_of(
    access: PartitionAccess,
    number: int,
    kind: RelationType,
    sampled: SampledSubgraph,
    edges: SampledEdges,
) -> Iterator[_Edge]:
    relation, direction = kind.relation, sampled.direction
    stored = kind.stored_direction(direction)
    near_type, far_type = relation.near_type(direction), relation.far_type(direction)
    near_row, far_row = (1, 0) if direction == "in" else (0, 1)
    assert edges.positions is not None
    ids = np.asarray(edge_column(access, relation, stored, EDGE, edges.positions)).tolist()
    near = sampled.nodes[near_type][edges.edge_index[near_row]].tolist()
    far = sampled.nodes[far_type][edges.edge_index[far_row]].tolist()
    for edge, a, b, position in zip(ids, near, far, edges.positions.tolist(), strict=True):
        yield _Edge(number, edge, (near_type, a), (far_type, b), direction, stored, position)


def _add(grown: SampledPart, edge: _Edge, hop: int, nodes_max: int) -> None:
    """Add an edge and the node that it leads to, unless there is no room for that."""
    far = grown.place(edge.far, hop, nodes_max)
    key = (edge.relation, edge.id)
    if far is None or key in grown.ends:
        return
    near = grown.places[edge.near]
    grown.ends[key] = (far, near) if edge.direction == "in" else (near, far)
    grown.positions[key] = (edge.stored, edge.position)
