"""PyG's own loaders over GraphRay's stores and sampler."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphray as gr
from graphray.errors import ArgumentError
from tests.pyg.graphs import CITES, WRITES, heterogeneous, homogeneous

torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")
pytestmark = pytest.mark.torch

Known = dict[Any, Any]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[gr.Graph, Known]:
    return homogeneous(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> tuple[gr.Graph, Known]:
    return heterogeneous(tmp_path_factory.mktemp("typed"))


def stores(graph: gr.Graph) -> Any:
    from graphray.pyg import FeatureStore, GraphStore

    return FeatureStore(graph), GraphStore(graph)


def test_features_by_row(plain: tuple[gr.Graph, Known]) -> None:
    graph, known = plain
    features, _ = stores(graph)
    assert sorted(a.attr_name for a in features.get_all_tensor_attrs()) == ["time", "x", "y"]
    rows = torch.tensor([7, 0, 7])
    assert np.array_equal(features.get_tensor(None, "x", rows), known["x"][rows])
    assert np.array_equal(features.get_tensor(None, "x", slice(2, 9)), known["x"][2:9])
    assert np.array_equal(features.get_tensor(None, "y", None), known["y"])
    assert np.array_equal(features.get_tensor(None, "x", 3), known["x"][3])
    assert features.get_tensor_size(None, "x") == (200, 4)
    with pytest.raises(ArgumentError, match="read-only"):
        features.put_tensor(torch.zeros(200), None, "z", None)


def test_edges_in_the_order_of_the_input(typed: tuple[gr.Graph, Known]) -> None:
    graph, known = typed
    _, edges = stores(graph)
    rows, columns, _ = edges.coo()
    for relation in (WRITES, CITES):
        assert np.array_equal(torch.stack([rows[relation], columns[relation]]), known[relation])
    row, colptr, perm = edges.csc([CITES])
    assert np.array_equal(np.diff(colptr[CITES]), np.bincount(known[CITES][1], minlength=150))
    assert np.array_equal(row[CITES], known[CITES][0][perm[CITES]])
    with pytest.raises(ArgumentError, match="read-only"):
        edges.put_edge_index((row, colptr), CITES, "csc")


def test_pygs_node_loader(plain: tuple[gr.Graph, Known]) -> None:
    from torch_geometric.loader import NodeLoader

    from graphray.pyg import NeighborSampler

    graph, known = plain
    loader = NodeLoader(
        stores(graph), NeighborSampler(graph, [4, 3]), input_nodes=torch.arange(64), batch_size=32
    )

    def epoch(seed: int) -> list[list[int]]:
        torch.manual_seed(seed)
        return [data.n_id.tolist() for data in loader]

    assert epoch(1) == epoch(1) != epoch(2)
    for number, data in enumerate(loader):
        data.validate(raise_on_error=True)
        assert data.input_id.tolist() == list(range(32 * number, 32 * (number + 1)))
        assert np.array_equal(data.x, known["x"][data.n_id])
        assert np.array_equal(data.n_id[data.edge_index], known["edge_index"][:, data.e_id])
        assert len(data.num_sampled_nodes) == 3


def test_pygs_neighbor_loader_given_our_sampler(typed: tuple[gr.Graph, Known]) -> None:
    from torch_geometric.loader import NeighborLoader

    from graphray.pyg import NeighborSampler

    graph, known = typed
    loader = NeighborLoader(
        stores(graph),
        num_neighbors=[3, 3],
        input_nodes=("paper", torch.arange(20)),
        neighbor_sampler=NeighborSampler(graph, [3, 3], disjoint=True),
        batch_size=10,
    )
    for data in loader:
        data.validate(raise_on_error=True)
        assert data["paper"].batch_size == 10
        assert np.array_equal(data["author"].x, known["author"][data["author"].n_id])
        ends = known[WRITES][:, data[WRITES].e_id]
        assert np.array_equal(data["paper"].n_id[data[WRITES].edge_index[1]], ends[1])
        assert len(data["author"].batch) == data["author"].num_nodes


def test_pygs_link_loader(typed: tuple[gr.Graph, Known]) -> None:
    from torch_geometric.loader import LinkLoader

    from graphray.pyg import NeighborSampler

    graph, known = typed
    loader = LinkLoader(
        stores(graph),
        NeighborSampler(graph, [3]),
        edge_label_index=(CITES, torch.from_numpy(known[CITES][:, :30])),
        neg_sampling="binary",
        batch_size=30,
    )
    (data,) = loader
    pairs = data["paper"].n_id[data[CITES].edge_label_index]
    assert np.array_equal(pairs[:, :30], known[CITES][:, :30])
    assert data[CITES].edge_label.tolist() == [1.0] * 30 + [0.0] * 30
