from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs

from graphray.errors import ArgumentError, StoreError
from graphray.store import Place


@pytest.fixture(params=["path", "uri", "subtree", "memory"])
def place(request: Any, tmp_path: Path) -> Place:
    """A place on each kind of filesystem; "memory" is Arrow's own in-memory one."""
    return Place(
        {
            "path": tmp_path / "store",
            "uri": (tmp_path / "store").as_uri(),
            "subtree": (fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()), "store"),
            "memory": (fs._MockFileSystem(), "store"),
        }[request.param]
    )


def put(place: Place, name: str, content: bytes) -> None:
    with place.writing(name) as stream:
        stream.write(content)


def test_what_is_written_can_be_read(place: Place) -> None:
    put(place, "data/a/b.arrow", b"content")
    assert place.read("data/a/b.arrow") == b"content"
    assert place.buffer("data/a/b.arrow").to_pybytes() == b"content"
    assert place.size_bytes("data/a/b.arrow") == 7
    assert place.names() == ["data"]


def test_what_is_not_there(place: Place) -> None:
    assert not place.exists()
    assert place.names() == []
    assert place.size_bytes("x") is None
    with pytest.raises(StoreError, match="cannot read"):
        place.read("x")


def test_create_leaves_what_is_there(place: Place) -> None:
    assert place.create("manifest", b"first")
    assert not place.create("manifest", b"second")
    assert place.read("manifest") == b"first"
    assert place.names() == ["manifest"]


def test_of_many_that_create_at_once_one_wins(tmp_path: Path) -> None:
    place = Place(tmp_path)
    start = threading.Barrier(8)
    won = []

    def create(writer: int) -> None:
        start.wait()
        if place.create("manifest", b"%d" % writer):
            won.append(writer)

    threads = [threading.Thread(target=create, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert place.read("manifest") == b"%d" % won[0]
    assert place.names() == ["manifest"]


def test_remove(place: Place) -> None:
    put(place, "data/a/x", b"1")
    put(place, "data/b/x", b"2")
    place.remove_tree("data/a")
    place.remove_tree("data/none")
    place.remove_if_empty("data")
    assert place.read("data/b/x") == b"2"
    place.remove_tree("data/b")
    place.remove_if_empty("data")
    place.remove_if_empty()
    assert not place.exists()


def test_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert Place("here").uri == str(tmp_path / "here")


def test_what_a_filesystem_refuses_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"):
        put(Place(tmp_path / "file"), "data/x", b"")
    assert Place(tmp_path / "file").is_file()


def test_unknown_scheme() -> None:
    with pytest.raises(ArgumentError, match="nope://x"):
        Place("nope://x")


def test_empty_path_is_not_the_working_folder() -> None:
    with pytest.raises(ArgumentError, match="empty"):
        Place("")
