"""What PyG's own code relies on: content, hops that can be trimmed, tensors one may write to."""

import sys

import numpy as np
import pyarrow as pa
import pytest

import graphray as gr
from graphray.errors import ArgumentError, MissingDependency
from graphray.schema import Relation

NUM_NODES = 60
CITES = Relation("paper", "cites", "paper")
WRITES = Relation("author", "writes", "paper")


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """Node i has edges from 7 i + 1 and 11 i + 3, and the features (i, -i)."""
    ids = np.arange(NUM_NODES)
    features = np.stack([ids, -ids], axis=1).astype(np.float32)
    edges = np.concatenate([ids * 7 + 1, ids * 11 + 3]) % NUM_NODES, np.tile(ids, 2)
    x = pa.FixedSizeListArray.from_arrays(features.ravel(), 2)
    uri = tmp_path_factory.mktemp("pyg") / "store"
    gr.build(edges, uri, nodes=pa.table({"id": ids, "x": x}), parts=3, partitioner="hash")
    return gr.open(uri)


@pytest.fixture(scope="module")
def typed_graph(tmp_path_factory):
    """Papers cite papers; authors, who are strings, write them."""
    papers = np.arange(NUM_NODES)
    authors = np.array([f"a{i % 7}" for i in papers], object)
    uri = tmp_path_factory.mktemp("pyg-typed") / "store"
    gr.build(
        {CITES: (papers, papers * 7 % NUM_NODES), WRITES: (authors, papers)},
        uri,
        parts=2,
        partitioner="hash",
    )
    return gr.open(uri)


def test_without_pytorch_the_error_says_what_to_install(graph, monkeypatch):
    for package in ("torch", "torch_geometric.data"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "graphray.sampling.pyg", raising=False)
    batch = next(iter(graph.loader(fanout=[2], batch_size=8)))
    with pytest.raises(MissingDependency, match=r"graphray\[torch\]"):
        batch.to_pyg()


@pytest.mark.torch
def test_a_batch_of_one_type_is_a_data_object_with_the_same_content(graph):
    pytest.importorskip("torch_geometric")
    for batch in graph.loader(fanout=[2, 2], batch_size=16, shuffle=True, rng_seed=1):
        data = batch.to_pyg(features=["x"])
        data.validate()
        np.testing.assert_array_equal(data.n_id, batch.nodes)
        np.testing.assert_array_equal(data.edge_index, batch.edge_index)
        np.testing.assert_array_equal(data.e_id, batch.edge_ids)
        np.testing.assert_array_equal(data.x, np.stack([data.n_id, -data.n_id], axis=1))
        assert data.batch_size == batch.num_seeds
        sources, destinations = (data.n_id[end].numpy() for end in data.edge_index)
        first, second = (destinations * k + c for k, c in ((7, 1), (11, 3)))
        assert np.all((sources == first % NUM_NODES) | (sources == second % NUM_NODES))


@pytest.mark.torch
def test_hops_can_be_trimmed_layer_by_layer(graph):
    pytest.importorskip("torch_geometric")
    from torch_geometric.utils import trim_to_layer

    data = next(iter(graph.loader(fanout=[2, 2], batch_size=16))).to_pyg(features=["x"])
    hops = data.num_sampled_nodes, data.num_sampled_edges
    x, edge_index, _ = trim_to_layer(0, *hops, data.x, data.edge_index)
    assert (len(x), edge_index.shape[1]) == (data.num_nodes, data.num_edges)
    x, edge_index, _ = trim_to_layer(1, *hops, x, edge_index)
    assert len(x) == sum(data.num_sampled_nodes[:2])
    assert edge_index.shape[1] == data.num_sampled_edges[0]
    assert edge_index.max() < len(x)


@pytest.mark.torch
def test_writing_to_a_tensor_leaves_the_graph_as_it_was(graph):
    pytest.importorskip("torch_geometric")
    loader = graph.loader(fanout=[2], batch_size=8, rng_seed=4)
    before = loader.batch(0, 0).digest()
    data = loader.batch(0, 0).to_pyg(features=["x"])
    for tensor in (data.x, data.edge_index, data.n_id, data.e_id):
        tensor.zero_()
    assert loader.batch(0, 0).digest() == before
    np.testing.assert_array_equal(loader.batch(0, 0).features("x")[:, 0], loader.batch(0, 0).nodes)


@pytest.mark.torch
def test_columns_of_several_types_are_named_by_type(typed_graph):
    pytest.importorskip("torch_geometric")
    batch = next(iter(typed_graph.loader(seeds="paper", fanout=[2], batch_size=4)))
    with pytest.raises(ArgumentError, match="by type"):
        batch.to_pyg(features=["x"])
