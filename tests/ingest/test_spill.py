from __future__ import annotations

import resource
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import fs

from graphray.errors import StoreError
from graphray.executor import LocalExecutor
from graphray.ingest.spill import SpillFile, SpillFolder, SpillWriter, read_bucket, read_pieces

SCHEMA = pa.schema({"x": pa.int64(), "text": pa.large_string()})
pieces = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.integers(0, 9), min_size=1, max_size=5)), max_size=20
)


def folder_at(path: Path | str) -> SpillFolder:
    return SpillFolder(fs.LocalFileSystem(), str(path))


def batch(values: list[int]) -> pa.RecordBatch:
    return pa.record_batch({"x": values, "text": [f"t{v}" for v in values]}, schema=SCHEMA)


def write(folder: SpillFolder, some: list[tuple[int, int, list[int]]]) -> SpillFile:
    with SpillWriter(folder) as spill:
        for place, bucket, values in some:
            spill.append(bucket, place, batch(values))
    return spill.written


@given(pieces, st.randoms(use_true_random=False), st.integers(1, 3))
def test_a_bucket_is_its_pieces_in_order_of_their_places(written, random, files) -> None:
    expected: dict[int, list[int]] = {bucket: [] for bucket in range(3)}
    for bucket, values in written:
        expected[bucket] += values
    numbered = [(place, bucket, values) for place, (bucket, values) in enumerate(written)]
    random.shuffle(numbered)
    with tempfile.TemporaryDirectory() as path:
        folder = folder_at(path)
        shares = [numbered[at::files] for at in range(files)]
        spilled = [file for _, file in LocalExecutor(2).run(write, folder, shares)]
        sizes = sum(file.bytes_by_bucket(3) for file in spilled)
        for bucket, values in expected.items():
            table = read_bucket(folder, spilled, bucket, SCHEMA)
            assert table.schema == SCHEMA
            assert table.to_pydict() == {"x": values, "text": [f"t{v}" for v in values]}
            assert (sizes[bucket] > 0) == (len(values) > 0)
        folder.remove(spilled)
        assert not list(Path(path).iterdir())
        folder.remove(spilled)


def test_a_slice_is_written_alone(tmp_path: Path) -> None:
    with SpillWriter(folder_at(tmp_path)) as spill:
        spill.append(0, 0, batch(list(range(10_000))).slice(5_000, 2))
    assert spill.written.bytes_by_bucket(1)[0] < 1_000
    (piece,) = read_pieces(folder_at(tmp_path), spill.written, 0, SCHEMA)
    assert piece.column("x").to_pylist() == [5000, 5001]


def test_a_file_that_was_cut_short(tmp_path: Path) -> None:
    file = write(folder_at(tmp_path), [(0, 0, [1])])
    (tmp_path / file.name).write_bytes(b"")
    with pytest.raises(StoreError, match=r"ends .* bytes early"):
        read_bucket(folder_at(tmp_path), [file], 0, SCHEMA)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot create"), SpillWriter(folder_at(tmp_path / "x")):
        pass


def test_what_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="File too large; make room") as caught:
        write_beyond(folder_at(tmp_path), 10_000)
    assert str(tmp_path) in str(caught.value)
    assert not list(tmp_path.iterdir())


def write_beyond(folder: SpillFolder, limit_bytes: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        write(folder, [(place, 0, list(range(500))) for place in range(9)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
