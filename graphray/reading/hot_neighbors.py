"""Rows of a frontier that this node keeps among its hot rows, made as good as mapped ones.

Draws read a row by the address of its partition's arrays. A hot row lies elsewhere, so it is given
an address of its own, shifted such that the row's edge positions lead into it: to the rules that
draw, every hot row is a partition more. They draw the same from it as its owner would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.take_rows import EMPTY, find_cached
from graphray.kernels.trees import tree_words
from graphray.reading.adjacency import FrontierRows, MappedAdjacency
from graphray.reading.hot_rows import HotEntries, HotRows
from graphray.shard import NEIGHBOR, STABLE, ArrayKey, edges_table

Ints = npt.NDArray[np.int64]


def find_hot(
    adjacency: MappedAdjacency,
    rows: FrontierRows,
    elsewhere: Ints,
    trees: Ints | None,
    hot: HotRows | None,
) -> tuple[MappedAdjacency, FrontierRows]:
    """The rows of a frontier, and an adjacency to draw them from, with those that are hot.

    Args:
        adjacency: the mapped rows.
        rows: where the frontier's are, as `graphray.reading.adjacency.locate_rows` says; where one
            is hot, its entries are filled in.
        elsewhere: the numbers of those that are not mapped.
        trees: as for `locate_rows`.
        hot: the node's hot rows of this adjacency, if any; without an array that the rule reads
            they are of no use to it.
    """
    entries = None if hot is None else hot.content.entries
    if hot is None or entries is None or not _has(hot, entries, list(adjacency.bases)):
        return adjacency, rows
    places = np.empty(len(elsewhere), np.int32)
    find_cached(rows.gids[elsewhere], hot.gids, hot.slots, places)
    at, places = elsewhere[places != EMPTY], places[places != EMPTY]
    if not len(at):
        return adjacency, rows
    rows.owners[at] = len(adjacency.neighbor_bases) + np.arange(len(at))
    rows.first[at] = entries.first[places]
    rows.degrees[at] = entries.starts[places + 1] - entries.starts[places]
    stable = np.asarray(hot.columns[STABLE])[places]
    rows.words[at] = stable if trees is None else tree_words(stable, trees[at])
    wider = _beside(adjacency, hot, entries, places, rows.gids[at])
    return wider, replace(rows, num_elsewhere=rows.num_elsewhere - len(at))


def _has(hot: HotRows, entries: HotEntries, keys: Sequence[ArrayKey]) -> bool:
    """Whether all of some arrays are kept, by row or by entry."""
    return all(key in entries.values or key.column in hot.columns for key in keys)


def _beside(
    adjacency: MappedAdjacency,
    hot: HotRows,
    entries: HotEntries,
    places: npt.NDArray[np.int32],
    gids: Ints,
) -> MappedAdjacency:
    """The adjacency, and a place for each of some hot rows."""
    entry_shift = entries.starts[places] - entries.first[places]
    row_shift = places - gids
    neighbor = ArrayKey(edges_table(adjacency.relation, adjacency.direction), NEIGHBOR)
    bases, dtypes = {}, {}
    for key in (neighbor, *adjacency.bases):
        by_entry = key in entries.values
        array: npt.NDArray[Any] = np.asarray(
            entries.values[key] if by_entry else hot.columns[key.column]
        )
        width = array.itemsize * math.prod(array.shape[1:])
        bases[key] = array.ctypes.data + (entry_shift if by_entry else row_shift) * width
        dtypes[key] = array.dtype
    return adjacency.beside(bases, dtypes, hot)
