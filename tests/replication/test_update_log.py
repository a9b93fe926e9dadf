"""What is kept of the writes, and how it is passed on."""

from __future__ import annotations

from graphray.replication import update_log
from graphray.replication.cells import Update
from graphray.replication.hybrid_clock import Stamp
from graphray.replication.update_log import UpdateLog, entry_of, update_of
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

SEEN = VersionVector({"b": 2})


def update(number: int, value: bytes | None = b"x", origin: str = "a") -> Update:
    writes = (((b"k", "v"), value), ((b"j", "w"), None))
    seen, elsewhere = SEEN if origin == "a" else NOTHING_SEEN, VersionVector({"q": 9})
    return Update(origin, number, Stamp(3, 1, "c"), seen, "c", number, writes, elsewhere)


def test_a_write_survives_the_disk() -> None:
    assert update_of(entry_of(update(5), 8)) == update(5)


def test_what_is_too_large_for_one_message_goes_in_several() -> None:
    log = UpdateLog()
    value = bytes(update_log._MESSAGE_BYTES_MAX // 2)
    for number in range(1, 6):
        log.append(update(number, value))
    durable = VersionVector({"a": 5})
    first = log.missing_from(SEEN, durable, 100)
    assert [one.number for one in first] == [1, 2]
    rest = log.missing_from(SEEN.seen("a", 2), durable, 100)
    assert [one.number for one in rest] == [3, 4]


def test_what_cannot_be_applied_yet_keeps_nothing_back() -> None:
    """The writers had read from b, and wrote here; b's writes came later, and b has gone."""
    log = UpdateLog()
    for number in range(1, 4):
        log.append(update(number))
    for number in range(1, 3):
        log.append(update(number, origin="b"))
    durable, sent, seen = VersionVector({"a": 3, "b": 2}), [], NOTHING_SEEN
    for _ in range(3):  # two writes at a time
        for one in log.missing_from(seen, durable, 2):
            sent.append((one.origin, one.number))
            seen = seen.seen(one.origin, one.number)
    assert sent == [("b", 1), ("b", 2), ("a", 1), ("a", 2), ("a", 3)]


def test_nobody_waits_for_writes_that_are_lost() -> None:
    log = UpdateLog()
    log.append(update(1))
    durable = VersionVector({"a": 1})
    assert log.missing_from(NOTHING_SEEN, durable, 2) == ()
    assert log.missing_from(NOTHING_SEEN, durable, 2, lost=("b",)) == (update(1),)
