"""Which nodes may stand at one end of a negative edge, and how likely each is.

Candidates are numbered in the order of the build's input, so that what is drawn does not depend on
the partitioning. A process keeps 8 bytes a node for them, and 16 more where chances differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.kernels.membership import draw_below
from graphray.reading.access import PartitionAccess
from graphray.reading.edge_lookups import CountNeighbors
from graphray.reading.gather import ask_owners, node_column, to_numpy
from graphray.sampling.input_order import gids_in_input_order
from graphray.sampling.plan import as_times
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Candidates:
    """Nodes to draw from.

    Attributes:
        gids: ``int64[n]``, global ids in the order of the build's input.
        chances: ``float64[n]``, in proportion; None for equal ones.
        cumulative: ``float64[n]``, the running sum of the chances.
    """

    gids: Ints
    chances: npt.NDArray[np.float64] | None = None
    cumulative: npt.NDArray[np.float64] | None = None

    def draw(self, words: Words) -> Ints:
        """The global id of one candidate for each random word."""
        if self.cumulative is None:
            return self.gids[draw_below(words, len(self.gids))]
        # 53 bits make a uniform float64 in [0, 1).
        points = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53 * self.cumulative[-1]
        at = np.searchsorted(self.cumulative, points, side="right")
        return self.gids[np.minimum(at, len(self.gids) - 1)]  # where the product was rounded up

    def only(self, kept: npt.NDArray[np.bool_]) -> Candidates:
        """Those that are kept (``bool[n]``), with the chances that they have now."""
        chances = None if self.chances is None else self.chances[kept]
        return weighed(self.gids[kept], chances)


def weighed(gids: Ints, chances: npt.NDArray[np.float64] | None) -> Candidates:
    """Candidates with these chances, those that have none left out; None for equal chances."""
    if chances is None:
        return Candidates(gids)
    likely = chances > 0
    gids, chances = gids[likely], chances[likely]
    return Candidates(gids, chances, np.cumsum(chances))


def candidates_at(
    access: PartitionAccess, relation: Relation, end: Direction, *, seen: bool, power: float
) -> Candidates:
    """The nodes that may stand at one end of a relation.

    Args:
        access: the graph.
        relation: the relation.
        end: "in" for its destinations, "out" for its sources.
        seen: only those that stand there in some edge of the relation.
        power: chances are in proportion to the degree there, to this power; 0 for equal ones.
    """
    gids = gids_in_input_order(access, relation.near_type(end))
    if not seen and power == 0:
        return Candidates(gids)
    degrees = _degrees(access, relation, end)[gids].astype(np.float64)
    if power == 0:
        return Candidates(gids[degrees > 0])
    chances = np.zeros(len(gids))
    np.power(degrees, power, out=chances, where=degrees > 0)
    return weighed(gids, chances)


def node_times(access: PartitionAccess, node_type: str, column: str) -> Ints:
    """A column of times of all nodes of a type, ``int64[n]`` by global id."""
    every = np.arange(access.book.num_nodes(node_type))
    times = to_numpy(node_column(access, node_type, column, every))
    return as_times(f"the column {column!r}", times, len(every), f"nodes of type {node_type!r}")


def _degrees(access: PartitionAccess, relation: Relation, end: Direction) -> Ints:
    """How many edges of a relation each node has at one end, by global id."""
    stored = access.schema.relation_type(relation).stored_direction(end)
    request = CountNeighbors(relation, stored)
    every_part = np.arange(access.book.parts)
    answers = {
        int(at[0]): degrees
        for at, degrees in ask_owners(access, request.keys, every_part, lambda at: request)
    }
    # Partitions own contiguous ranges of global ids, one after another.
    return np.concatenate([answers[part] for part in range(access.book.parts)])
