"""The request for whole adjacency rows, with other values of their entries."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.kernels.gather import gather_spans
from graphray.reading.adjacency import locate_rows
from graphray.reading.draws.hop_rule import RowEntries
from graphray.reading.operations import ShardView
from graphray.schema import Direction, Relation
from graphray.shard import NEIGHBOR, ArrayKey, edges_table

_ENTRIES_PER_ROW, _BYTES_PER_VALUE = 64, 4


@dataclass(frozen=True)
class WholeRows:
    """All entries of some rows.

    Attributes:
        relation: the relation.
        direction: the stored adjacency.
        gids: ``int64[n]``, global ids owned by the partition.
        further: arrays by entry that are wanted beside the neighbours.
    """

    relation: Relation
    direction: Direction
    gids: npt.NDArray[np.int64]
    further: tuple[ArrayKey, ...]

    def answer_bytes(self) -> int:
        """The size of rows of middling length."""
        values = len(self.gids) * _ENTRIES_PER_ROW * (1 + len(self.further))
        return values * _BYTES_PER_VALUE

    def run(self, view: ShardView) -> RowEntries:
        """The rows."""
        adjacency = view.adjacency(self.relation, self.direction, self.further)
        rows = locate_rows(adjacency, self.gids)
        neighbor = ArrayKey(edges_table(self.relation, self.direction), NEIGHBOR)
        bases = {neighbor: adjacency.neighbor_bases, **adjacency.bases}
        dtypes = {neighbor: adjacency.neighbor_dtype, **adjacency.dtypes}
        shapes = {neighbor: (), **adjacency.shapes}
        total = rows.degrees.sum()
        values = {key: np.empty((total, *shapes[key]), dtypes[key]) for key in bases}
        for key, out in values.items():
            words = math.prod(out.shape[1:])
            firsts = bases[key][rows.owners] + rows.first * (words * out.itemsize)
            gather_spans(firsts, rows.degrees * words, out.reshape(-1))
        return RowEntries(rows.first, rows.degrees, values)
