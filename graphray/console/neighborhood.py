"""A sampled neighbourhood of one node, small enough to be drawn.

Unlike a minibatch it may follow edges both ways, and it stops at a number of nodes that a drawing
can hold. Each hop draws along every relation that is followed, in each direction; an edge that is
met from both of its ends stands once. It is a function of the snapshot and the query alone.

Users' ids travel as text: a browser's numbers are exact up to 2**53 only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import edge_column
from graphray.sampling.sampler import NeighborSampler
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.schema import Direction, GraphSchema, RelationType
from graphray.shard import EDGE

HOPS_MAX = 4
FANOUT_MAX = 100
NODES_MAX = 400

Ints = npt.NDArray[np.int64]
MakeSampler = Callable[[Direction, tuple[int, ...], int], NeighborSampler]
"""Makes a sampler of one hop: the direction, which of the schema's relations, and the fanout."""


@dataclass(frozen=True)
class NeighborhoodQuery:
    """What is to be drawn.

    Attributes:
        node_id: the node in the middle, as text.
        node_type: its type; None where the graph has one.
        fanout: neighbours drawn per node, relation and direction, hop by hop.
        direction: "in" against the edges, "out" along them, or "both".
        relations: which relations to follow, by their place in the schema; None for all.
        nodes_max: how many nodes there may be.
        rng_seed: decides every draw.

    Raises:
        ArgumentError: where one of them is out of range.
    """

    node_id: str
    node_type: str | None = None
    fanout: tuple[int, ...] = (6, 3)
    direction: Literal["in", "out", "both"] = "both"
    relations: tuple[int, ...] | None = None
    nodes_max: int = 60
    rng_seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.fanout) <= HOPS_MAX:
            raise ArgumentError(f"the fanout has {len(self.fanout)} hops; expected 1 to {HOPS_MAX}")
        for hop, draws in enumerate(self.fanout):
            if not 1 <= draws <= FANOUT_MAX:
                raise ArgumentError(f"fanout[{hop}] = {draws}; expected 1 to {FANOUT_MAX}")
        if self.direction not in ("in", "out", "both"):
            raise ArgumentError(f"direction = {self.direction!r}; expected 'in', 'out' or 'both'")
        if not 1 <= self.nodes_max <= NODES_MAX:
            raise ArgumentError(f"nodes_max = {self.nodes_max}; expected 1 to {NODES_MAX}")

    def followed(self, schema: GraphSchema, direction: Direction) -> tuple[int, ...]:
        """The relations that are followed in a direction; an undirected one only once.

        Raises:
            ArgumentError: where there is no relation of such a number.
        """
        everything = range(len(schema.relations))
        chosen = everything if self.relations is None else self.relations
        for number in chosen:
            if number not in everything:
                raise ArgumentError(
                    f"relation {number}; expected a number from 0 to {len(everything) - 1}"
                )
        if self.direction not in (direction, "both"):
            return ()
        both_ways = self.direction == "both"
        return tuple(
            n
            for n in sorted(set(chosen))
            if schema.relations[n].directed or direction == "in" or not both_ways
        )


@dataclass(frozen=True)
class DrawnNode:
    """A node of a drawing.

    Attributes:
        node_type: its type.
        id: the user's id, as text.
        label: what to write beside it; empty where no column names it.
        hop: how many steps it is away from the middle.
        part: the partition that owns it.
    """

    node_type: str
    id: str
    label: str
    hop: int
    part: int


@dataclass(frozen=True)
class DrawnEdge:
    """An edge of a drawing.

    Attributes:
        source: place of its source among the nodes.
        destination: likewise of its destination.
        relation: place of its relation in the schema.
        id: its row in the build's input.
        label: what to write at it beyond the relation's name, such as a role.
    """

    source: int
    destination: int
    relation: int
    id: int
    label: str = ""


@dataclass(frozen=True)
class Neighborhood:
    """A neighbourhood to be drawn; the node in the middle comes first.

    Attributes:
        nodes: in the order in which they were met.
        edges: by relation and id.
        left_out: how many further nodes were sampled, for which there was no room.
        snapshot_id: the state of the graph.
    """

    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]
    left_out: int
    snapshot_id: str

    def to_json(self) -> dict[str, Any]:
        """A plain structure for the page."""
        return asdict(self)


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
        nodes: dict[str, list[int]] = {}
        for (node_type, gid), place in self.places.items():
            if self.hops[place] == hop:
                nodes.setdefault(node_type, []).append(gid)
        return {node_type: np.array(gids, np.int64) for node_type, gids in nodes.items()}


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


def by_type(places: Iterable[tuple[str, int]]) -> Mapping[str, Ints]:
    """Global ids by node type, in the order given."""
    nodes: dict[str, list[int]] = {}
    for node_type, gid in places:
        nodes.setdefault(node_type, []).append(gid)
    return {node_type: np.array(gids, np.int64) for node_type, gids in nodes.items()}
