"""Old versions go with the files that only they name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from graphray.book import PartitionBook
from graphray.errors import ArgumentError, StoreNotFound
from graphray.schema import GraphSchema
from graphray.store import Place, Store, StoreWriter
from graphray.store.retention import drop_versions

EMPTY = GraphSchema((), ())
BOOK = PartitionBook(1, {}, {})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Three versions, each with a table of its own, and one that all share."""
    place = Place(tmp_path / "store")
    for version in (1, 2, 3):
        with StoreWriter(place, version) as writer:
            writer.write(0, f"nodes/own-{version}", pa.table({"@id": [version]}))
            if version == 1:
                writer.write(0, "nodes/shared", pa.table({"@id": [7]}))
            else:
                (shared,) = (
                    f for f in Store.open(place.uri, 1).manifest.files if "shared" in f.path
                )
                writer.share(shared)
            writer.publish(EMPTY, BOOK, {})
    return place


def files(place: Place) -> list[str]:
    assert place.local_path is not None
    return sorted(path.name for path in place.local_path.rglob("*") if path.is_file())


def test_what_others_name_stays(place: Place) -> None:
    freed = drop_versions(place, [1, 2])
    assert files(place) == ["manifest-00000003.json", "own-3.arrow", "shared.arrow"]
    assert freed > 0
    Store.open(place.uri).verify()


def test_a_drop_that_was_cut_off_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at each removal in turn, and started again: the same in the end, whole all along."""
    remove, left = Place.remove, [0]

    def fragile(self: Place, name: str) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        remove(self, name)

    monkeypatch.setattr(Place, "remove", fragile)
    for survived in range(20):
        left[0] = survived
        try:
            drop_versions(place, [v for v in (1, 2) if v in Store.open(place.uri).versions()])
        except KeyboardInterrupt:
            for version in Store.open(place.uri).versions():
                Store.open(place.uri, version).verify()
    assert files(place) == ["manifest-00000003.json", "own-3.arrow", "shared.arrow"]


def test_the_newest_stays_and_what_is_not_there_cannot_go(place: Place) -> None:
    before = files(place)
    with pytest.raises(ArgumentError, match="version 3 is the newest"):
        drop_versions(place, [1, 3])
    with pytest.raises(StoreNotFound, match="no version 9"):
        drop_versions(place, [1, 9])
    assert files(place) == before


def test_a_build_under_way_is_left_alone(place: Place) -> None:
    with StoreWriter(place, 4) as writer:
        writer.write(0, "nodes/own-4", pa.table({"@id": [4]}))
        drop_versions(place, [1, 2])
        writer.publish(EMPTY, BOOK, {})
    Store.open(place.uri, 4).verify()
