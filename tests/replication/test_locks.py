"""Locks against what they promise: one holder, rising fences, no deadlock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphray.replication.locks import LockTable
from graphray.replication.packing import pack, unpack

steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.integers(0, 30)), max_size=40
)


def acquire(locks: LockTable, name: str, owner: str, lsn: int, time_ms: int) -> tuple[str, int]:
    claim = locks.acquire(name, owner, age=ord(owner), ttl_ms=50, lsn=lsn, time_ms=time_ms)
    return claim.owner, claim.fence


@given(steps)
def test_fences_rise_with_every_new_holder(moves: list[tuple[str, str, int]]) -> None:
    locks, time_ms = LockTable(), 0
    last: dict[str, tuple[str, int]] = {}
    for lsn, (owner, name, later_ms) in enumerate(moves, 1):
        time_ms += later_ms
        holder, fence = acquire(locks, name, owner, lsn, time_ms)
        if holder != owner:
            assert holder <= owner, "a younger owner keeps an older one waiting"
            continue
        before, before_fence = last.get(name, ("", 0))
        assert fence > before_fence or (holder, fence) == (before, before_fence)
        last[name] = (holder, fence)


@given(steps)
def test_a_table_that_was_saved_goes_on_the_same(moves: list[tuple[str, str, int]]) -> None:
    locks, copy, time_ms = LockTable(), LockTable(), 0
    for lsn, (owner, name, later_ms) in enumerate(moves, 1):
        time_ms += later_ms
        expected = acquire(locks, name, owner, lsn, time_ms)
        assert acquire(copy, name, owner, lsn, time_ms) == expected
        copy = LockTable.from_plain(unpack(pack(copy.to_plain())))


def test_two_owners_that_want_two_locks_crosswise_both_get_there() -> None:
    """1. b takes x. 2. a takes y. 3. b waits for y, since a is older. 4. a takes x from b."""
    locks = LockTable()
    assert acquire(locks, "x", "b", 1, 0)[0] == "b"
    assert acquire(locks, "y", "a", 2, 0)[0] == "a"
    assert acquire(locks, "y", "b", 3, 0)[0] == "a"
    assert acquire(locks, "x", "a", 4, 0) == ("a", 4)
    assert locks.release("x", "a", 4)
    assert locks.release("y", "a", 2)
    assert acquire(locks, "y", "b", 5, 0) == ("b", 5)
    assert acquire(locks, "x", "b", 6, 0) == ("b", 6)


def test_who_holds_nothing_else_waits_its_turn_and_is_left_in_peace() -> None:
    locks = LockTable()
    wanted = {"name": "x", "ttl_ms": 50, "time_ms": 0}
    assert locks.acquire(owner="b", age=0, lsn=1, **wanted).owner == "b"
    assert locks.acquire(owner="c", age=0, lsn=2, **wanted).owner == "b"
    assert locks.acquire(owner="a", age=0, lsn=3, **wanted).owner == "b"
    assert locks.acquire(owner="d", age=7, lsn=4, **wanted).owner == "b"
    assert not locks.release("x", "d", 0)  # It does not wait any more.
    assert locks.release("x", "b", 1)
    assert locks.acquire(owner="a", age=0, lsn=6, **wanted).owner == "c"
    copy = LockTable.from_plain(unpack(pack(locks.to_plain())))
    assert copy.acquire(owner="c", age=0, lsn=7, **wanted).owner == "c"
    assert copy.acquire(owner="c", age=9, lsn=8, **wanted).fence == 7
    assert copy.acquire(owner="d", age=7, lsn=9, **wanted).owner == "d"


def test_a_lapsed_lock_is_free_and_cannot_be_released() -> None:
    locks = LockTable()
    assert acquire(locks, "x", "a", 1, 0) == ("a", 1)
    assert acquire(locks, "x", "c", 2, 49)[0] == "a"
    assert acquire(locks, "x", "c", 3, 50) == ("c", 3)
    assert not locks.release("x", "a", 1)
    assert locks.release("x", "c", 3)


def test_a_younger_owner_does_not_overtake_an_older_one_that_waits() -> None:
    locks = LockTable()
    acquire(locks, "x", "a", 1, 0)
    acquire(locks, "x", "b", 2, 0)
    locks.release("x", "a", 1)
    assert acquire(locks, "x", "c", 3, 1)[0] == "b"
    assert acquire(locks, "x", "b", 4, 1) == ("b", 4)
