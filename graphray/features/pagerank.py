"""Personalised PageRank over all partitions: where walks from some seeds spend their time.

A walk starts at a random seed, and at every step ends with probability 0.15, or goes to a random
neighbour in the direction in which sampling goes. After k steps the walks' places are a vector; the
rank is the sum of these vectors, each weighed by the chance to end there. It is cut off after a few
steps, because sampling ends after a few hops as well.

Each step is one request per owner: the places of walks at its own nodes go there, what their
neighbours gain comes back, and no adjacency travels.

Source: Haveliwala, "Topic-Sensitive PageRank", WWW 2002; ranking features by it: Min et al., "Graph
Neural Network Training with Data Tiering", KDD 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.kernels.spread import spread
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import ask_owners
from graphray.reading.operations import ShardView
from graphray.schema import Direction, GraphSchema, Relation
from graphray.shard import INDPTR, NEIGHBOR, ArrayKey, edges_table, rows_table

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

END = 0.15
STEPS = 5


@dataclass(frozen=True)
class Follow:
    """One relation, followed in the direction in which sampling goes.

    Attributes:
        relation: the relation.
        stored: the direction of the stored adjacency.
        far_type: the type of the neighbours.
    """

    relation: Relation
    stored: Direction
    far_type: str

    @property
    def keys(self) -> tuple[ArrayKey, ArrayKey]:
        """The arrays of row bounds and of neighbours."""
        return (
            ArrayKey(rows_table(self.relation, self.stored), INDPTR),
            ArrayKey(edges_table(self.relation, self.stored), NEIGHBOR),
        )


@dataclass(frozen=True)
class SpreadWalks:
    """Let the walks at some of a partition's nodes go one step.

    Attributes:
        follows: the relations to follow from these nodes; each entry is as likely.
        rows: ``int64[n]``, row numbers within the partition.
        walks: ``float64[n]``, the share of all walks that is at each.
    """

    follows: tuple[Follow, ...]
    rows: Ints
    walks: Floats

    def run(self, view: ShardView) -> list[tuple[Ints, Floats]]:
        """Per relation the global ids of neighbours, and the share of walks that goes there."""
        adjacencies = [
            tuple(np.asarray(view.shard.array(key)) for key in follow.keys)
            for follow in self.follows
        ]
        degrees = np.zeros(len(self.rows), np.int64)
        for indptr, _ in adjacencies:
            degrees += indptr[self.rows + 1] - indptr[self.rows]
        # Walks end at nodes without neighbours.
        shares = np.divide(self.walks, degrees, out=np.zeros(len(degrees)), where=degrees > 0)
        arrived = []
        for follow, (indptr, neighbors) in zip(self.follows, adjacencies, strict=True):
            gains = np.zeros(view.book.num_nodes(follow.far_type))
            spread(indptr, neighbors, self.rows, shares, gains)
            reached = np.flatnonzero(gains)
            arrived.append((reached, gains[reached]))
        return arrived


def personalized_pagerank(
    access: PartitionAccess, seeds: Mapping[str, Ints], direction: Direction
) -> dict[str, Floats]:
    """The rank of every node.

    Args:
        access: the graph.
        seeds: per node type ``int64[n]``, global ids.
        direction: "in" walks against the edges, as sampling "in" does.

    Returns:
        Per node type ``float64[nodes]``; 0 for nodes that no walk reaches.
    """
    book = access.book
    walks = {name: np.zeros(book.num_nodes(name)) for name in access.schema.node_type_names}
    num_seeds = sum(map(len, seeds.values()))
    for name, gids in seeds.items():
        np.add.at(walks[name], gids, 1 / num_seeds)
    ranks = {name: END * places for name, places in walks.items()}
    for step in range(1, STEPS + 1):
        walks = _step(access, walks, direction)
        for name, places in walks.items():
            ranks[name] += END * (1 - END) ** step * places
    return ranks


def _step(
    access: PartitionAccess, walks: Mapping[str, Floats], direction: Direction
) -> dict[str, Floats]:
    moved = {name: np.zeros(len(places)) for name, places in walks.items()}
    for name, places in walks.items():
        follows = _follows(access.schema, name, direction)
        if follows:
            _follow(access, name, places, follows, moved)
    return moved


def _follow(
    access: PartitionAccess,
    node_type: str,
    places: Floats,
    follows: tuple[Follow, ...],
    moved: dict[str, Floats],
) -> None:
    """Move the walks that are at nodes of one type."""
    gids = np.flatnonzero(places)
    owners = access.book.owner(node_type, gids)
    rows = gids - access.book.node_offsets[node_type][owners]

    def request(at: Ints) -> SpreadWalks:
        return SpreadWalks(follows, rows[at], places[gids[at]])

    keys = [key for follow in follows for key in follow.keys]
    for _, arrived in ask_owners(access, keys, owners, request):
        for follow, (reached, shares) in zip(follows, arrived, strict=True):
            moved[follow.far_type][reached] += shares


def _follows(schema: GraphSchema, node_type: str, direction: Direction) -> tuple[Follow, ...]:
    """The relations that lead on from a node type."""
    follows = []
    for kind in schema.relations:
        ends = (kind.relation.source, kind.relation.destination)
        near, far = ends if direction == "out" else ends[::-1]
        if near == node_type:
            follows.append(Follow(kind.relation, kind.stored_direction(direction), far))
    return tuple(follows)
