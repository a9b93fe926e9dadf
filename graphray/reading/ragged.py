"""Lists of different lengths, one per row, end to end in one array."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class RaggedArray:
    """A list per row: row i is ``values[offsets[i] : offsets[i + 1]]``.

    The layout that Arrow lists, ``torch.nn.EmbeddingBag`` and nested tensors use.

    Attributes:
        values: the elements of all rows, ``[m]`` in the column's dtype; objects for strings.
        offsets: ``int64[n + 1]``, from 0 to m.

    Example:
        >>> rows = RaggedArray(np.array([5, 6, 7]), np.array([0, 2, 2, 3]))
        >>> len(rows), rows[0].tolist(), rows.lengths.tolist()
        (3, [5, 6], [2, 0, 1])
    """

    values: npt.NDArray[Any]
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> npt.NDArray[Any]:
        start, stop, _ = slice(row, row + 1 or None).indices(len(self))
        if stop <= start:
            raise IndexError(f"row {row} of {len(self)}")
        return self.values[self.offsets[start] : self.offsets[stop]]

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        return (self[row] for row in range(len(self)))

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """How long each row is, ``int64[n]``."""
        return np.diff(self.offsets)

    def tolist(self) -> list[list[Any]]:
        """A plain list of lists."""
        return [row.tolist() for row in self]
