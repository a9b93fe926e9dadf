"""Reading many tables in one round: one request per partition, however many tables there are.

A knowledge graph has a relation per predicate, and a column per predicate of literals: hundreds of
each. What is known of one entity lies in a row of every one of them, mostly an empty row. Asked one
after another they would be hundreds of calls wherever the entity's partition is not mapped; here
they are one.

Where the tables are few, their arrays are mapped as everywhere else. Where they are many, the
owners are asked even if they are near: publishing thousands of arrays to read a row of each would
take longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kinds.adjacent import Adjacent
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import ALL_NEIGHBORS, MappedAdjacency, locate_rows
from graphray.reading.draws.rule import HopDraw, draw
from graphray.reading.draws.uniform import Uniform
from graphray.reading.gather import ask_owners
from graphray.reading.operations import ShardView, take
from graphray.reading.row_reading import merge
from graphray.schema import Direction, Relation
from graphray.shard import ArrayKey, ShardArray, edges_table, nodes_table

Ints = npt.NDArray[np.int64]

_MAPPED_ARRAYS_MAX = 64


class Walk(NamedTuple):
    """Some nodes and one relation to follow from them.

    Attributes:
        relation: a relation of the schema.
        direction: "out" for where edges lead, "in" for where they come from.
        gids: ``int64[n]``, global ids of the relation's near type.
    """

    relation: Relation
    direction: Direction
    gids: Ints

    @property
    def near_type(self) -> str:
        """The type of the nodes to start from."""
        return self.relation.near_type(self.direction)

    @property
    def far_type(self) -> str:
        """The type of the nodes that are reached."""
        return self.relation.far_type(self.direction)


def follow(access: PartitionAccess, walks: Sequence[Walk]) -> list[Adjacent]:
    """The adjacency entries of every walk.

    Returns:
        As many as there are walks, in their order, each as `graphray.kinds.adjacent.Adjacency.of`
        returns it.
    """
    stored = tuple(
        (walk.relation, access.schema.relation_type(walk.relation).stored_direction(walk.direction))
        for walk in walks
    )
    bounds = _bounds([len(walk.gids) for walk in walks])
    codes = np.repeat(np.arange(len(walks)), np.diff(bounds))
    gids = _joined([walk.gids for walk in walks])
    owners = _joined([access.book.owner(walk.near_type, walk.gids) for walk in walks])
    keys = list(dict.fromkeys(key for name in stored for key in MappedAdjacency.keys(*name)))
    answers = ask_owners(
        access,
        keys if len(keys) <= _MAPPED_ARRAYS_MAX else [],
        owners,
        lambda at: FollowRows(stored, codes[at], gids[at]),
    )
    # Whatever partition an entry came from: rows rise, and the entries of a row stay in order.
    entries = np.concatenate(
        [np.empty((3, 0), np.int64), *(np.stack([at[e.rows], *e[1:]]) for at, e in answers)], axis=1
    )
    rows, neighbors, positions = entries[:, np.argsort(entries[0], kind="stable")]
    ends = np.searchsorted(rows, bounds)
    return [
        Adjacent(rows[start:end] - first, neighbors[start:end], positions[start:end])
        for first, start, end in zip(bounds, ends, ends[1:], strict=False)
    ]


class Entries(NamedTuple):
    """Adjacency entries of several relations: the arrays of `Adjacent`, ``int64[m]`` each."""

    rows: Ints
    neighbors: Ints
    positions: Ints


@dataclass(frozen=True)
class FollowRows:
    """Read all entries of some of the partition's own nodes, each along its relation.

    Attributes:
        adjacencies: relations and stored directions.
        codes: ``int64[n]``, positions in ``adjacencies``; rising.
        gids: ``int64[n]``, global ids owned by the partition.
    """

    adjacencies: tuple[tuple[Relation, Direction], ...]
    codes: Ints
    gids: Ints

    def run(self, view: ShardView) -> Entries:
        """The entries; ``rows`` are positions in ``gids``."""
        pieces = [np.empty((3, 0), np.int64)]
        for code, first, end in _runs(self.codes):
            adjacency = view.adjacency(*self.adjacencies[code])
            # All neighbours are taken, so that the key of the random stream decides nothing.
            rows = locate_rows(adjacency, self.gids[first:end])
            draws = draw(Uniform(), adjacency, rows, HopDraw(ALL_NEIGHBORS, key=0))
            if len(draws.neighbors):
                numbers = np.repeat(np.arange(first, end), np.diff(draws.bounds))
                pieces.append(
                    np.stack([numbers, draws.neighbors.astype(np.int64), draws.positions])
                )
        return Entries(*np.concatenate(pieces, axis=1))


class Cells(NamedTuple):
    """Some rows of one column.

    Attributes:
        key: the column.
        owners: ``int64[n]``, the partition that has each row.
        rows: ``int64[n]``, row numbers within the owner's table.
    """

    key: ArrayKey
    owners: Ints
    rows: Ints


def node_cells(access: PartitionAccess, node_type: str, column: str, gids: Ints) -> Cells:
    """A column of nodes given by global id."""
    owners = access.book.owner(node_type, gids)
    rows = gids - access.book.node_offsets[node_type][owners]
    return Cells(ArrayKey(nodes_table(node_type), column), owners, rows)


def edge_cells(
    access: PartitionAccess, relation: Relation, direction: Direction, column: str, positions: Ints
) -> Cells:
    """A column of edges given by position in the stored direction."""
    adjacency = (relation, direction)
    owners = access.book.edge_owner(adjacency, positions)
    rows = positions - access.book.edge_offsets[adjacency][owners]
    return Cells(ArrayKey(edges_table(relation, direction), column), owners, rows)


def take_cells(access: PartitionAccess, wanted: Sequence[Cells]) -> list[ShardArray]:
    """The values of every column asked for, each aligned with its rows; none may be empty."""
    keys = tuple(cells.key for cells in wanted)
    codes = np.repeat(np.arange(len(wanted)), [len(cells.rows) for cells in wanted])
    rows = _joined([cells.rows for cells in wanted])
    owners = _joined([cells.owners for cells in wanted])
    distinct = list(dict.fromkeys(keys))
    answers = ask_owners(
        access,
        distinct if len(distinct) <= _MAPPED_ARRAYS_MAX else [],
        owners,
        lambda at: TakeCells(keys, codes[at], rows[at]),
    )
    places: list[list[Ints]] = [[] for _ in wanted]
    pieces: list[list[ShardArray]] = [[] for _ in wanted]
    for at, values in answers:
        for (code, first, end), piece in zip(_runs(codes[at]), values, strict=True):
            places[code].append(at[first:end])
            pieces[code].append(piece)
    starts = np.searchsorted(codes, np.arange(len(wanted)))
    return [
        merge([place - start for place in found], values)
        for start, found, values in zip(starts, places, pieces, strict=True)
    ]


@dataclass(frozen=True)
class TakeCells:
    """Pick rows of several columns.

    Attributes:
        keys: the columns.
        codes: ``int64[n]``, positions in ``keys``; rising.
        rows: ``int64[n]``, row numbers within the shard's tables.
    """

    keys: tuple[ArrayKey, ...]
    codes: Ints
    rows: Ints

    def run(self, view: ShardView) -> list[ShardArray]:
        """An array for every column that has rows, in their order."""
        return [
            take(view.shard.array(self.keys[code]), self.rows[first:end])
            for code, first, end in _runs(self.codes)
        ]


def _runs(codes: Ints) -> Iterator[tuple[int, int, int]]:
    """Each value of a rising array, with where it begins and ends."""
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    for first, end in zip(starts.tolist(), [*starts[1:].tolist(), len(codes)], strict=False):
        yield int(codes[first]), first, end


def _bounds(lengths: Sequence[int]) -> Ints:
    return np.cumsum([0, *lengths])


def _joined(pieces: Sequence[Ints]) -> Ints:
    return np.concatenate([np.empty(0, np.int64), *pieces])
