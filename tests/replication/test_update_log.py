"""What is kept of the writes, and how it is passed on."""

from __future__ import annotations

from graphray.replication import update_log
from graphray.replication.cells import Update
from graphray.replication.hybrid_clock import Stamp
from graphray.replication.update_log import UpdateLog, entry_of, update_of
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector


def update(number: int, value: bytes | None = b"x") -> Update:
    writes = (((b"k", "v"), value), ((b"j", "w"), None))
    seen, elsewhere = VersionVector({"b": 2}), VersionVector({"q": 9})
    return Update("a", number, Stamp(3, 1, "c"), seen, "c", number, writes, elsewhere)


def test_a_write_survives_the_disk() -> None:
    assert update_of(entry_of(update(5), 8)) == update(5)


def test_what_is_too_large_for_one_message_goes_in_several() -> None:
    log = UpdateLog()
    value = bytes(update_log._MESSAGE_BYTES_MAX // 2)
    for number in range(1, 6):
        log.append(update(number, value))
    durable = VersionVector({"a": 5})
    first = log.missing_from(NOTHING_SEEN, durable, 100)
    assert [one.number for one in first] == [1, 2]
    rest = log.missing_from(VersionVector({"a": 2}), durable, 100)
    assert [one.number for one in rest] == [3, 4]
