"""The data of an eventually consistent replica: cells that any replica may write at any time.

A cell is one column of one key. Of two writes the one with the later stamp stays (last writer
wins), unless the column has a merge function: then both are merged. A merge function has to be
commutative, associative and idempotent (a join: Shapiro et al., "Conflict-Free Replicated Data
Types", SSS 2011), or replicas that see writes in different orders will not agree.

A deletion is a write of None, and stays as a tombstone until nobody can bring an older write of the
cell any more (`forget`).

A write is in *conflict* with what it finds where its writer had not seen that. Conflicts are
resolved as above, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphray.replication.hybrid_clock import BEFORE_ALL, Stamp
from graphray.replication.version_vector import VersionVector

Place: TypeAlias = tuple[bytes, str]
"""A key and a column."""

Merge: TypeAlias = Callable[[bytes, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Update:
    """One write, as the replica that accepted it numbered it.

    Attributes:
        origin, number: which replica accepted it, and as its how manieth; unique.
        stamp: its place in the order of writes.
        seen: what its writer had seen, by origin.
        client, seq: whose write it is; the same in every attempt.
        place: the cell.
        value: what to write; None deletes.
    """

    origin: str
    number: int
    stamp: Stamp
    seen: VersionVector
    client: str
    seq: int
    place: Place
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds, and which write it is from."""

    stamp: Stamp
    origin: str
    number: int
    value: bytes | None


class Cells:
    """All cells of one replica.

    Args:
        merges: by column, how concurrent values are merged; other columns keep the last write.
    """

    def __init__(self, merges: Mapping[str, Merge]) -> None:
        self._merges = merges
        self._cells: dict[Place, Cell] = {}
        self._forgotten = BEFORE_ALL
        self.conflicts = 0

    def get(self, place: Place) -> Cell | None:
        """A cell, tombstones included."""
        return self._cells.get(place)

    def items(self) -> Iterator[tuple[Place, Cell]]:
        """All cells, tombstones included."""
        return iter(self._cells.items())

    def must_exceed(self, place: Place) -> Stamp:
        """A new write of this cell has to have a later stamp than this.

        Else a tombstone, perhaps one that is kept no longer, would beat it here and not elsewhere.
        """
        cell = self._cells.get(place)
        if cell is None:
            return self._forgotten
        return cell.stamp if cell.value is None else BEFORE_ALL

    def write(self, update: Update) -> None:
        """Apply one write."""
        new = Cell(update.stamp, update.origin, update.number, update.value)
        old = self._cells.get(update.place)
        if old is not None:
            # The same stamp is the same write, taken by two replicas because it was sent again.
            if old.stamp != new.stamp and update.seen[old.origin] < old.number:
                self.conflicts += 1
            new = self._join(update.place, old, new)
        self._cells[update.place] = new

    def _join(self, place: Place, one: Cell, other: Cell) -> Cell:
        """What both leave; the order does not matter."""
        loser, winner = sorted((one, other), key=lambda c: (c.stamp, c.origin, c.number))
        merge = self._merges.get(place[1])
        if merge is None or winner.value is None or loser.value is None:
            return winner
        return Cell(winner.stamp, winner.origin, winner.number, merge(loser.value, winner.value))

    def join_all(
        self, cells: Mapping[Place, Cell], theirs: VersionVector, ours: VersionVector
    ) -> None:
        """Take over another replica's cells.

        Args:
            cells: all that it holds.
            theirs: the writes that it has seen.
            ours: the writes seen here.
        """
        for place, cell in list(self._cells.items()):
            # It saw this write and holds the cell no longer: a tombstone has come and gone.
            if place not in cells and theirs[cell.origin] >= cell.number:
                del self._cells[place]
        for place, cell in cells.items():
            own = self._cells.get(place)
            if own is not None:
                self._cells[place] = self._join(place, own, cell)
            elif ours[cell.origin] < cell.number:
                self._cells[place] = cell

    def forget(self, place: Place) -> None:
        """Drop a tombstone that every replica has seen, and that no older write can meet."""
        cell = self._cells.pop(place)
        assert cell.value is None, f"{place} is no tombstone"
        self._forgotten = max(self._forgotten, cell.stamp)

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        cells = tuple(
            (place, tuple(c.stamp), c.origin, c.number, c.value) for place, c in self._cells.items()
        )
        return cells, tuple(self._forgotten), self.conflicts

    def load_plain(self, plain: tuple[Any, ...]) -> None:
        """The inverse of `to_plain`."""
        cells, forgotten, self.conflicts = plain
        self._cells = cells_from_plain(cells)
        self._forgotten = Stamp(*forgotten)


def cells_from_plain(plain: tuple[Any, ...]) -> dict[Place, Cell]:
    """Cells from the first part of `Cells.to_plain`."""
    return {
        (place[0], place[1]): Cell(Stamp(*stamp), origin, number, value)
        for place, stamp, origin, number, value in plain
    }
