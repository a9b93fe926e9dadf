"""A copied version is the same version, complete or not there at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyarrow import fs

import graphray as gr
from graphray.errors import StoreCorrupt, StoreExists, StoreNotFound
from graphray.store import Place, Store
from graphray.store.backup import copy_version, restore


@pytest.fixture
def store(tmp_path: Path) -> Store:
    ring = np.arange(30)
    return gr.build((ring, (ring + 1) % 30), tmp_path / "store", parts=2, partitioner="hash")


def test_there_and_back(store: Store, tmp_path: Path) -> None:
    copied = copy_version(store, tmp_path / "backup")
    assert copied.manifest.to_bytes() == store.manifest.to_bytes()
    copied.verify()
    back = restore(tmp_path / "backup", tmp_path / "again")
    back.verify()
    assert back.manifest.snapshot_id == store.manifest.snapshot_id
    assert copy_version(store, tmp_path / "backup").version == store.version


def test_to_another_filesystem(store: Store, tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    remote = fs.SubTreeFileSystem(str(tmp_path / "bucket"), fs.LocalFileSystem())
    copy_version(store, (remote, "backup"))
    restore((remote, "backup"), tmp_path / "again").verify()


def test_a_damaged_file_is_not_copied(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "store" / store.manifest.files[3].path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match="checksum"):
        copy_version(store, tmp_path / "backup")
    with pytest.raises(StoreNotFound):
        Store.open(tmp_path / "backup")
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    copy_version(store, tmp_path / "backup").verify()
    path.unlink()
    with pytest.raises(StoreCorrupt, match="missing"):
        copy_version(store, tmp_path / "other")


def test_what_is_there_is_not_copied_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what a copy that was cut off has left is written anew: it may be torn."""
    copy_version(store, tmp_path / "backup")
    (tmp_path / "backup" / "manifest-00000001.json").unlink()
    torn = tmp_path / "backup" / store.manifest.files[0].path
    torn.write_bytes(b"\0" * store.manifest.files[0].size_bytes)
    copy_version(store, tmp_path / "backup").verify()

    written: list[str] = []
    writing = Place.writing
    monkeypatch.setattr(
        Place, "writing", lambda self, name: (written.append(name), writing(self, name))[1]
    )
    copy_version(store, tmp_path / "backup")
    assert written == []


def test_another_graph_of_that_version(store: Store, tmp_path: Path) -> None:
    other = gr.build(([1, 2], [2, 1]), tmp_path / "other")
    with pytest.raises(StoreExists, match="another version 1"):
        copy_version(store, tmp_path / "other")
    assert Store.open(tmp_path / "other").manifest.snapshot_id == other.manifest.snapshot_id
