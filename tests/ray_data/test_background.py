"""What datasets ask of replicas is marked as work that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from graphray.reading.background import is_background

batches = pytest.importorskip("graphray.ray_data.batches", exc_type=ImportError)
tables = pytest.importorskip("graphray.ray_data.tables", exc_type=ImportError)


class Marks:
    """A table of whether its reading was marked, and a loader of such batches."""

    snapshot_id = "s"

    def num_entries(self, part: int) -> int:
        return 2

    def read(self, part: int) -> Iterator[pa.Table]:
        for _ in range(self.num_entries(part)):
            yield pa.table({"marked": [is_background()]})

    def make(self, *_: Any) -> bool:
        return is_background()


def test_tables_are_read_in_the_background() -> None:
    (task,) = tables.PartitionsDatasource(Marks(), [0]).get_read_tasks(1)
    for piece in task():
        assert piece["marked"].to_pylist() == [True]
        assert not is_background(), "the mark is not for whoever takes the pieces"


def test_batches_are_sampled_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches.ray, "get", lambda value: value)
    monkeypatch.setattr(
        batches, "row_of", lambda batch, *_: {"sampled": batch, "read": is_background()}
    )
    actor = batches.SamplingActor(Marks(), "s", {}, {})  # type: ignore[arg-type]
    seeds = pa.table({batches.EPOCH: [0], batches.NUMBER: [0], batches.ROWS: [[1, 2]]})
    assert actor(seeds) == {"sampled": True, "read": True}
    assert not is_background()
