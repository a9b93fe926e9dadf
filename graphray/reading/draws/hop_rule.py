"""Rules by which the rows of a hop have to do with each other.

Somebody has to see all of them, so their owners send these rows whole instead of drawing from them
(compare `graphray.reading.draws.rule`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from graphray.reading.adjacency import Draws, FrontierRows, MappedAdjacency
from graphray.reading.draws.rule import HopDraw
from graphray.schema import Direction, Relation
from graphray.shard import NEIGHBOR, ArrayKey, edges_table

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RowEntries:
    """Rows that their owner sent whole, end to end.

    Attributes:
        first: ``int64[n]``, the position of each row's first entry.
        degrees: ``int64[n]``.
        values: of all entries the neighbours, and whatever else was asked for.
    """

    first: Ints
    degrees: Ints
    values: Mapping[ArrayKey, npt.NDArray[Any]]


@dataclass(frozen=True)
class SeenRows:
    """The rows of a hop, each where it lies in this process: mapped, or as it was sent.

    Attributes:
        first: ``int64[n]``, the position of each row's first entry.
        degrees: ``int64[n]``.
        addresses: by array ``int64[n]``, the address of the value of each row's first entry.
        dtypes: by array.
        kept: what keeps the memory alive.
    """

    first: Ints
    degrees: Ints
    addresses: Mapping[ArrayKey, Ints]
    dtypes: Mapping[ArrayKey, np.dtype[Any]]
    kept: tuple[Any, ...]

    def like(self, key: ArrayKey) -> npt.NDArray[Any]:
        """An array of the dtype of one of them."""
        return np.empty(0, self.dtypes[key])


@runtime_checkable
class HopRule(Protocol):
    """One way to choose the neighbours of all rows of a hop at once; an immutable value."""

    def array_keys(self, relation: Relation, direction: Direction) -> tuple[ArrayKey, ...]:
        """The arrays by entry that it reads beside the neighbours."""
        ...

    def draw_all(self, adjacency: MappedAdjacency, rows: SeenRows, hop: HopDraw) -> Draws:
        """The draws of all rows."""
        ...


def seen_rows(
    adjacency: MappedAdjacency,
    rows: FrontierRows,
    keys: Sequence[ArrayKey],
    sent: Sequence[tuple[Ints, RowEntries]],
) -> SeenRows:
    """The rows of a hop where they lie.

    Args:
        adjacency: the rows that are mapped.
        rows: where those of the hop are.
        keys: the arrays that are read beside the neighbours.
        sent: which rows (by number) owners sent, and what they sent.
    """
    neighbor = ArrayKey(edges_table(adjacency.relation, adjacency.direction), NEIGHBOR)
    bases = {neighbor: adjacency.neighbor_bases, **{key: adjacency.bases[key] for key in keys}}
    dtypes = {neighbor: adjacency.neighbor_dtype, **adjacency.dtypes}
    first, degrees = rows.first, rows.degrees
    for _, entries in sent:
        dtypes |= {key: values.dtype for key, values in entries.values.items()}
    addresses = {
        key: bases[key][rows.owners] + first * dtypes[key].itemsize
        for key in bases
        if key in dtypes
    }
    if sent:
        first, degrees = first.copy(), degrees.copy()
    for at, entries in sent:
        first[at], degrees[at] = entries.first, entries.degrees
        starts = np.cumsum(entries.degrees) - entries.degrees
        for key, values in entries.values.items():
            addresses[key][at] = values.ctypes.data + starts * values.itemsize
    return SeenRows(first, degrees, addresses, dtypes, (adjacency, sent))
