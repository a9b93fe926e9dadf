"""Requests for adjacency rows, or for what of them is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.among import entries_among
from graphray.kernels.rows import copy_rows, row_spans
from graphray.reading.adjacency import locate_rows
from graphray.reading.operations import ShardView
from graphray.reading.walking import stacked
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RowsUpTo:
    """The lengths of some rows, and what is in those that are short enough.

    Attributes:
        relation: the relation.
        direction: the stored adjacency.
        gids: ``int64[n]``, global ids owned by the partition.
        degree_max: ``int64[n]``, up to which length each row is wanted.
    """

    relation: Relation
    direction: Direction
    gids: Ints
    degree_max: Ints

    def run(self, view: ShardView) -> tuple[Ints, npt.NDArray[Any]]:
        """The lengths of all rows, ``int64[n]``, and the entries of those wanted, end to end."""
        adjacency = view.adjacency(self.relation, self.direction)
        rows = stacked([adjacency])
        firsts, degrees = np.empty((2, len(self.gids)), np.int64)
        row_spans(self.gids, rows, firsts, degrees)
        wanted = degrees <= self.degree_max
        entries = copy_rows(firsts[wanted], degrees[wanted], rows.widths[0])
        return degrees, entries.astype(adjacency.neighbor_dtype)


@dataclass(frozen=True)
class EntriesAmong:
    """The entries of some rows that lead to some nodes.

    Attributes:
        relation: the relation.
        direction: the stored adjacency.
        gids: ``int64[n]``, global ids owned by the partition.
        members: ``int64[m]``, distinct global ids, whoever owns them.
    """

    relation: Relation
    direction: Direction
    gids: Ints
    members: Ints

    def run(self, view: ShardView) -> tuple[Ints, Ints, Ints]:
        """Entries per row (``int64[n]``), and of each the member it names and its position."""
        adjacency = view.adjacency(self.relation, self.direction)
        counts, named, places = entries_among(self.gids, stacked([adjacency]), self.members)
        firsts = locate_rows(adjacency, self.gids).first
        return counts, named, places + np.repeat(firsts, counts)
