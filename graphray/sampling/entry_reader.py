"""Entries of rows wherever they are: here where they are mapped, else one call per owner."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.reading.access import PartitionAccess
from graphray.reading.draw_entries import Admission, DrawEntries, Entries
from graphray.reading.gather import ask_owners
from graphray.reading.operations import Request
from graphray.reading.walking import Step, stored

Ints = npt.NDArray[np.int64]
NONE_CERTAIN = np.empty((0, 2), np.int64)


class EntryReader:
    """Draws from the rows that one step leads to; safe to use from several threads.

    Args:
        access: the graph.
        step: the relation, and which way it is followed.
        admission: which entries may be drawn; None for all.
    """

    def __init__(
        self, access: PartitionAccess, step: Step, admission: Admission | None = None
    ) -> None:
        self._access, self.step, self._admission = access, step, admission
        self.direction = stored(access.schema, step)
        self._keys = DrawEntries.keys(step.relation, self.direction, admission)

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped."""
        return None not in self._access.mapped(self._keys)

    def draw(self, gids: Ints, caps: Ints, key: int, certain: Ints = NONE_CERTAIN) -> Entries:
        """Entries of the rows of some nodes; see `DrawEntries` for the arguments."""

        def request(at: Ints) -> Request[Entries]:
            # Rows are numbered from 0 in every request.
            place = np.full(len(gids), -1, np.int64)
            place[at] = np.arange(len(at))
            pairs = np.stack([place[certain[:, 0]], certain[:, 1]], axis=1)
            return DrawEntries(
                self.step.relation,
                self.direction,
                gids[at],
                caps[at],
                key,
                self._admission,
                pairs[pairs[:, 0] >= 0],
            )

        owners = self._access.book.owner(self.step.near_type, gids)
        pieces = [
            (at[entries.rows], entries)
            for at, entries in ask_owners(self._access, self._keys, owners, request)
        ]
        if not pieces:
            nothing = np.empty(0, np.int64)
            return Entries(nothing, nothing, nothing)
        rows = np.concatenate([rows for rows, _ in pieces])
        order = np.argsort(rows, kind="stable")
        neighbors = np.concatenate([entries.neighbors for _, entries in pieces])
        positions = np.concatenate([entries.positions for _, entries in pieces])
        return Entries(rows[order], neighbors[order], positions[order])
