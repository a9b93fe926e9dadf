"""A replica's log on a real disk: what a crash, a bad sector and a full disk leave of it."""

from __future__ import annotations

import errno
import multiprocessing
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.disk_writer import DiskWriter
from actors.log_files import LogFiles
from actors.replica_disk import ReplicaDisk, has_disk
from actors.snapshot_file import read_snapshot, write_snapshot
from graphray.errors import StoreCorrupt, StoreError
from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.effects import Persist, Persisted, SaveSnapshot, SnapshotSaved
from graphray.replication.entries import Adopted, Entry, EntryKind, Promise, Record
from graphray.replication.messages import Snapshot
from graphray.replication.version_vector import VersionVector
from tests.polling import poll

ADOPTED = Adopted(Configuration("0", 3, Strategy.FULL, ("a", "b")))


def entry(lsn: int, size: int = 10) -> Entry:
    return Entry(lsn, 1, EntryKind.COMMAND, "c", lsn, 0, lsn, command=bytes([lsn % 256]) * size)


def write_log(folder: Path, *batches: tuple[Record, ...], segment_bytes: int = 2**20) -> None:
    log = LogFiles(folder, segment_bytes)
    for batch in batches:
        log.append(batch)
    log.close()


def entries_in(folder: Path) -> list[int]:
    log = LogFiles(folder)
    log.close()
    return [record.lsn for record in log.records if isinstance(record, Entry)]


def test_what_was_appended_is_found(tmp_path: Path) -> None:
    batches = ((Promise(2), entry(1), entry(2)), (ADOPTED,), (entry(3),))
    write_log(tmp_path, *batches)
    log = LogFiles(tmp_path)
    assert log.records == tuple(record for batch in batches for record in batch)
    log.append((entry(4),))
    log.close()
    assert entries_in(tmp_path) == [1, 2, 3, 4]


def test_cutting_drops_whole_segments_and_keeps_promises(tmp_path: Path) -> None:
    log = LogFiles(tmp_path, segment_bytes=200)
    log.append((Promise(7), ADOPTED))
    for lsn in range(1, 30):
        log.append((entry(lsn),))
    before = sorted(tmp_path.iterdir())
    log.trim(20)
    log.close()
    kept = LogFiles(tmp_path).records
    assert len(list(tmp_path.iterdir())) < len(before) / 2
    lsns = [record.lsn for record in kept if isinstance(record, Entry)]
    assert lsns == list(range(lsns[0], 30))
    assert 15 < lsns[0] <= 21
    assert Promise(7) in kept
    assert ADOPTED in kept


@pytest.mark.parametrize("segment_bytes", [1, 150, 2**20])
def test_a_log_cut_anywhere_in_its_last_write_loses_only_that(
    tmp_path: Path, segment_bytes: int
) -> None:
    write_log(tmp_path, (entry(1), entry(2)), (entry(3),), segment_bytes=segment_bytes)
    durable = {path: path.stat().st_size for path in tmp_path.iterdir()}
    write_log(tmp_path, (entry(4), entry(5)), segment_bytes=segment_bytes)
    last = max(tmp_path.iterdir())
    whole = last.read_bytes()
    for length in range(durable.get(last, 0), len(whole)):
        last.write_bytes(whole[:length])
        found = entries_in(tmp_path)
        assert found in ([1, 2, 3], [1, 2, 3, 4])
        last.write_bytes(whole)
    assert entries_in(tmp_path) == [1, 2, 3, 4, 5]


def test_a_write_after_a_torn_tail_is_found(tmp_path: Path) -> None:
    write_log(tmp_path, (entry(1),), (entry(2),))
    (path,) = tmp_path.iterdir()
    os.truncate(path, path.stat().st_size - 3)
    write_log(tmp_path, (entry(9),))
    assert entries_in(tmp_path) == [1, 9]


@given(data=st.data())
def test_a_flipped_bit_is_never_taken_for_the_end(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("log")
    batches = [(entry(lsn, data.draw(st.integers(0, 40))),) for lsn in range(1, 8)]
    write_log(folder, *batches, segment_bytes=data.draw(st.sampled_from([100, 300, 10_000])))
    paths = sorted(folder.iterdir())
    path = data.draw(st.sampled_from(paths))
    content = bytearray(path.read_bytes())
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    try:
        found = entries_in(folder)
    except StoreCorrupt:
        return
    # Only what no later record vouches for may look like a torn tail: the last write.
    assert found == [1, 2, 3, 4, 5, 6]


def test_a_missing_segment_is_damage(tmp_path: Path) -> None:
    write_log(tmp_path, *[(entry(lsn),) for lsn in range(1, 6)], segment_bytes=1)
    sorted(tmp_path.iterdir())[2].unlink()
    with pytest.raises(StoreCorrupt, match="segment before it is missing"):
        LogFiles(tmp_path)


# --- a full disk, a failing disk ------------------------------------------------------------------


def test_a_write_that_does_not_fit_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = LogFiles(tmp_path)
    log.append((entry(1),))
    real = os.write

    def write_half(file: int, data: Any) -> int:
        if len(data) <= 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", write_half)
    with pytest.raises(StoreError, match=r"No space left.*make room"):
        log.append((entry(2, size=500),))
    monkeypatch.undo()
    assert entries_in(tmp_path) == [1]
    log.append((entry(2, size=500),))
    assert entries_in(tmp_path) == [1, 2]


def test_nothing_is_written_after_a_failed_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    disk = ReplicaDisk(tmp_path / "replica-0", 0, 0)
    first = disk.identity
    writer = DiskWriter(disk)
    posted: list[Any] = []
    monkeypatch.setattr(os, "fdatasync", fail)
    writer.take(Persist(1, (entry(1),)), posted.append)
    writer.take(Persist(2, (entry(2),)), posted.append)
    poll(lambda: writer.has_failed)
    monkeypatch.undo()
    writer.take(Persist(3, (entry(3),)), posted.append)
    writer.put_away()
    writer.close()
    assert posted == []
    assert "Input/output error" in writer.problem
    again = ReplicaDisk(tmp_path / "replica-0", 0, 0)
    assert again.identity != first
    assert again.read() == (None, ())
    again.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A filesystem of 1 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_said_and_recovers_when_there_is_room(small_disk: Path) -> None:
    writer = DiskWriter(ReplicaDisk(small_disk / "replica-0", 0, 0))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(600_000))
    acknowledged: list[Any] = []
    for lsn in range(1, 8):
        writer.take(Persist(lsn, (entry(lsn, size=100_000),)), acknowledged.append)
    poll(lambda: writer.is_stuck)
    assert "No space left" in writer.problem
    assert 0 < len(acknowledged) < 7
    ballast.unlink()
    poll(lambda: len(acknowledged) == 7)
    assert not writer.is_stuck
    assert acknowledged == [Persisted(lsn) for lsn in range(1, 8)]
    writer.close()
    assert entries_in(small_disk / "replica-0") == list(range(1, 8))


