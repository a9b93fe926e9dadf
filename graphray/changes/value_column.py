"""An Arrow column that grows: pieces that are joined as they pile up.

Of two neighbouring pieces the later one is less than half as long, or they are joined. So n rows
that come in small pieces lie in about log2(n) pieces, and each is copied about log2(n) times.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import pyarrow as pa

from graphray.changes.plain_arrays import Ints, array_from_plain, array_to_plain

_FEW_ROWS = 16
"""So many are picked one by one, which takes less than sorting them by piece."""


class ValueColumn:
    """Values by row.

    Args:
        dtype: their type.

    Example:
        >>> column = ValueColumn(pa.string())
        >>> column.append(pa.array(["a", "b"]))
        >>> column.append(pa.array(["c"]))
        >>> column.take(np.array([2, 0])).to_pylist()
        ['c', 'a']
    """

    def __init__(self, dtype: pa.DataType) -> None:
        self.dtype = dtype
        self._pieces: list[pa.Array] = []
        self._ends: list[int] = []

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return sum(piece.nbytes for piece in self._pieces)

    def append(self, values: pa.Array) -> None:
        """Add rows."""
        if len(values) == 0:
            return
        pieces = self._pieces
        pieces.append(values)
        first = len(pieces) - 1
        joined = len(values)
        while first > 0 and len(pieces[first - 1]) < 2 * joined:
            first -= 1
            joined += len(pieces[first])
        if first < len(pieces) - 1:
            pieces[first:] = [pa.concat_arrays(pieces[first:])]
        self._ends = np.cumsum([len(piece) for piece in pieces]).tolist()

    def append_nulls(self, count: int) -> None:
        """Add rows without a value."""
        self.append(pa.nulls(count, self.dtype))

    def take(self, rows: Ints) -> pa.Array:
        """Some rows, in the order asked for."""
        if len(rows) == 0:
            return pa.nulls(0, self.dtype)
        if len(self._pieces) == 1:
            return self._pieces[0].take(pa.array(rows))
        if len(rows) <= _FEW_ROWS:
            return pa.concat_arrays([self._row(row) for row in rows.tolist()])
        piece_of = np.searchsorted(self._ends, rows, side="right")
        order = np.argsort(piece_of, kind="stable")
        taken = [
            self._within(number, rows[piece_of == number])
            for number in np.unique(piece_of).tolist()
        ]
        back = np.empty(len(rows), np.int64)
        back[order] = np.arange(len(rows))
        return pa.concat_arrays(taken).take(pa.array(back))

    def keep(self, rows: Ints) -> None:
        """Keep these rows only, in this order."""
        self.load(self.take(rows))

    def load(self, values: pa.Array) -> None:
        """Replace all rows."""
        self._pieces, self._ends = [], []
        self.append(values)

    def to_plain(self) -> tuple[bytes, bytes]:
        """A plain structure, for packing."""
        return array_to_plain(self.take(np.arange(len(self))))

    def load_plain(self, plain: tuple[bytes, bytes]) -> None:
        """The inverse of `to_plain`."""
        self.load(array_from_plain(plain))

    def _row(self, row: int) -> pa.Array:
        piece = bisect_right(self._ends, row)
        return self._pieces[piece].slice(row - (self._ends[piece - 1] if piece else 0), 1)

    def _within(self, piece: int, rows: Ints) -> pa.Array:
        start = self._ends[piece - 1] if piece else 0
        return self._pieces[piece].take(pa.array(rows - start))
