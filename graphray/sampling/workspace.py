"""What a sampling thread keeps from batch to batch: slot tables, and how large the last was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.relabel import LOCAL_BITS, MAX_STAMP, NARROW, WIDE, number_nodes

Ints = npt.NDArray[np.int64]
_HEADROOM = 1.125


class NodeNumbering:
    """The nodes of one type in the batch being made, and their local numbers."""

    def __init__(self, num_nodes: int) -> None:
        self.slots: npt.NDArray[Any] = np.zeros(num_nodes, NARROW)
        self.stamp = 0
        self.nodes = np.empty(1024, np.int64)
        self.count = 0

    def start_batch(self) -> None:
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

    def add(self, gids: Ints) -> None:
        """Number these nodes; those that have a number keep it."""
        self.make_room(len(gids))
        self.count = number_nodes(gids, self.slots, self.stamp, self.nodes, self.count)


class Workspace:
    """The scratch memory of one sampling thread."""

    def __init__(self, nodes_by_type: Mapping[str, int]) -> None:
        self.numberings = {name: NodeNumbering(count) for name, count in nodes_by_type.items()}
        self.edge_capacity: dict[object, int] = {}

    def start_batch(self) -> None:
        """Begin a batch."""
        for numbering in self.numberings.values():
            numbering.start_batch()

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
