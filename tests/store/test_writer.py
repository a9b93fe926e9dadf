from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest

from graphray.book import PartitionBook
from graphray.errors import VersionConflict
from graphray.schema import GraphSchema
from graphray.store import Place, Store, StoreWriter

EMPTY = GraphSchema((), ())
BOOK = PartitionBook(1, {}, {})


def write_version(place: Place, version: int = 1) -> None:
    with StoreWriter(place, version) as writer:
        writer.write(0, "nodes/node", pa.table({"@id": [1, 2]}))
        writer.publish(EMPTY, BOOK, {})


def test_size_and_checksum_are_those_of_the_file(tmp_path: Path) -> None:
    write_version(Place(tmp_path / "s"))
    (file,) = Store.open(tmp_path / "s").manifest.files
    content = (tmp_path / "s" / file.path).read_bytes()
    assert file.size_bytes == len(content)
    assert file.sha256 == hashlib.sha256(content).hexdigest()


def test_many_pieces_become_one_batch(tmp_path: Path) -> None:
    column = pa.chunked_array([[1], [], [2, 3]], pa.int64())
    with StoreWriter(Place(tmp_path / "s"), 1) as writer:
        writer.write(0, "nodes/node", pa.table({"@id": column}))
        writer.write(0, "nodes/none", pa.table({"@id": pa.chunked_array([], pa.string())}))
        writer.publish(EMPTY, BOOK, {})
    for file, rows in zip(Store.open(tmp_path / "s").manifest.files, (3, 0), strict=True):
        stored = pa.ipc.open_file(pa.memory_map(str(tmp_path / "s" / file.path)))
        assert stored.num_record_batches == 1
        assert stored.get_batch(0).num_rows == rows


def test_nothing_is_left_without_publish(tmp_path: Path) -> None:
    place = Place(tmp_path / "s")
    with StoreWriter(place, 1) as writer:
        writer.write(0, "nodes/node", pa.table({"@id": [1]}))
        assert place.exists()
    assert not place.exists()


def test_a_folder_that_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with StoreWriter(Place(tmp_path), 1) as writer:
        writer.write(0, "nodes/node", pa.table({"@id": [1]}))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_second_to_publish_a_version_loses(tmp_path: Path) -> None:
    place = Place(tmp_path / "s")
    with StoreWriter(place, 1) as late:
        late.write(0, "nodes/node", pa.table({"@id": [9]}))
        write_version(place)
        with pytest.raises(VersionConflict, match="version 1"):
            late.publish(EMPTY, BOOK, {})
    store = Store.open(place.uri)
    assert store.shard(0).table("nodes/node").to_pydict() == {"@id": [1, 2]}
    assert len(list((tmp_path / "s" / "data").iterdir())) == 1


def test_a_version_stays_that_was_created_before_publish_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Place.create

    def interrupted(self: Place, name: str, content: bytes) -> bool:
        create(self, name, content)
        raise KeyboardInterrupt

    monkeypatch.setattr(Place, "create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_version(Place(tmp_path / "s"))
    Store.open(tmp_path / "s").verify()
