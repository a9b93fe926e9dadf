"""What a sampling thread keeps from batch to batch: slot tables, and how large the last was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from graphray.kernels.relabel import (
    LOCAL_BITS,
    MAX_STAMP,
    NARROW,
    WIDE,
    number_edges,
    number_nodes,
)
from graphray.reading.adjacency import Draws

Ints = npt.NDArray[np.int64]
_HEADROOM = 1.125


@dataclass(frozen=True)
class Frontier:
    """The nodes of one type that a hop starts from.

    Attributes:
        first: local number of the first; the others follow.
        gids: ``int64[n]``, global ids.
        trees: ``int64[n]``, the tree of each; None in a merged batch.
        times: ``int64[n]``, the time as of which each is looked at; None where time does not count.
    """

    first: int
    gids: Ints
    trees: Ints | None = None
    times: Ints | None = None


class Numbering(Protocol):
    """The nodes of one type in the batch being made.

    Attributes:
        nodes: their global ids by local number; the first ``count`` count.
        count: how many there are so far.
    """

    nodes: Ints
    count: int

    @property
    def trees(self) -> Ints | None:
        """The tree of each node; None in a merged batch."""
        ...

    def start_batch(self, num_trees: int) -> None:
        """Forget the nodes of the last batch; the next has so many seeds."""
        ...

    def add_seeds(self, gids: Ints, trees: Ints) -> None:
        """Number the seeds of a type, each the root of a tree."""
        ...

    def number_edges(self, draws: Draws, frontier: Frontier, near: Ints, far: Ints) -> None:
        """Number the neighbours that a frontier drew.

        Args:
            draws: what it drew.
            frontier: where from.
            near: filled with the local number of the frontier's end of each edge.
            far: filled with the local number of the neighbour's end.
        """
        ...


class NodeNumbering:
    """The nodes of one type in a merged batch, and their local numbers (see `Numbering`)."""

    trees: Ints | None = None

    def __init__(self, num_nodes: int) -> None:
        self.slots: npt.NDArray[Any] = np.zeros(num_nodes, NARROW)
        self.stamp = 0
        self.nodes = np.empty(1024, np.int64)
        self.count = 0

    def start_batch(self, num_trees: int = 0) -> None:
        """Forget the nodes of the last batch, without touching the table."""
        self.stamp += 1
        if self.stamp > MAX_STAMP[self.slots.dtype]:
            self.slots[:] = 0
            self.stamp = 1
        self.count = 0

    def make_room(self, more: int) -> None:
        """See that ``more`` nodes, and the one that the kernel scribbles on, can be added."""
        needed = self.count + more + 1
        self.nodes = grown(self.nodes, self.count, needed)
        if needed > 2 ** LOCAL_BITS[NARROW] and self.slots.dtype == NARROW:
            self._widen()

    def _widen(self) -> None:
        """Take wider slots, from here on; the nodes of this batch keep their numbers."""
        self.slots = np.zeros(len(self.slots), WIDE)
        nodes = self.nodes[: self.count]
        self.count = number_nodes(nodes, self.slots, self.stamp, nodes, 0)

    def add_seeds(self, gids: Ints, trees: Ints) -> None:
        """Number the seeds; in a merged batch their trees do not count."""
        self.add(gids)

    def number_edges(self, draws: Draws, frontier: Frontier, near: Ints, far: Ints) -> None:
        """Number the neighbours that a frontier drew, in the order in which they were drawn."""
        self.make_room(len(draws.neighbors))
        self.count = number_edges(
            draws.neighbors,
            draws.bounds,
            frontier.first,
            self.slots,
            self.stamp,
            self.nodes,
            self.count,
            near,
            far,
        )

    def add(self, gids: Ints) -> None:
        """Number these nodes; those that have a number keep it."""
        self.make_room(len(gids))
        self.count = number_nodes(gids, self.slots, self.stamp, self.nodes, self.count)


class Workspace:
    """The scratch memory of one sampling thread.

    Args:
        numberings: one per node type.
    """

    def __init__(self, numberings: dict[str, Numbering]) -> None:
        self.numberings = numberings
        self.edge_capacity: dict[object, int] = {}

    def start_batch(self, num_trees: int) -> None:
        """Begin a batch of so many seeds."""
        for numbering in self.numberings.values():
            numbering.start_batch(num_trees)

    def expected_edges(self, name: object) -> int:
        """Room to set aside for the edges of a relation, from what the last batch needed."""
        return self.edge_capacity.get(name, 0)

    def remember_edges(self, name: object, count: int) -> None:
        """Note what a batch needed."""
        self.edge_capacity[name] = int(count * _HEADROOM) + 16


def grown(array: Ints, used: int, needed: int) -> Ints:
    """The array, or a larger copy of its first ``used`` entries (of its last axis)."""
    if array.shape[-1] >= needed:
        return array
    larger = np.empty((*array.shape[:-1], int(needed * _HEADROOM) + 16), array.dtype)
    larger[..., :used] = array[..., :used]
    return larger
