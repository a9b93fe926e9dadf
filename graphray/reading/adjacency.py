"""One relation's adjacency over all partitions, as far as this process has them mapped."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.book import PartitionBook
from graphray.kernels.neighbors import draw_rows, find_rows
from graphray.kernels.trees import tree_words
from graphray.reading.compact import Compact, compact, restored
from graphray.schema import Direction, Relation
from graphray.shard import (
    INDPTR,
    NEIGHBOR,
    STABLE,
    ArrayKey,
    ShardArray,
    edges_table,
    id_dtype,
    nodes_table,
    rows_table,
)

ALL_NEIGHBORS = -1
_UNLIMITED = 2**62


class MappedAdjacency:
    """The rows of one relation in one direction, addressed by global id.

    Holds the arrays of the mapped partitions and, for the kernels, their addresses.

    Args:
        book: the graph's partition book.
        relation: the relation.
        direction: the stored adjacency: "in" has a row per destination, "out" per source.
        mapped: per partition the arrays of `keys` and the further ones, or None where the partition
            is not mapped.
        further: more arrays that the draws read, by entry or by row of the adjacency.

    Attributes:
        num_far_nodes: how many nodes of the neighbours' type the graph has.
        bases: per further array ``int64[parts]``, its addresses.
        dtypes: per further array its dtype, where any partition is mapped.
        shapes: per further array the shape of a single value, likewise.
    """

    def __init__(
        self,
        book: PartitionBook,
        relation: Relation,
        direction: Direction,
        mapped: Sequence[Mapping[ArrayKey, ShardArray] | None],
        further: Sequence[ArrayKey] = (),
    ) -> None:
        self.relation, self.direction = relation, direction
        self.near_type = relation.near_type(direction)
        self.far_type = relation.far_type(direction)
        self.node_offsets = book.node_offsets[self.near_type]
        self.far_offsets = book.node_offsets[self.far_type]
        self.edge_offsets = book.edge_offsets[relation, direction]
        self.num_far_nodes = book.num_nodes(self.far_type)
        self.neighbor_dtype = id_dtype(self.num_far_nodes)
        self.stable_dtype = id_dtype(book.num_nodes(self.near_type))
        # The kernels see addresses only; these references keep what they point at alive.
        keys = (*self.keys(relation, direction), *further)
        self._kept: Any = None
        self._arrays = [
            None if part is None else [_contiguous(part[key]) for key in keys] for part in mapped
        ]
        self.indptr_bases = self._bases(0, self.node_offsets, np.dtype(np.int64))
        self.neighbor_bases = self._bases(1, self.edge_offsets, self.neighbor_dtype)
        self.stable_bases = self._bases(2, self.node_offsets, self.stable_dtype)
        self.bases: dict[ArrayKey, npt.NDArray[np.int64]] = {}
        self.dtypes: dict[ArrayKey, np.dtype[Any]] = {}
        self.shapes: dict[ArrayKey, tuple[int, ...]] = {}
        by_entry = edges_table(relation, direction)
        for which, key in enumerate(further, start=len(keys) - len(further)):
            offsets = self.edge_offsets if key.table == by_entry else self.node_offsets
            for arrays in self._arrays:
                if arrays is not None:
                    self.dtypes[key] = arrays[which].dtype
                    self.shapes[key] = arrays[which].shape[1:]
            self.bases[key] = self._bases(which, offsets, self.dtypes.get(key, np.dtype(np.uint8)))

    @staticmethod
    def keys(relation: Relation, direction: Direction) -> tuple[ArrayKey, ArrayKey, ArrayKey]:
        """The arrays that an adjacency is made of: row bounds, neighbours, stable ids."""
        near_type = relation.near_type(direction)
        return (
            ArrayKey(rows_table(relation, direction), INDPTR),
            ArrayKey(edges_table(relation, direction), NEIGHBOR),
            ArrayKey(nodes_table(near_type), STABLE),
        )

    @property
    def is_complete(self) -> bool:
        """Whether every partition is mapped."""
        return all(arrays is not None for arrays in self._arrays)

    def beside(
        self,
        bases: Mapping[ArrayKey, npt.NDArray[np.int64]],
        dtypes: Mapping[ArrayKey, np.dtype[Any]],
        kept: Any,
    ) -> MappedAdjacency:
        """The same, and further places where single rows lie, for rows that have been located.

        To the rules that draw, such a place is one more partition: its number goes on from theirs.

        Args:
            bases: of the neighbours and of each further array ``int64[places]``, addresses shifted
                as those of partitions are.
            dtypes: of the further arrays, by key.
            kept: what keeps the memory alive.
        """
        wider = copy.copy(self)
        neighbor = ArrayKey(edges_table(self.relation, self.direction), NEIGHBOR)
        wider.neighbor_bases = np.concatenate([self.neighbor_bases, bases[neighbor]])
        wider.bases = {key: np.concatenate([self.bases[key], bases[key]]) for key in self.bases}
        wider.dtypes = {**self.dtypes, **{key: dtypes[key] for key in self.bases}}
        wider._kept = kept
        return wider

    def _bases(
        self, which: int, offsets: npt.NDArray[np.int64], dtype: np.dtype[Any]
    ) -> npt.NDArray[np.int64]:
        """Addresses shifted so that global numbers index them; 0 where a partition is absent."""
        bases = np.zeros(len(self._arrays), np.int64)
        for part, arrays in enumerate(self._arrays):
            if arrays is not None:
                array = arrays[which]
                assert array.dtype == dtype
                row_bytes = array.itemsize * math.prod(array.shape[1:])
                bases[part] = array.ctypes.data - int(offsets[part]) * row_bytes
        return bases


@dataclass(frozen=True)
class Draws:
    """What was drawn for the rows of a frontier.

    Attributes:
        bounds: ``int64[rows + 1]``; row i's draws are ``bounds[i] : bounds[i + 1]``.
        positions: ``int64[draws]``, edge positions.
        neighbors: ``uint32`` or ``int64[draws]``, global ids.
        weights: ``float64[draws]``, by which each stands for others like it; None where the rule
            gives no weights.
    """

    bounds: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    neighbors: npt.NDArray[Any]
    weights: npt.NDArray[np.float64] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Answers are small on their way: see `graphray.reading.compact`.
        return _travelled, (
            compact(self.bounds),
            compact(self.positions),
            self.neighbors,
            self.weights,
        )


def _travelled(
    bounds: Compact,
    positions: Compact,
    neighbors: npt.NDArray[Any],
    weights: npt.NDArray[np.float64] | None,
) -> Draws:
    return Draws(restored(bounds), restored(positions), neighbors, weights)


@dataclass(frozen=True)
class FrontierRows:
    """Where the adjacency rows of a frontier are.

    Attributes:
        gids: ``int64[n]``, the frontier.
        owners: as `find_rows` fills it, as are the next two.
        first: position of each row's first entry.
        degrees: length of each row, or `graphray.kernels.neighbors.ELSEWHERE`.
        words: what each row's random stream is keyed by: the node's stable id, in a disjoint batch
            together with the tree that the node stands in.
        num_elsewhere: how many rows are not mapped here.
    """

    gids: npt.NDArray[np.int64]
    owners: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64]
    degrees: npt.NDArray[np.int64]
    words: npt.NDArray[Any]
    num_elsewhere: int


def _contiguous(array: ShardArray) -> npt.NDArray[Any]:
    assert isinstance(array, np.ndarray)
    assert array.flags.c_contiguous
    return array


def locate_rows(
    adjacency: MappedAdjacency,
    frontier: npt.NDArray[np.int64],
    trees: npt.NDArray[np.int64] | None = None,
) -> FrontierRows:
    """Look up the rows of a frontier.

    Args:
        adjacency: the rows.
        frontier: ``int64[n]``, global ids.
        trees: ``int64[n]``, the tree of each in a disjoint batch; None in a merged one.
    """
    count = len(frontier)
    owners = np.empty(count, np.int32)
    first, degrees = np.empty(count, np.int64), np.empty(count, np.int64)
    stable = np.empty(count, adjacency.stable_dtype)
    num_elsewhere = find_rows(
        frontier,
        adjacency.node_offsets,
        adjacency.edge_offsets,
        adjacency.indptr_bases,
        adjacency.stable_bases,
        owners,
        first,
        degrees,
        stable,
    )
    words = stable if trees is None else tree_words(stable, trees)
    return FrontierRows(frontier, owners, first, degrees, words, num_elsewhere)


def draw_located(
    adjacency: MappedAdjacency,
    rows: FrontierRows,
    bounds: npt.NDArray[np.int64],
    fanout: int,
    key: int,
    positions: npt.NDArray[np.int64],
) -> Draws:
    """Draw for the rows that are mapped here; room for the others is left as it is.

    Args:
        adjacency: the rows.
        rows: where they are.
        bounds: ``int64[rows + 1]``, where each row's draws go.
        fanout: draws per row, or `ALL_NEIGHBORS`.
        key: the key of the hop's random streams.
        positions: filled with the edge positions, ``int64[bounds[-1]]``.
    """
    neighbors = np.empty(bounds[-1], adjacency.neighbor_dtype)
    draw_rows(
        rows.first,
        rows.degrees,
        rows.words,
        rows.owners,
        bounds,
        effective_fanout(fanout),
        np.uint64(key),
        adjacency.neighbor_bases,
        positions,
        neighbors,
    )
    return Draws(bounds, positions, neighbors)


def effective_fanout(fanout: int) -> int:
    """The fanout as the kernels take it: a number that no degree exceeds, for all neighbours."""
    return _UNLIMITED if fanout == ALL_NEIGHBORS else fanout
