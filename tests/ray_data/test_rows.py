"""A batch as a row, for every type of column; and loaders that go to other processes."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import graphray as gr
from graphray.ray_data.rows import row_of

NODES = 40


@pytest.fixture
def graph(tmp_path: Path) -> gr.Graph:
    rng = np.random.default_rng(1)
    nodes = pa.table(
        {
            "id": np.arange(NODES) * 10,
            "half": rng.random(NODES).astype(np.float16),
            "flag": rng.random(NODES) < 0.5,
            "maybe": pa.array([None if i % 3 == 0 else i for i in range(NODES)], pa.int32()),
            "tags": pa.array([list(range(i % 4)) for i in range(NODES)]),
            "name": [f"n{i}" for i in range(NODES)],
            "day": pa.array(np.arange(NODES), pa.timestamp("s")),
            "brain": gr.bfloat16_array(np.full(NODES, 0x3F80, np.uint16)),
            "seen": rng.integers(0, 100, NODES),
        }
    )
    ends = rng.integers(0, NODES, (2, 300)) * 10
    edges = pa.table({"src": ends[0], "dst": ends[1], "at": rng.integers(0, 100, 300)})
    return gr.open(gr.build(edges, tmp_path / "store", nodes=nodes, parts=2).uri)


def value(row: dict[str, Any], name: str) -> Any:
    (found,) = row[name]
    return found


def test_every_type_of_column(graph: gr.Graph) -> None:
    batch = graph.loader(None, [3, 2], batch_size=NODES).batch(0, 0)
    columns = [column.name for column in graph.schema.node_type("node").columns]
    (relation,) = (kind.relation for kind in graph.schema.relations)
    row = row_of(batch, {"node": columns}, {relation: ["at"]})
    for name in ("half", "flag", "seen"):
        assert np.array_equal(value(row, f"features/{name}"), batch.features(name))
        assert value(row, f"features/{name}").dtype == batch.features(name).dtype
    assert value(row, "features/maybe") == batch.features("maybe").tolist()
    assert None in value(row, "features/maybe")
    tags = gr.RaggedArray(value(row, "features/tags/values"), value(row, "features/tags/offsets"))
    assert tags.tolist() == batch.features("tags").tolist()
    assert value(row, "features/name") == [f"n{i // 10}" for i in batch.nodes]
    assert value(row, "features/day") == batch.features("day").tolist()
    assert value(row, "features/brain").dtype == np.float32
    assert np.all(value(row, "features/brain") == 1.0)
    assert np.array_equal(value(row, "edge_features/at"), batch.edge_features("at"))
    assert value(row, "num_sampled_nodes").tolist() == list(batch.num_sampled_nodes)
    assert "seed_times" not in row
    assert "trees" not in row


def test_times_and_trees_come_along(graph: gr.Graph) -> None:
    batch = graph.loader(None, [2], seed_times="seen", edge_time="at", batch_size=8).batch(0, 1)
    row = row_of(batch, {}, {})
    assert np.array_equal(value(row, "seed_times"), batch.seed_times)
    assert np.array_equal(value(row, "trees"), batch.trees)
    assert value(row, "seed_rows").tolist() == list(range(8, 16))


@pytest.mark.parametrize("settings", [{}, {"seed_times": "seen", "edge_time": "at"}])
def test_blocks_of_seeds_make_the_same_batches_elsewhere(
    graph: gr.Graph, settings: dict[str, Any]
) -> None:
    plan = {"batch_size": 7, "shuffle": True, "rng_seed": 5, "rank": 1, "world_size": 2, **settings}
    loader = graph.loader(None, [3, 2], **plan)
    elsewhere = pickle.loads(pickle.dumps(loader))
    assert elsewhere.snapshot_id == graph.snapshot_id
    blocks = list(loader.seed_blocks(2))
    assert [number for number, _ in blocks] == [1, 3, 5]
    for number, rows in blocks:
        made = elsewhere.make(rows, 2, number)
        assert (made.epoch, made.number) == (2, number)
        assert made.digest() == loader.batch(2, number).digest()
