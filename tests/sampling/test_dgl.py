"""Batches as DGL's blocks; runs where DGL is installed, which needs a PyTorch of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import graphray as gr
from graphray.errors import ArgumentError, MissingDependency
from graphray.sampling.induced import Induced
from graphray.sampling.neighbors import Neighbors
from tests.sampling.graphs import FOLLOWS, LIKES, NEAR, build_store
from tests.sampling.twin import PlainGraph


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    rng = np.random.default_rng(4)
    counts = {"user": 40, "item": 20}
    edges = {
        relation: list(
            zip(
                rng.integers(0, counts[relation.source], 150).tolist(),
                rng.integers(0, counts[relation.destination], 150).tolist(),
                strict=True,
            )
        )
        for relation in (LIKES, FOLLOWS, NEAR)
    }
    plain = PlainGraph(counts, edges, {NEAR})
    return gr.open(build_store(plain, tmp_path_factory.mktemp("typed"), 2, scatter=1))


def test_without_dgl_the_error_says_what_to_install(
    graph: gr.Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dgl", None)
    monkeypatch.delitem(sys.modules, "graphray.sampling.dgl", raising=False)
    with pytest.raises(MissingDependency, match=r"graphray\[dgl\]"):
        graph.loader("item", [2]).batch(0, 0).to_dgl()


def test_blocks_hold_the_edges_of_the_hops_before_them(graph: gr.Graph) -> None:
    dgl = pytest.importorskip("dgl", reason="DGL is not installed")
    batch = graph.loader("item", [3, 2], batch_size=8).batch(0, 0)
    outer, inner = batch.to_dgl()
    nodes, edges = batch.num_sampled_nodes, batch.num_sampled_edges
    for relation in (LIKES, FOLLOWS, NEAR):
        assert inner.num_edges(relation) == edges[relation][0]
        assert outer.num_edges(relation) == sum(edges[relation])
        source, destination = outer.edges(etype=relation)
        assert np.array_equal(np.stack([source, destination]), batch.edge_index[relation])
        assert np.array_equal(outer.edges[relation].data[dgl.EID], batch.edge_ids[relation])
    for name in ("user", "item"):
        assert inner.num_dst_nodes(name) == nodes[name][0]
        assert inner.num_src_nodes(name) == outer.num_dst_nodes(name) == sum(nodes[name][:2])
        assert np.array_equal(outer.srcnodes[name].data[dgl.NID], batch.node_rows[name])


def test_a_layer_per_block_gives_what_the_whole_batch_gives(tmp_path: Path) -> None:
    pytest.importorskip("dgl", reason="DGL is not installed")
    torch = pytest.importorskip("torch")
    from dgl.nn.pytorch import SAGEConv

    rng = np.random.default_rng(0)
    gr.build(rng.integers(0, 90, (2, 900)), tmp_path / "store")
    batch = gr.open(tmp_path / "store").loader(None, [4, 3], batch_size=10).batch(0, 0)
    layers = [SAGEConv(3, 3, "mean"), SAGEConv(3, 2, "mean")]
    x = torch.rand(len(batch.nodes), 3)
    h = x
    for layer, block in zip(layers, batch.to_dgl(), strict=True):
        h = layer(block, h)
    import dgl

    whole = dgl.graph(tuple(torch.from_numpy(batch.edge_index.copy())), num_nodes=len(x))
    for layer in layers:
        x = layer(whole, x)
    assert torch.allclose(h, x[:10], atol=1e-6)


def test_messages_have_to_flow_to_the_seeds(graph: gr.Graph) -> None:
    pytest.importorskip("dgl", reason="DGL is not installed")
    with pytest.raises(ArgumentError, match="direction='in'"):
        graph.loader("user", [2], direction="out").batch(0, 0).to_dgl()


def test_edges_without_hops_make_no_blocks(graph: gr.Graph) -> None:
    pytest.importorskip("dgl", reason="DGL is not installed")
    plan = Induced(Neighbors([4]))
    with pytest.raises(ArgumentError, match="not sampled hop by hop"):
        graph.loader("item", sampling=plan, batch_size=4).batch(0, 0).to_dgl()
