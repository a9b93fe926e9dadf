"""The nodes of a disjoint batch: a tree per seed, each with numbers for its own nodes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.trees import number_tree_edges
from graphray.reading.adjacency import Draws
from graphray.sampling.workspace import Frontier, grown

Ints = npt.NDArray[np.int64]


class TreeNumbering:
    """The nodes of one type in the batch being made, the tree of each, and their local numbers.

    A `graphray.sampling.workspace.Numbering` for batches in which a node stands once in each tree
    that met it.
    """

    def __init__(self) -> None:
        self.nodes = np.empty(1024, np.int64)
        self.trees: Ints = np.empty(1024, np.int64)
        self.count = 0
        self._num_trees = 0

    def start_batch(self, num_trees: int) -> None:
        """Forget the nodes of the last batch."""
        self.count, self._num_trees = 0, num_trees

    def add_seeds(self, gids: Ints, trees: Ints) -> None:
        """Number the roots of trees, also one that was numbered for another tree."""
        self._make_room(len(gids))
        room = slice(self.count, self.count + len(gids))
        self.nodes[room], self.trees[room] = gids, trees
        self.count = room.stop

    def number_edges(self, draws: Draws, frontier: Frontier, near: Ints, far: Ints) -> None:
        """Number the neighbours that a frontier drew, tree by tree, and write the edges."""
        assert frontier.trees is not None
        self._make_room(len(draws.neighbors))
        self.count = number_tree_edges(
            draws.neighbors,
            draws.bounds,
            frontier.trees,
            frontier.first,
            self._num_trees,
            self.nodes,
            self.trees,
            self.count,
            near,
            far,
        )

    def _make_room(self, more: int) -> None:
        self.nodes = grown(self.nodes, self.count, self.count + more)
        self.trees = grown(self.trees, self.count, self.count + more)
