"""Matching patterns against the triples with literals, which are values in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kinds.blocks import blocks_of
from graphray.kinds.find_resources import Resource
from graphray.kinds.literals import text_of
from graphray.kinds.terms import Literal, Triple
from graphray.kinds.together import node_cells, take_cells
from graphray.kinds.vocabulary import LiteralColumn
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import user_ids_of
from graphray.shard import ShardArray

Ints = npt.NDArray[np.int64]


class FactMatcher:
    """Finds the literals of one graph that match a pattern.

    Args:
        access: the graph.
        columns: where its literals are.
    """

    def __init__(self, access: PartitionAccess, columns: Sequence[LiteralColumn]) -> None:
        self._access = access
        self._columns = columns

    def match(
        self, subject: Resource | None, predicate: str | None, value: Literal | None
    ) -> Iterator[Triple]:
        """The triples that match, each once, in no particular order.

        Args:
            subject: the subject, or None for any.
            predicate: the predicate's IRI, or None for any.
            value: the object, or None for any.
        """
        columns = [
            column
            for column in self._columns
            if predicate in (None, column.predicate)
            and (subject is None or subject.node_type == column.node_type)
            and (value is None or (value.datatype, value.language) == column.literal_kind)
        ]
        found = self._of(subject, columns) if subject is not None else self._all(columns)
        return (triple for triple in found if value in (None, triple.object))

    def _of(self, subject: Resource, columns: Sequence[LiteralColumn]) -> Iterator[Triple]:
        """The literals of one subject, however many columns they are in, in one round."""
        yield from self._read(columns, np.array([subject.gid]))

    def _all(self, columns: Sequence[LiteralColumn]) -> Iterator[Triple]:
        """Column by column, a block of nodes at a time."""
        for column in columns:
            for gids in blocks_of(self._access, column.node_type):
                yield from self._read([column], gids)

    def _read(self, columns: Sequence[LiteralColumn], gids: Ints) -> Iterator[Triple]:
        """The literals of some nodes in some columns of their type."""
        if not columns:
            return
        node_type = columns[0].node_type
        names = [name for column in columns for name in (column.name, column.written) if name]
        cells = take_cells(
            self._access, [node_cells(self._access, node_type, name, gids) for name in names]
        )
        value_of = dict(zip(names, map(_plain, cells), strict=True))
        ids = user_ids_of(self._access, node_type, gids).tolist()
        nothing = [None] * len(ids)
        for column in columns:
            written = nothing if column.written is None else value_of[column.written]
            for subject, cell, text in zip(ids, value_of[column.name], written, strict=True):
                for literal in _texts(cell, text, column.datatype):
                    yield Triple(
                        subject,
                        column.predicate,
                        Literal(literal, column.datatype, column.language),
                    )


def _plain(cells: ShardArray) -> list[Any]:
    return cells.tolist() if isinstance(cells, np.ndarray) else cells.to_pylist()


def _texts(cell: Any, written: Any, datatype: str) -> Iterator[str]:
    """The texts of one cell: none, one, or a list of them."""
    if isinstance(cell, list):
        for value, text in zip(cell, written or [None] * len(cell), strict=True):
            yield text_of(value, text, datatype)
    elif cell is not None or written is not None:
        yield text_of(cell, written, datatype)
