"""Batches as PyTorch Geometric's data, validated by it and run through a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import graphray as gr
from tests.sampling.graphs import FOLLOWS, LIKES, NEAR, build_store
from tests.sampling.twin import PlainGraph

torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")
pytestmark = pytest.mark.torch


def test_a_batch_runs_through_a_model(tmp_path: Path) -> None:
    from torch_geometric.nn import SAGEConv

    rng = np.random.default_rng(0)
    edges = (rng.integers(0, 90, 900), rng.integers(0, 90, 900))
    columns = pa.array(rng.random((90, 8)).tolist(), pa.list_(pa.float32(), 8))
    gr.build(edges, tmp_path / "store", nodes=pa.table({"id": np.arange(90), "x": columns}))
    batch = gr.open(tmp_path / "store").loader([3, 1, 4], [4, 4], batch_size=3).batch(0, 0)
    data = batch.to_pyg(features=["x"])
    data.validate(raise_on_error=True)
    assert data.batch_size == 3
    assert data.n_id.tolist() == batch.nodes.tolist()
    assert data.e_id.tolist() == batch.edge_ids.tolist()
    out = SAGEConv(8, 2)(data.x, data.edge_index)
    assert out.shape == (batch.num_nodes, 2)
    out.sum().backward()


def test_a_typed_batch_is_valid(tmp_path: Path) -> None:
    plain = PlainGraph(
        {"user": 4, "item": 3},
        {LIKES: [(0, 1), (1, 1), (3, 2)], FOLLOWS: [(0, 1)], NEAR: [(0, 2)]},
        {NEAR},
    )
    graph = gr.open(build_store(plain, tmp_path, 2, scatter=1))
    batch = graph.loader("item", [2, 2], batch_size=3).batch(0, 0)
    data = batch.to_pyg(features={"item": ["x"]})
    data.validate(raise_on_error=True)
    assert data["item"].batch_size == 3
    assert data["item"].x.shape == (3, 2)
    assert data["user"].n_id == batch.nodes["user"].tolist()
    with pytest.raises(gr.GraphRayError, match="by type"):
        batch.to_pyg(features=["x"])
