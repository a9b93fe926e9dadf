from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.book import PartitionBook
from graphray.errors import StoreCorrupt, StoreTooNew
from graphray.schema import Column, GraphSchema, NodeType, Relation, RelationType
from graphray.store.manifest import (
    FORMAT_VERSION,
    Manifest,
    StoredFile,
    manifest_name,
    manifest_version,
    shard_path,
)

CITES = Relation("paper", "cites", "paper")
MANIFEST = Manifest(
    version=3,
    schema=GraphSchema(
        (NodeType("paper", "string", (Column("x", "fixed_size_list<float>[8]"),)),),
        (RelationType(CITES, directed=False),),
    ),
    book=PartitionBook(
        2, {"paper": np.array([0, 2, 5])}, {(CITES, "in"): np.array([0, 4, 4], np.int64)}
    ),
    build={"partitioner": "hash", "edge_cut": 0.25},
    files=(StoredFile("data/ab/part-00001/nodes/paper.arrow", 640, "00" * 32),),
)


def same(one: Manifest, other: Manifest) -> bool:
    return one.to_bytes() == other.to_bytes()


def test_round_trip() -> None:
    again = Manifest.from_bytes(MANIFEST.to_bytes(), "m")
    assert same(again, MANIFEST)
    assert again.schema == MANIFEST.schema
    assert again.files == MANIFEST.files
    assert again.book.node_range("paper", 1) == (2, 5)


@settings(deadline=None)
@given(st.integers(0, len(MANIFEST.to_bytes()) - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed_or_harmless(at: int, change: int) -> None:
    content = bytearray(MANIFEST.to_bytes())
    content[at] ^= change
    try:
        again = Manifest.from_bytes(bytes(content), "m")
    except StoreCorrupt:
        return
    assert same(again, MANIFEST)  # white space between the values was changed


@settings(deadline=None)
@given(st.integers(0, len(MANIFEST.to_bytes()) - 1))
def test_a_manifest_cut_short_is_corrupt(length: int) -> None:
    with pytest.raises(StoreCorrupt, match="manifest-7"):
        Manifest.from_bytes(MANIFEST.to_bytes()[:length], "manifest-7")


def test_a_newer_format_is_told_from_damage() -> None:
    newer = replace(MANIFEST, format_version=FORMAT_VERSION + 1)
    with pytest.raises(StoreTooNew, match="upgrade"):
        Manifest.from_bytes(newer.to_bytes(), "m")
    frame = json.loads(newer.to_bytes())
    frame["body"]["format_version"] += 1
    with pytest.raises(StoreCorrupt):
        Manifest.from_bytes(json.dumps(frame).encode(), "m")


def test_the_snapshot_is_the_content_and_nothing_else() -> None:
    moved = replace(
        MANIFEST,
        version=9,
        build={"partitioner": "hash", "created_at": "now"},
        files=(replace(MANIFEST.files[0], path="data/cd/part-00001/nodes/paper.arrow"),),
    )
    changed = replace(MANIFEST, files=(replace(MANIFEST.files[0], sha256="11" * 32),))
    assert moved.snapshot_id == MANIFEST.snapshot_id
    assert changed.snapshot_id != MANIFEST.snapshot_id


@settings(deadline=None)
@given(st.integers(1, 10**9))
def test_names_of_manifests(version: int) -> None:
    assert manifest_version(manifest_name(version)) == version
    assert manifest_version(manifest_name(version) + ".1f.tmp") is None


def test_paths_of_shards() -> None:
    file = StoredFile(shard_path("ab", 12, "edges/a~b~c/in"), 1, "")
    assert (file.part, file.table) == (12, "edges/a~b~c/in")
    with pytest.raises(StoreCorrupt, match="elsewhere"):
        _ = StoredFile("elsewhere.arrow", 1, "").part
