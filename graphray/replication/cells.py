"""The data of an eventually consistent replica: cells that any replica may write at any time.

A cell is one column of one key. Of two writes the one with the later stamp stays (last writer
wins), unless the column has a merge function: then both are merged. A merge function has to be
commutative, associative and idempotent (a join: Shapiro et al., "Conflict-Free Replicated Data
Types", SSS 2011), or replicas that see writes in different orders will not agree.

A deletion is a write of None, and stays as a tombstone until nobody can bring an older write of the
cell any more (`forget`). What is merged cannot be taken back: in a column with a merge function a
deletion changes nothing. (It would otherwise depend on the order of arrival whether a value is
merged before it is deleted or after.)

A write is in *conflict* with what it finds where its writer had not seen that. Conflicts are
resolved as above, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphray.replication.hybrid_clock import BEFORE_ALL, Stamp
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

_CELL_BYTES = 50

Place: TypeAlias = tuple[bytes, str]
"""A key and a column."""

Writes: TypeAlias = tuple[tuple[Place, bytes | None], ...]
"""What to write into which cells, each named once; None deletes."""

Merge: TypeAlias = Callable[[bytes, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Update:
    """One write of some cells, as the replica that accepted it numbered it.

    Attributes:
        origin, number: which replica accepted it, and as its how manieth; unique.
        stamp: its place in the order of writes.
        seen: what its writer had seen, by origin.
        client, seq: whose write it is; the same in every attempt.
        writes: the cells.
        elsewhere: what its writer had seen of other partitions; nobody waits for that here, but
            who reads the write learns of it.
    """

    origin: str
    number: int
    stamp: Stamp
    seen: VersionVector
    client: str
    seq: int
    writes: Writes
    elsewhere: VersionVector = NOTHING_SEEN

    @property
    def size_bytes(self) -> int:
        """About how much it takes in a message."""
        return sum(_CELL_BYTES + len(key) + len(value or b"") for (key, _), value in self.writes)

    def follows(self, seen: VersionVector, lost: Collection[str]) -> bool:
        """Whether it is the next of its origin, and all that its writer had seen has been seen."""
        return self.number == seen[self.origin] + 1 and has_seen(seen, self.seen, lost)


def has_seen(seen: VersionVector, floor: VersionVector, lost: Collection[str]) -> bool:
    """Whether all of a floor has been seen, but for writes that went down with a lost disk.

    The writes of a replica that left are not lost: another one has them, and passes them on.
    """
    return all(seen[name] >= number or name in lost for name, number in floor.items())


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
        self._tombstones: set[Place] = set()
        self._forgotten = BEFORE_ALL
        self.conflicts = 0

    def get(self, place: Place) -> Cell | None:
        """A cell, tombstones included."""
        return self._cells.get(place)

    def items(self) -> Iterator[tuple[Place, Cell]]:
        """All cells, tombstones included."""
        return iter(self._cells.items())

    def tombstones(self) -> list[tuple[Place, Cell]]:
        """The cells that are deleted and not forgotten."""
        return [(place, self._cells[place]) for place in self._tombstones]

    def must_exceed(self, writes: Writes) -> Stamp:
        """A new write of these cells has to have a later stamp than this.

        Else a tombstone, perhaps one that is kept no longer, would beat it here and not elsewhere.
        """
        return max((self._tombstone_stamp(place) for place, _ in writes), default=BEFORE_ALL)

    def _tombstone_stamp(self, place: Place) -> Stamp:
        cell = self._cells.get(place)
        if cell is None:
            return self._forgotten
        return cell.stamp if cell.value is None else BEFORE_ALL

    def write(self, update: Update) -> None:
        """Apply one write."""
        for place, value in update.writes:
            new = Cell(update.stamp, update.origin, update.number, value)
            old = self._cells.get(place)
            if old is not None:
                # The same stamp is the same write, taken by two replicas as it was sent again.
                if old.stamp != new.stamp and update.seen[old.origin] < old.number:
                    self.conflicts += 1
                new = self._join(place, old, new)
            self._put(place, new)

    def _put(self, place: Place, cell: Cell) -> None:
        self._cells[place] = cell
        if cell.value is None:
            self._tombstones.add(place)
        else:
            self._tombstones.discard(place)

    def _remove(self, place: Place) -> Cell:
        self._tombstones.discard(place)
        return self._cells.pop(place)

    def _join(self, place: Place, one: Cell, other: Cell) -> Cell:
        """What both leave; the order does not matter."""
        loser, winner = sorted((one, other), key=lambda c: (c.stamp, c.origin, c.number))
        merge = self._merges.get(place[1])
        if merge is None or loser.value is None:
            return winner
        if winner.value is None:
            return Cell(winner.stamp, winner.origin, winner.number, loser.value)
        return Cell(winner.stamp, winner.origin, winner.number, merge(loser.value, winner.value))

    def join_all(self, plain: tuple[Any, ...], theirs: VersionVector, ours: VersionVector) -> None:
        """Take over another replica's cells.

        Args:
            plain: all that it holds, from `to_plain`.
            theirs: the writes that it has seen.
            ours: the writes seen here.
        """
        cells, forgotten = cells_from_plain(plain[0]), Stamp(*plain[1])
        for place, cell in list(self._cells.items()):
            # It saw this write and holds the cell no longer: a tombstone has come and gone.
            if place not in cells and theirs[cell.origin] >= cell.number:
                self._remove(place)
        for place, cell in cells.items():
            own = self._cells.get(place)
            if own is not None:
                self._put(place, self._join(place, own, cell))
            elif ours[cell.origin] < cell.number:
                self._put(place, cell)
        self._forgotten = max(self._forgotten, forgotten)

    def forget(self, place: Place) -> None:
        """Drop a tombstone that every replica has seen, and that no older write can meet."""
        cell = self._remove(place)
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
        self._tombstones = {place for place, cell in self._cells.items() if cell.value is None}
        self._forgotten = Stamp(*forgotten)


def cells_from_plain(plain: tuple[Any, ...]) -> dict[Place, Cell]:
    """Cells from the first part of `Cells.to_plain`."""
    return {
        (place[0], place[1]): Cell(Stamp(*stamp), origin, number, value)
        for place, stamp, origin, number, value in plain
    }
