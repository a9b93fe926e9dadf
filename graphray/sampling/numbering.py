"""Local numbers in order of appearance, for samplers that add nodes some thousands at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class LocalNumbers:
    """The nodes of a subgraph that grows, by type.

    Args:
        node_types: the types.

    Attributes:
        nodes: per type ``int64[n]``, global ids by local number.

    Example:
        >>> numbers = LocalNumbers(["node"])
        >>> numbers.add("node", np.array([9, 4, 9])).tolist()
        [0, 1, 0]
        >>> numbers.end_hop()
        >>> numbers.add("node", np.array([5, 4])).tolist()
        [2, 1]
        >>> numbers.end_hop()
        >>> numbers.nodes["node"].tolist(), numbers.per_hop["node"]
        ([9, 4, 5], (2, 1))
    """

    def __init__(self, node_types: Iterable[str]) -> None:
        self.nodes = {name: np.empty(0, np.int64) for name in node_types}
        self._ends: dict[str, list[int]] = {name: [0] for name in self.nodes}

    @property
    def per_hop(self) -> dict[str, tuple[int, ...]]:
        """How many nodes of each type each hop added."""
        return {name: tuple(np.diff(ends).tolist()) for name, ends in self._ends.items()}

    def add(self, node_type: str, gids: Ints) -> Ints:
        """The local numbers of some nodes, new ones for those that have none yet."""
        known = self.nodes[node_type]
        both = np.concatenate([known, gids])
        _, first, place = np.unique(both, return_index=True, return_inverse=True)
        order = np.argsort(first)
        number = np.empty(len(order), np.int64)
        number[order] = np.arange(len(order))
        self.nodes[node_type] = both[first[order]]
        return number[place[len(known) :]]

    def end_hop(self) -> None:
        """Count what was added since the last hop ended; the seeds are the first hop."""
        for name, nodes in self.nodes.items():
            self._ends[name].append(len(nodes))

    def frontier(self, node_type: str) -> Ints:
        """The nodes that the last hop added."""
        start, stop = self._ends[node_type][-2:]
        return self.nodes[node_type][start:stop]
