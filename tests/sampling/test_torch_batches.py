"""Loaders as torch's datasets: tensors that share the batch's memory, epochs, and no workers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import graphray as gr
from graphray.errors import ArgumentError, MissingDependency


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    rng = np.random.default_rng(0)
    x = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(400, dtype=np.float32)), 4)
    nodes = pa.table({"id": np.arange(100), "x": x})
    edges = pa.table({"src": rng.integers(0, 100, 900), "dst": rng.integers(0, 100, 900)})
    edges = edges.append_column("w", pa.array(rng.random(900)))
    store = tmp_path_factory.mktemp("torch") / "store"
    gr.build(edges, store, nodes=nodes, parts=2, partitioner="hash")
    return gr.open(store)


def test_without_torch_the_error_says_what_to_install(
    graph: gr.Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.data", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "graphray.sampling.torch_batches", raising=False)
    with pytest.raises(MissingDependency, match=r"graphray\[torch\]"):
        graph.loader(None, [2]).to_torch()


def test_arrays_come_without_torch(graph: gr.Graph) -> None:
    """JAX and NumPy users have no torch; a loader that imported it would fail here."""
    code = (
        "import sys; sys.modules['torch'] = None; import graphray as gr\n"
        "g = gr.open(sys.argv[1])\n"
        "loader = g.link_loader(None, [2], negatives=gr.Negatives(), batch_size=450)\n"
        "print(sum(batch.features('x').dtype == 'float32' for batch in loader))\n"
        "print(sum(len(batch.edge_ids) > 0 for batch in g.loader(None, [2], batch_size=50)))"
    )
    root = Path(gr.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code, graph.status().uri],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    )
    assert done.stdout.split() == ["2", "2"]


@pytest.mark.torch
def test_tensors_say_what_the_batch_says(graph: gr.Graph) -> None:
    torch = pytest.importorskip("torch")
    loader = graph.loader(None, [3, 2], batch_size=30, shuffle=True, prefetch=2)
    relation = graph.schema.relations[0].relation
    dataset = loader.to_torch({"node": ["x"]}, {relation: ["w"]})
    assert len(dataset) == 4
    for epoch in range(2):
        for batch, tensors in zip(loader.epoch(epoch), dataset, strict=True):
            assert np.array_equal(tensors["nodes"], batch.nodes)
            assert np.array_equal(tensors["edge_index"], batch.edge_index)
            assert np.array_equal(tensors["edge_ids"], batch.edge_ids)
            assert torch.equal(tensors["features"]["node"]["x"][:, 0], tensors["nodes"] * 4.0)
            assert np.array_equal(tensors["edge_features"][relation]["w"], batch.edge_features("w"))
            assert tensors["num_sampled_nodes"] == batch.num_sampled_nodes


@pytest.mark.torch
def test_edge_index_is_not_copied(graph: gr.Graph) -> None:
    pytest.importorskip("torch")
    from graphray.sampling.torch_batches import tensors_of

    batch = graph.loader(None, [3]).batch(0, 0)
    tensors = tensors_of(batch, {}, {})
    assert (
        tensors["edge_index"].data_ptr()
        == batch.subgraph.edges[graph.schema.relations[0].relation].edge_index.ctypes.data
    )


@pytest.mark.torch
def test_links_trees_and_what_else_is_made_of_batches(graph: gr.Graph) -> None:
    pytest.importorskip("torch")
    loader = graph.link_loader(
        None, [2], negatives=gr.Negatives(), batch_size=50, disjoint=True, exclude_seed_edges=False
    )
    tensors = next(iter(loader.to_torch()))
    assert tensors["edge_label"].tolist() == [1.0] * 50 + [0.0] * 50
    assert tensors["trees"][tensors["edge_label_index"][0, :50]].tolist() == list(range(50))
    triplets = graph.link_loader(None, [2], negatives=gr.Negatives("triplet"), batch_size=50)
    assert next(iter(triplets.to_torch()))["dst_neg_index"].shape == (50, 1)
    assert list(loader.to_torch(convert=lambda batch: batch.number)) == list(range(18))


@pytest.mark.torch
def test_a_data_loader_runs_over_it_without_workers(graph: gr.Graph) -> None:
    data = pytest.importorskip("torch").utils.data
    dataset = graph.loader(None, [2], batch_size=25).to_torch()
    assert len(list(data.DataLoader(dataset, batch_size=None))) == 4
    state = dataset.state_dict()
    assert (state["epoch"], state["batch"]) == (1, 0)
    dataset.load_state_dict({**state, "epoch": 0, "batch": 3})
    assert len(list(dataset)) == 1
    with pytest.raises(ArgumentError, match="in_flight and prefetch"):
        next(iter(data.DataLoader(dataset, batch_size=None, num_workers=1)))