# --- snapshots ------------------------------------------------------------------------------------


def snapshot(lsn: int) -> Snapshot:
    return Snapshot(lsn, 2, 77, b"state" * lsn, b"sessions", VersionVector({"0": lsn}))


def test_a_snapshot_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    assert read_snapshot(path) is None
    write_snapshot(path, snapshot(3))
    write_snapshot(path, snapshot(9))
    assert read_snapshot(path) == snapshot(9)
    assert [p.name for p in tmp_path.iterdir()] == ["snapshot"]


def test_a_snapshot_damaged_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    write_snapshot(path, snapshot(2))
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at])
        with pytest.raises(StoreCorrupt):
            read_snapshot(path)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with pytest.raises(StoreCorrupt):
            read_snapshot(path)


def test_a_snapshot_is_written_beside_the_log(tmp_path: Path) -> None:
    writer = DiskWriter(ReplicaDisk(tmp_path / "replica-0", 0, 0))
    posted: list[Any] = []
    writer.take(SaveSnapshot(snapshot(4)), posted.append)
    writer.take(Persist(1, (entry(5),)), posted.append)
    poll(lambda: len(posted) == 2)
    writer.close()
    assert set(posted) == {SnapshotSaved(4), Persisted(1)}
    disk = ReplicaDisk(tmp_path / "replica-0", 0, 0)
    assert disk.read() == (snapshot(4), (entry(5),))
    disk.close()


# --- whose disk it is -----------------------------------------------------------------------------


def test_a_disk_keeps_its_identity_and_has_one_holder(tmp_path: Path) -> None:
    folder = tmp_path / "replica-1"
    assert not has_disk(folder)
    disk = ReplicaDisk(folder, 4, 1)
    assert disk.identity.startswith("4/1/")
    with pytest.raises(StoreError, match="another process still holds"):
        ReplicaDisk(folder, 4, 1)
    disk.close()
    assert has_disk(folder)
    again = ReplicaDisk(folder, 4, 1)
    assert again.identity == disk.identity
    again.close()


def test_a_damaged_disk_is_set_aside_for_somebody_new(tmp_path: Path) -> None:
    folder = tmp_path / "replica-0"
    disk = ReplicaDisk(folder, 0, 0)
    disk.append((entry(1),))
    disk.append((entry(2),))
    disk.close()
    path = folder / "log-00000001"
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    new = ReplicaDisk(folder, 0, 0)
    assert new.identity != disk.identity
    assert new.read() == (None, ())
    assert "damaged at byte 0" in new.set_aside
    new.close()
    (aside,) = tmp_path.glob("replica-0.damaged-*")
    assert (aside / "log-00000001").read_bytes() == content


# --- a process that is killed ---------------------------------------------------------------------


def write_for_ever(folder: Path, acknowledged: Any) -> None:
    """Append three entries at a time to what is there, and say so after each."""
    disk = ReplicaDisk(folder, 0, 0, segment_bytes=20_000)
    lsn = max((r.lsn for r in disk.read()[1] if isinstance(r, Entry)), default=0)
    while True:
        disk.append(tuple(entry(lsn + i, size=500) for i in (1, 2, 3)))
        lsn += 3
        acknowledged.send(lsn)


def test_what_a_killed_process_had_acknowledged_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "replica-0"
    processes = multiprocessing.get_context("fork")
    for round_ in range(8):
        receiving, sending = processes.Pipe(duplex=False)
        process = processes.Process(target=write_for_ever, args=(folder, sending))
        process.start()
        sending.close()
        acknowledged = max(receiving.recv() for _ in range(20 + 7 * round_))
        process.kill()
        with suppress(EOFError):
            while True:
                acknowledged = receiving.recv()
        process.join()
        found = entries_in(folder)
        assert found == list(range(1, found[-1] + 1))
        assert found[-1] >= acknowledged
