from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import fs

from graphray.book import PartitionBook
from graphray.errors import ArgumentError, ColumnNotFound, StoreCorrupt, StoreNotFound, StoreTooNew
from graphray.schema import GraphSchema, NodeType
from graphray.shard import ArrayKey
from graphray.store import Place, Store, StoreUri, StoreWriter

COLUMNS = {
    "@id": pa.array([7, 8, 9]),
    "feature": pa.array([[1.0, 2.0]] * 3, pa.list_(pa.float32(), 2)),
    "name": pa.array(["a", None, "c"], pa.large_string()),
    "tags": pa.array([["x"], [], ["y", "z"]]),
    "partial": pa.array([1, None, 3]),
}


def write_store(uri: StoreUri, version: int = 1) -> Store:
    place = Place(uri)
    with StoreWriter(place, version) as writer:
        for part in range(2):
            writer.write(part, "nodes/node", pa.table(COLUMNS))
        schema = GraphSchema((NodeType("node", "int64"),), ())
        writer.publish(schema, PartitionBook(2, {"node": np.array([0, 3, 6])}, {}), {})
    return Store.open(place.uri)


@pytest.fixture
def uri(tmp_path: Path) -> Path:
    write_store(tmp_path / "store")
    return tmp_path / "store"


def data_file(uri: Path, part: int = 0) -> Path:
    return next(uri.glob(f"data/*/part-{part:05d}/nodes/node.arrow"))


@pytest.mark.parametrize("local", [True, False])
def test_arrays_come_back_as_promised(tmp_path: Path, local: bool) -> None:
    place = tmp_path / "s" if local else (fs._MockFileSystem(), "s")
    shard = write_store(place).shard(1)
    ids = shard.array(ArrayKey("nodes/node", "@id"))
    feature = shard.array(ArrayKey("nodes/node", "feature"))
    assert isinstance(ids, np.ndarray)
    assert not ids.flags.writeable
    assert ids.tolist() == [7, 8, 9]
    assert feature.shape == (3, 2)
    assert feature.dtype == np.float32
    for name in ("name", "tags", "partial"):
        column = shard.array(ArrayKey("nodes/node", name))
        assert isinstance(column, pa.Array)
        assert column.equals(COLUMNS[name])


def test_local_columns_are_mapped_not_copied(uri: Path) -> None:
    shard = Store.open(uri).shard(0)
    before = pa.total_allocated_bytes()
    ids = shard.array(ArrayKey("nodes/node", "@id"))
    assert len(ids) == 3
    assert pa.total_allocated_bytes() == before


def test_what_is_not_there(uri: Path) -> None:
    store = Store.open(uri)
    with pytest.raises(ColumnNotFound, match="feature"):
        store.shard(0).array(ArrayKey("nodes/node", "nope"))
    with pytest.raises(ColumnNotFound, match="nodes/node"):
        store.shard(0).array(ArrayKey("nodes/nope", "@id"))
    with pytest.raises(ArgumentError, match=r"0\.\.1"):
        store.shard(2)


def test_no_store(tmp_path: Path, uri: Path) -> None:
    with pytest.raises(StoreNotFound, match="no-such-place"):
        Store.open(tmp_path / "no-such-place")
    with pytest.raises(StoreNotFound):
        Store.open(tmp_path)
    with pytest.raises(StoreNotFound, match="it has: 1"):
        Store.open(uri, 2)
    with pytest.raises(StoreNotFound, match="version 0"):
        Store.open(uri, 0)
    with pytest.raises(StoreNotFound):
        Store.open(data_file(uri))


def test_versions(uri: Path) -> None:
    first = Store.open(uri)
    assert write_store(uri, version=2).version == 2
    assert first.version == 1
    assert first.versions() == (1, 2)
    assert Store.open(uri).version == 2
    assert Store.open(uri, 1).version == 1


def test_store_and_shard_travel_between_processes(uri: Path) -> None:
    store = Store.open(uri, verify=False)
    write_store(uri, version=2)
    again = pickle.loads(pickle.dumps(store))
    assert (again.uri, again.version) == (str(uri), 1)
    shard = store.shard(1)
    shard.table("nodes/node")
    assert pickle.loads(pickle.dumps(shard)).table("nodes/node").equals(shard.table("nodes/node"))
    assert len(pickle.dumps(shard)) < 1000


def damage_nothing(path: Path) -> None:
    path.write_bytes(path.read_bytes())


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def make_longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_undamaged_store_verifies(uri: Path) -> None:
    damage_nothing(data_file(uri))
    Store.open(uri).verify()
    Store.open(uri).shard(0).verify()


@pytest.mark.parametrize("damage", [cut_short, make_longer, flip, Path.unlink])
def test_damage_is_found_and_named(uri: Path, damage: Callable[[Path], Any]) -> None:
    path = data_file(uri)
    damage(path)
    store = Store.open(uri)
    for use in (
        lambda: store.shard(0).array(ArrayKey("nodes/node", "@id")),
        store.shard(0).verify,
        store.verify,
    ):
        with pytest.raises(StoreCorrupt) as caught:
            use()
        assert str(path) in str(caught.value)
    assert store.shard(1).array(ArrayKey("nodes/node", "@id")).tolist() == [7, 8, 9]
    store.shard(1).verify()


@pytest.mark.parametrize("damage", [cut_short, make_longer, Path.unlink])
def test_size_is_checked_even_without_checksums(uri: Path, damage: Callable[[Path], Any]) -> None:
    damage(data_file(uri))
    shard = Store.open(uri, verify=False).shard(0)
    with pytest.raises(StoreCorrupt):
        shard.array(ArrayKey("nodes/node", "@id"))


def test_without_checksums_a_file_is_not_read_through(uri: Path) -> None:
    flip_last_value(data_file(uri))
    shard = Store.open(uri, verify=False).shard(0)
    assert shard.array(ArrayKey("nodes/node", "@id")).tolist() != [7, 8, 9]


def flip_last_value(path: Path) -> None:
    content = path.read_bytes()
    ids = np.array([7, 8, 9]).tobytes()
    path.write_bytes(content.replace(ids, np.array([7, 8, 10]).tobytes()))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_flipped_bit_is_found(uri: Path, data: st.DataObject) -> None:
    path = data_file(uri)
    intact = path.read_bytes()
    at = data.draw(st.integers(0, len(intact) - 1))
    flipped = bytearray(intact)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(flipped)
    with pytest.raises(StoreCorrupt):
        Store.open(uri).shard(0).array(ArrayKey("nodes/node", "@id"))
    path.write_bytes(intact)


def test_file_that_is_no_arrow(uri: Path) -> None:
    path = data_file(uri)
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(StoreCorrupt, match="no Arrow file"):
        Store.open(uri, verify=False).shard(0).table("nodes/node")


def test_damaged_manifest(uri: Path) -> None:
    flip(uri / "manifest-00000001.json")
    with pytest.raises(StoreCorrupt, match=r"manifest-00000001\.json"):
        Store.open(uri)


def test_newer_format(uri: Path) -> None:
    store = Store.open(uri)
    newer = replace(store.manifest, version=2, format_version=99)
    (uri / "manifest-00000002.json").write_bytes(newer.to_bytes())
    assert json.loads(newer.to_bytes())["body"]["format_version"] == 99
    with pytest.raises(StoreTooNew, match="format 99"):
        Store.open(uri)
    assert Store.open(uri, 1).version == 1


def test_opening_reads_the_manifest_only(uri: Path) -> None:
    for part in range(2):
        data_file(uri, part).unlink()
    assert Store.open(uri).schema.node_type_names == ("node",)
