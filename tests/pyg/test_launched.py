"""PyG's code on a graph that runs on a cluster, partly on another node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import graphray as gr
from tests.pyg.graphs import homogeneous

torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")
pytestmark = [pytest.mark.torch, pytest.mark.cluster]


@pytest.fixture(scope="module")
def launched(
    start_cluster: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[gr.Graph, gr.Graph, dict[str, Any]]]:
    start_cluster(nodes=2, num_cpus=4)
    opened, known = homogeneous(tmp_path_factory.mktemp("launched"))
    running = gr.launch(
        opened.status().uri, "pyg", replicas=1, options=gr.LaunchOptions(map_files=False)
    )
    yield running, opened, known
    running.shutdown()


def test_the_drop_ins_give_the_same_batches(launched: Any) -> None:
    from graphray.pyg import LinkNeighborLoader, NeighborLoader

    running, opened, _ = launched
    settings = {"batch_size": 40, "shuffle": True, "num_workers": 2, "rng_seed": 3}
    pairs = zip(
        NeighborLoader(running, [3, 2], **settings),
        NeighborLoader(opened, [3, 2], **settings),
        strict=True,
    )
    for one, other in pairs:
        assert torch.equal(one.n_id, other.n_id)
        assert torch.equal(one.e_id, other.e_id)
        assert torch.equal(one.x, other.x)
        assert torch.equal(one.w, other.w)
    links = {**settings, "batch_size": 500, "neg_sampling": "binary"}
    pairs = zip(
        LinkNeighborLoader(running, [3], **links),
        LinkNeighborLoader(opened, [3], **links),
        strict=True,
    )
    for one, other in pairs:
        assert torch.equal(one.edge_label_index, other.edge_label_index)
        assert torch.equal(one.edge_index, other.edge_index)


def test_pygs_own_loader_trains_a_model(launched: Any) -> None:
    from torch_geometric.loader import NodeLoader
    from torch_geometric.nn import GraphSAGE

    from graphray.pyg import FeatureStore, GraphStore, NeighborSampler

    running, _, known = launched
    data = FeatureStore(running), GraphStore(running)
    sampler = NeighborSampler(running, [4, 3])
    torch.manual_seed(0)
    model = GraphSAGE(4, 8, num_layers=2, out_channels=3)
    optimizer = torch.optim.Adam(model.parameters())
    for batch in NodeLoader(data, sampler, input_nodes=torch.arange(200), batch_size=50):
        assert np.array_equal(batch.x, known["x"][batch.n_id])
        out = model(batch.x, batch.edge_index)[: batch.batch_size]
        torch.nn.functional.cross_entropy(out, batch.y[: batch.batch_size]).backward()
        optimizer.step()
