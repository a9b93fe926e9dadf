"""Logs as bytes: what a crash leaves is cut, what was durable is never cut in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import StoreCorrupt
from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.entries import (
    Adopted,
    Base,
    Entry,
    EntryKind,
    Promise,
    Record,
    frame_batch,
    scan,
)
from graphray.replication.version_vector import VersionVector

entries = st.builds(
    Entry,
    st.integers(1, 2**40),
    st.integers(1, 100),
    st.sampled_from(EntryKind),
    st.text(max_size=8),
    st.integers(0, 2**40),
    st.integers(0, 10),
    st.integers(0, 2**45),
    st.dictionaries(st.text(max_size=4), st.integers(1, 9), max_size=2).map(VersionVector),
    st.binary(max_size=40),
)
configuration = Configuration(
    "p0", 3, Strategy.PARTIAL, ("a", "b"), ("c",), ("a", "c"), 2, (("a", frozenset({"x"})),)
)
records = entries | st.sampled_from([Promise(7), Base(4, 2), Adopted(configuration)])
batches = st.lists(st.lists(records, min_size=1, max_size=3), min_size=1, max_size=4)


def written(parts: list[list[Record]]) -> tuple[bytes, list[int]]:
    """The file, and where each batch ends."""
    data, ends = b"", []
    for batch in parts:
        data += frame_batch(tuple(batch), len(data))
        ends.append(len(data))
    return data, ends


@given(batches)
def test_records_come_back(parts: list[list[Record]]) -> None:
    data, _ = written(parts)
    found = scan(data)
    assert list(found.records) == [record for batch in parts for record in batch]
    assert found.valid_bytes == len(data)


@given(batches, st.data())
def test_a_torn_last_write_is_cut(parts: list[list[Record]], draw: st.DataObject) -> None:
    data, ends = written(parts)
    last_start = ends[-2] if len(ends) > 1 else 0
    torn = bytearray(data[: draw.draw(st.integers(last_start, len(data)))])
    if len(torn) > last_start and draw.draw(st.booleans()):
        torn[draw.draw(st.integers(last_start, len(torn) - 1))] ^= 0x55
    found = scan(bytes(torn))
    before = [record for batch in parts[:-1] for record in batch]
    assert list(found.records[: len(before)]) == before
    assert last_start <= found.valid_bytes <= len(torn)
    whole = [*before, *parts[-1]]
    assert list(found.records) == whole[: len(found.records)]


@given(batches.filter(lambda parts: len(parts) > 1), st.data())
def test_damage_in_what_was_durable_is_an_error(
    parts: list[list[Record]], draw: st.DataObject
) -> None:
    data, ends = written(parts)
    damaged = bytearray(data)
    damaged[draw.draw(st.integers(0, ends[-2] - 1))] ^= 0x55
    with pytest.raises(StoreCorrupt, match="rebuild this replica"):
        scan(bytes(damaged))
