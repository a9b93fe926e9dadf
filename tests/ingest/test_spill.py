from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import StoreError
from graphray.ingest.spill import Spill
from graphray.ingest.workspace import spill_parent, workspace
from graphray.threads import Threads

SCHEMA = pa.schema({"x": pa.int64(), "text": pa.large_string()})
pieces = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.integers(0, 9), min_size=1, max_size=5)), max_size=20
)


def batch(values: list[int]) -> pa.RecordBatch:
    return pa.record_batch({"x": values, "text": [f"t{v}" for v in values]}, schema=SCHEMA)


@given(pieces, st.randoms(use_true_random=False))
def test_a_bucket_is_its_pieces_in_order_of_their_places(written, random) -> None:
    expected: dict[int, list[int]] = {bucket: [] for bucket in range(3)}
    for bucket, values in written:
        expected[bucket] += values
    numbered = [(bucket, place, values) for place, (bucket, values) in enumerate(written)]
    random.shuffle(numbered)
    with (
        tempfile.TemporaryDirectory() as folder,
        Spill(Path(folder, "s"), SCHEMA, 3) as spill,
        Threads(2) as threads,
    ):
        threads.map(lambda piece: spill.append(piece[0], piece[1], batch(piece[2])), numbered)
        for bucket, values in expected.items():
            assert spill.read(bucket).schema == SCHEMA
            assert spill.read(bucket).to_pydict() == {
                "x": values,
                "text": [f"t{v}" for v in values],
            }
            assert spill.num_rows(bucket) == len(values)
            assert (spill.size_bytes(bucket) > 0) == (len(values) > 0)


def test_a_slice_is_written_alone(tmp_path: Path) -> None:
    with Spill(tmp_path / "s", SCHEMA, 1) as spill:
        spill.append(0, 0, batch(list(range(10_000))).slice(5_000, 2))
        assert spill.size_bytes(0) < 1_000
        assert spill.read(0).column("x").to_pylist() == [5000, 5001]
    assert not list(tmp_path.iterdir())


def test_a_file_that_was_cut_short(tmp_path: Path) -> None:
    with Spill(tmp_path / "s", SCHEMA, 1) as spill:
        spill.append(0, 0, batch([1]))
        (tmp_path / "s").write_bytes(b"")
        with pytest.raises(StoreError, match=r"ends .* bytes early"):
            spill.read(0)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot spill to"), workspace(tmp_path / "file"):
        pass
    with pytest.raises(StoreError, match="cannot create"):
        Spill(tmp_path / "none" / "s", SCHEMA, 1)


def test_where_builds_spill(tmp_path: Path) -> None:
    assert spill_parent(tmp_path, None).parent == tmp_path
    assert spill_parent(tmp_path, "/elsewhere") == Path("/elsewhere/graphray-spill")
    assert str(spill_parent(None, None)).startswith(tempfile.gettempdir())
