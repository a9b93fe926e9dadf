"""Cells end up the same whatever the order in which writes arrive."""

from __future__ import annotations

from itertools import permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from graphray.replication.cells import Cells, Update
from graphray.replication.hybrid_clock import HybridClock, Stamp
from graphray.replication.packing import pack, unpack
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector


def union(one: bytes, other: bytes) -> bytes:
    return pack(tuple(sorted({*unpack(one), *unpack(other)})))


def update(origin: str, number: int, wall: int, value: bytes | None, column: str = "v") -> Update:
    return Update(
        origin,
        number,
        Stamp(wall, 0, origin),
        NOTHING_SEEN,
        origin,
        number,
        (((b"k", column), value),),
    )


def shown(cells: Cells) -> dict[object, object]:
    return {place: cell.value for place, cell in cells.items()}


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["v", "set"]), st.booleans()), max_size=8
    ),
    st.integers(0, 2**32),
)
def test_the_order_of_arrival_does_not_matter(
    writes: list[tuple[int, str, bool]], rng_seed: int
) -> None:
    updates = []
    for number, (wall, column, deletes) in enumerate(writes, 1):
        value = pack((number,)) if column == "set" else b"%d" % number
        origin = f"r{number % 3}"
        updates.append(update(origin, number, wall, None if deletes else value, column))
    results = []
    for shuffle in range(4):
        order = updates[:]
        Random(rng_seed + shuffle).shuffle(order)
        cells = Cells({"set": union})
        for one in order:
            cells.write(one)
        results.append(shown(cells))
    assert all(result == results[0] for result in results)


def test_a_write_that_was_taken_twice_changes_nothing() -> None:
    """The same write, accepted by two replicas: both copies carry its stamp."""
    first = update("a", 1, 5, pack((1,)), "set")
    again = Update("b", 1, first.stamp, NOTHING_SEEN, "a", 1, first.writes)
    other = update("c", 1, 3, pack((9,)), "set")
    for order in permutations([first, again, other]):
        cells = Cells({"set": union})
        for one in order:
            cells.write(one)
        (value,) = shown(cells).values()
        assert unpack(value) == (1, 9)  # type: ignore[arg-type]


def test_conflicts_are_counted_where_the_writer_had_not_seen() -> None:
    cells = Cells({})
    cells.write(update("a", 1, 1, b"x"))
    seen = Update("b", 1, Stamp(2, 0, "b"), VersionVector({"a": 1}), "b", 1, (((b"k", "v"), b"y"),))
    cells.write(seen)
    assert cells.conflicts == 0
    cells.write(update("c", 1, 3, b"z"))
    assert cells.conflicts == 1


def test_a_state_without_the_cell_says_that_it_was_deleted() -> None:
    """1. Both hold the cell.  2. One deletes it, and forgets that.  3. It sends its state."""
    stale = Cells({})
    stale.write(update("a", 1, 1, b"x"))
    stale.join_all(
        Cells({}).to_plain(), theirs=VersionVector({"a": 2}), ours=VersionVector({"a": 1})
    )
    assert not shown(stale)


def test_a_state_without_a_cell_that_it_has_not_seen_says_nothing() -> None:
    cells = Cells({})
    cells.write(update("a", 1, 1, b"x"))
    cells.join_all(Cells({}).to_plain(), theirs=NOTHING_SEEN, ours=VersionVector({"a": 1}))
    assert len(shown(cells)) == 1


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-5, 5), st.booleans()), max_size=30))
def test_stamps_rise_along_causes_whatever_the_wall_clocks_do(
    steps: list[tuple[int, int, bool]],
) -> None:
    clocks = [HybridClock(name) for name in "abc"]
    walls = [100, 200, 300]
    last = Stamp(0, 0, "")
    for who, jump, _ in steps:
        walls[who] += jump
        clocks[who].observe(last)
        stamp = clocks[who].tick(walls[who])
        assert stamp > last
        last = stamp


def test_one_write_may_be_of_several_cells() -> None:
    cells = Cells({})
    writes = (((b"k", "v"), b"x"), ((b"j", "v"), None))
    cells.write(Update("a", 1, Stamp(5, 0, "a"), NOTHING_SEEN, "a", 1, writes))
    assert shown(cells) == {(b"k", "v"): b"x", (b"j", "v"): None}
    assert [place for place, _ in cells.tombstones()] == [(b"j", "v")]
    assert cells.must_exceed(writes) == Stamp(5, 0, "a")
    assert cells.must_exceed(writes[:1]) < Stamp(5, 0, "a")
    cells.write(update("b", 1, 6, b"y"))
    cells.forget((b"j", "v"))
    assert shown(cells) == {(b"k", "v"): b"y"}
    assert not cells.tombstones()


def test_what_is_merged_cannot_be_deleted() -> None:
    """Else it would matter whether a value arrives before the deletion or after it."""
    writes = [
        update("a", 1, 1, pack((1,)), "set"),
        update("b", 1, 2, None, "set"),
        update("c", 1, 3, pack((3,)), "set"),
    ]
    for order in permutations(writes):
        cells = Cells({"set": union})
        for one in order:
            cells.write(one)
        assert shown(cells) == {(b"k", "set"): pack((1, 3))}


def test_who_takes_cells_over_learns_how_late_a_deletion_was_forgotten() -> None:
    """Else it would take an older write, which a replica that keeps the tombstone lets lose."""
    older = Cells({})
    older.write(update("a", 1, 5, None))
    older.forget((b"k", "v"))
    newcomer = Cells({})
    newcomer.join_all(older.to_plain(), theirs=VersionVector({"a": 1}), ours=NOTHING_SEEN)
    assert newcomer.must_exceed((((b"k", "v"), b"x"),)) == Stamp(5, 0, "a")
