"""Drawing entries of adjacency rows that a column admits, some of them for certain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.kernels.rows import copy_rows, entry_words, row_spans
from graphray.reading.adjacency import MappedAdjacency
from graphray.reading.operations import ShardView, take
from graphray.reading.walking import stacked
from graphray.schema import Direction, Relation
from graphray.shard import STABLE, ArrayKey, edges_table, nodes_table

Ints = npt.NDArray[np.int64]
ALL = 2**62


@dataclass(frozen=True)
class Admission:
    """Which entries may be drawn.

    Attributes:
        column: a string column of the edges.
        values: the values that are admitted; an entry without a value is not.
    """

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Entries:
    """Entries of some rows, row after row in canonical order.

    Attributes:
        rows: ``int64[m]``, which row each belongs to; rising.
        neighbors: ``int64[m]``, global ids.
        positions: ``int64[m]``, edge positions.
    """

    rows: Ints
    neighbors: Ints
    positions: Ints


@dataclass(frozen=True)
class DrawEntries:
    """Draw entries of rows, uniformly and without replacement.

    Every entry has a random word, and the smallest are taken: so it does not matter that which
    entries are admitted is only known once they have been read.

    Attributes:
        relation: the relation.
        direction: the stored adjacency.
        gids: ``int64[n]``, global ids owned by the partition; one may stand there twice.
        caps: ``int64[n]``, how many entries to draw at most of each row, or `ALL`.
        key: the key of the draw's random stream.
        admission: which entries may be drawn; None for all.
        certain: ``int64[c, 2]``, pairs of a row (by number) and a neighbour; its entries are taken
            in any case, and count.
    """

    relation: Relation
    direction: Direction
    gids: Ints
    caps: Ints
    key: int
    admission: Admission | None
    certain: Ints

    @staticmethod
    def keys(
        relation: Relation, direction: Direction, admission: Admission | None
    ) -> list[ArrayKey]:
        """The arrays that are read."""
        keys = list(MappedAdjacency.keys(relation, direction))
        if admission is not None:
            keys.append(ArrayKey(edges_table(relation, direction), admission.column))
        return keys

    def run(self, view: ShardView) -> Entries:
        """The entries drawn."""
        adjacency = view.adjacency(self.relation, self.direction)
        tables = stacked([adjacency])
        firsts, degrees = np.empty((2, len(self.gids)), np.int64)
        row_spans(self.gids, tables, firsts, degrees)
        rows = np.repeat(np.arange(len(degrees)), degrees)
        neighbors = copy_rows(firsts, degrees, tables.widths[0])
        base = int(adjacency.neighbor_bases[view.part])
        starts = (firsts - base) // adjacency.neighbor_dtype.itemsize
        positions = np.arange(len(rows)) + (starts - np.cumsum(degrees) + degrees)[rows]
        taken = self._taken(view, adjacency, rows, degrees, neighbors, positions)
        return Entries(rows[taken], neighbors[taken], positions[taken])

    def _taken(
        self,
        view: ShardView,
        adjacency: MappedAdjacency,
        rows: Ints,
        degrees: Ints,
        neighbors: Ints,
        positions: Ints,
    ) -> Ints:
        """Which of all the entries of the rows are taken."""
        span = view.book.num_nodes(adjacency.far_type)
        pairs = self.certain[:, 0] * span + self.certain[:, 1]
        certain = np.isin(rows * span + neighbors, pairs)
        first_gid = int(adjacency.node_offsets[view.part])
        owned = view.shard.array(ArrayKey(nodes_table(adjacency.near_type), STABLE))
        stable = np.asarray(owned)[self.gids - first_gid].astype(np.int64)
        words = entry_words(stable, degrees, np.uint64(self.key))
        # By row, the certain ones first; then those admitted, in the order of their words.
        place = np.where(certain, 0, np.where(self._admitted(view, adjacency, positions), 1, 2))
        order = np.lexsort((words, place, rows))
        rank = np.empty(len(rows), np.int64)
        rank[order] = np.arange(len(rows)) - (np.cumsum(degrees) - degrees)[rows]
        return np.flatnonzero(certain | ((place == 1) & (rank < self.caps[rows])))

    def _admitted(
        self, view: ShardView, adjacency: MappedAdjacency, positions: Ints
    ) -> npt.NDArray[np.bool_]:
        if self.admission is None:
            return np.ones(len(positions), bool)
        key = ArrayKey(edges_table(self.relation, self.direction), self.admission.column)
        values = take(view.shard.array(key), positions - int(adjacency.edge_offsets[view.part]))
        wanted = pa.array(self.admission.values, pa.string())
        return np.asarray(pc.is_in(pa.array(values).cast(pa.string()), value_set=wanted), bool)
