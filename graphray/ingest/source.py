"""A table that came in, and where each of its rows came from.

Whatever a user brings becomes one Arrow table. Messages about it name the place the user knows:
the file and the row in it, or the frame that was passed. Rows count from 0, as edge ids and
``frame.iloc`` do, except in CSV, where they count as an editor does: the header is row 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from graphray.bfloat16 import type_words
from graphray.errors import InputError
from graphray.schema import Column
from graphray.shard import RESERVED_PREFIX


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of one origin: a file, or an object in memory."""

    label: str
    rows: int
    first_row: int = 0


@dataclass(frozen=True)
class Source:
    """A table with the origins of its rows, in order."""

    table: pa.Table
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, table: pa.Table, label: str, first_row: int = 0) -> Source:
        """A table from a single origin."""
        return cls(table, (Piece(label, table.num_rows, first_row),))

    @property
    def label(self) -> str:
        """The origin, or the first of several."""
        more = len(self.pieces) - 1
        return self.pieces[0].label + (f" and {more} more" if more else "")

    def problem(
        self,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        kind: type[InputError] = InputError,
    ) -> InputError:
        """The error about a row of the table, naming file, row and column."""
        if row is None:
            return kind(message, source=self.label, column=column)
        label, row = self.locate(row)
        return kind(message, source=label, row=row, column=column)

    def locate(self, row: int) -> tuple[str, int]:
        """The origin of a row of the table, and its number there."""
        for piece in self.pieces:
            if row < piece.rows:
                return piece.label, row + piece.first_row
            row -= piece.rows
        raise AssertionError(f"row {row} beyond the table of {self.label}")

    def slice(self, start: int, count: int) -> Source:
        """Some consecutive rows, without copying."""
        pieces, at = [], 0
        for piece in self.pieces:
            low, high = max(start, at), min(start + count, at + piece.rows)
            if low < high:
                pieces.append(Piece(piece.label, high - low, piece.first_row + low - at))
            at += piece.rows
        return Source(self.table.slice(start, count), tuple(pieces))

    def properties(self, except_for: Iterable[str]) -> pa.Table:
        """The columns that are no ids, in the types that the store keeps.

        Raises:
            InputError: where a name is reserved, or stands twice.
        """
        table = self.table.drop_columns(list(except_for))
        for name in table.column_names:
            if name.startswith(RESERVED_PREFIX):
                raise self.problem(
                    f"column names that start with {RESERVED_PREFIX!r} are GraphRay's own; "
                    "rename the column",
                    column=name,
                )
        return pa.table(
            [_storable(table.column(i)) for i in range(table.num_columns)], table.column_names
        )

    def check_names(self) -> None:
        """Raise InputError where two columns have one name."""
        names = self.table.column_names
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise self.problem("two columns have this name; rename one", column=twice)


def columns_of(table: pa.Table) -> tuple[Column, ...]:
    """The columns of a table as the schema states them."""
    return tuple(Column(field.name, type_words(field.type)) for field in table.schema)


def _storable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Plain values with 64-bit offsets: one piece then holds any column, whatever its size."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_string_view(column.type):
        return column.cast(pa.large_string())
    if pa.types.is_binary(column.type) or pa.types.is_binary_view(column.type):
        return column.cast(pa.large_binary())
    return column
