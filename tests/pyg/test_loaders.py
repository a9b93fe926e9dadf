"""The drop-ins: batches with PyG's attributes, saying what PyG would of the same tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound
from tests.pyg.graphs import CITES, EDGES, NODES, WRITES, heterogeneous, homogeneous

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


def node_loader(graph: gr.Graph, *arguments: Any, **settings: Any) -> Any:
    from graphray.pyg import NeighborLoader

    return NeighborLoader(graph, *arguments, **settings)


def link_loader(graph: gr.Graph, *arguments: Any, **settings: Any) -> Any:
    from graphray.pyg import LinkNeighborLoader

    return LinkNeighborLoader(graph, *arguments, **settings)


def test_a_batch_of_nodes_has_what_pygs_has(plain: tuple[gr.Graph, Known]) -> None:
    graph, known = plain
    loader = node_loader(graph, [4, 3], input_nodes=torch.arange(0, 90), batch_size=32)
    assert len(loader) == 3
    assert len(loader.dataset) == 90
    for number, data in enumerate(loader):
        data.validate(raise_on_error=True)
        seeds = np.arange(90)[32 * number : 32 * (number + 1)]
        assert data.batch_size == len(seeds)
        assert data.n_id[: data.batch_size].tolist() == seeds.tolist()
        assert data.input_id.tolist() == seeds.tolist()
        for column in ("x", "y", "time"):
            assert np.array_equal(data[column], known[column][data.n_id])
        assert np.array_equal(data.w, known["w"][data.e_id])
        assert "kind" not in data
        assert np.array_equal(data.n_id[data.edge_index], known["edge_index"][:, data.e_id])
        assert sum(data.num_sampled_nodes) == data.num_nodes
        assert sum(data.num_sampled_edges) == data.num_edges
        ids = graph.node_ids(order="input")
        assert np.array_equal(ids, known["ids"])


def test_masks_choose_seeds_and_name_them(plain: tuple[gr.Graph, Known]) -> None:
    graph, known = plain
    mask = torch.from_numpy(known["y"] == 2)
    seen = torch.cat(
        [data.input_id for data in node_loader(graph, [2], mask, batch_size=16, shuffle=True)]
    )
    assert sorted(seen.tolist()) == np.flatnonzero(mask).tolist()
    first = next(iter(node_loader(graph, [2], mask, batch_size=16)))
    assert first.n_id[: first.batch_size].tolist() == first.input_id.tolist()
    own = next(iter(node_loader(graph, [2], [7, 9], input_id=torch.tensor([70, 90]), batch_size=2)))
    assert own.input_id.tolist() == [70, 90]


def test_epochs_are_graphrays(plain: tuple[gr.Graph, Known]) -> None:
    graph, _ = plain
    settings = {"batch_size": 32, "shuffle": True, "rng_seed": 5}
    loader = node_loader(graph, [3, 3], num_workers=2, **settings)
    first, second = [[d.n_id.tolist() for d in loader] for _ in range(2)]
    assert first != second
    again = node_loader(graph, [3, 3], **settings)
    seen = [data.n_id.tolist() for _, data in zip(range(3), again, strict=False)]
    state = again.state_dict()
    other = node_loader(graph, [3, 3], **settings)
    other.load_state_dict(state)
    assert seen + [d.n_id.tolist() for d in other] == first
    shares = [node_loader(graph, [3, 3], rank=r, world_size=2, **settings) for r in range(2)]
    assert [[d.n_id.tolist() for d in share] for share in shares] == [first[::2], first[1::2]]


def test_a_disjoint_batch_has_a_vector_of_trees(plain: tuple[gr.Graph, Known]) -> None:
    graph, _ = plain
    data = next(iter(node_loader(graph, [3, 2], [5, 5, 8], batch_size=3, disjoint=True)))
    assert data.batch[:3].tolist() == [0, 1, 2]
    assert data.n_id[:3].tolist() == [5, 5, 8]
    assert torch.equal(data.batch[data.edge_index[0]], data.batch[data.edge_index[1]])


def test_an_induced_batch_has_all_edges_among_its_nodes(plain: tuple[gr.Graph, Known]) -> None:
    graph, known = plain
    for settings in ({"subgraph_type": "induced"}, {"directed": False}):
        data = next(iter(node_loader(graph, [4], range(8), batch_size=8, **settings)))
        inside = np.isin(known["edge_index"], data.n_id).all(axis=0)
        assert sorted(data.e_id.tolist()) == np.flatnonzero(inside).tolist()
        assert np.array_equal(data.n_id[data.edge_index], known["edge_index"][:, data.e_id])


def test_nothing_later_than_the_seeds_is_seen(plain: tuple[gr.Graph, Known]) -> None:
    graph, known = plain
    data = next(iter(node_loader(graph, [5, 5], time_attr="time", batch_size=NODES)))
    seed_time = torch.from_numpy(known["time"])
    assert torch.equal(data.seed_time, seed_time)
    assert torch.all(data.time <= seed_time[data.batch])
    at = torch.full((10,), 50)
    loader = node_loader(
        graph, [5], range(10), at, time_attr="time", temporal_strategy="last", batch_size=10
    )
    data = next(iter(loader))
    assert torch.all(data.time[10:] <= 50)


def test_weights_decide_what_is_drawn(plain: tuple[gr.Graph, Known]) -> None:
    graph, _ = plain
    data = next(iter(node_loader(graph, [4], weight_attr="w", replace=True, batch_size=NODES)))
    even = next(iter(node_loader(graph, [4], replace=True, batch_size=NODES)))
    assert data.w.mean() > even.w.mean() + 0.1


@pytest.mark.filterwarnings("ignore:There exist node types")  # no edge leads to an author
def test_batches_of_several_types_run_through_a_model(typed: tuple[gr.Graph, Known]) -> None:
    from torch_geometric.nn import HeteroConv, SAGEConv
    from torch_geometric.utils import trim_to_layer

    graph, known = typed
    loader = node_loader(graph, {WRITES: [3, 3], CITES: [4, 2]}, "paper", batch_size=25)
    model = HeteroConv({r: SAGEConv((-1, -1), 4) for r in (WRITES, CITES)})
    for data in loader:
        data.validate(raise_on_error=True)
        assert data["paper"].batch_size == 25
        assert "name" not in data["author"]
        for node_type in ("author", "paper"):
            expected = known[node_type][data[node_type].n_id]
            assert np.array_equal(data[node_type].x, expected)
        for relation in (WRITES, CITES):
            source, _, destination = relation
            ends = known[relation][:, data[relation].e_id]
            assert np.array_equal(data[source].n_id[data[relation].edge_index[0]], ends[0])
            assert np.array_equal(data[destination].n_id[data[relation].edge_index[1]], ends[1])
        whole = model(data.x_dict, data.edge_index_dict)["paper"][:25]
        hops = data.collect("num_sampled_nodes"), data.collect("num_sampled_edges")
        x, edges, _ = trim_to_layer(0, *hops, data.x_dict, data.edge_index_dict)
        x, edges, _ = trim_to_layer(1, *hops, x, edges)
        assert torch.allclose(model(x, edges)["paper"][:25], whole, atol=1e-6)


def test_binary_links(plain: tuple[gr.Graph, Known]) -> None:
    graph, known = plain
    existing = set(map(tuple, known["edge_index"].T.tolist()))
    loader = link_loader(graph, [3, 2], neg_sampling="binary", batch_size=100, shuffle=True)
    seen = []
    for data in loader:
        data.validate(raise_on_error=True)
        pairs = data.n_id[data.edge_label_index]
        assert data.edge_label.tolist() == [1.0] * 100 + [0.0] * 100
        assert np.array_equal(pairs[:, :100], known["edge_index"][:, data.input_id])
        assert not existing & set(map(tuple, pairs[:, 100:].T.tolist()))
        seen += data.input_id.tolist()
    assert sorted(seen) == list(range(EDGES))


def test_labels_go_up_where_negatives_take_the_zero(plain: tuple[gr.Graph, Known]) -> None:
    graph, known = plain
    labels = torch.tensor([0, 2, 1, 0])
    settings = {"edge_label_index": known["edge_index"][:, :4], "batch_size": 4}
    data = next(iter(link_loader(graph, [2], edge_label=labels, **settings)))
    assert data.edge_label.tolist() == [0, 2, 1, 0]
    loader = link_loader(graph, [2], edge_label=labels, neg_sampling_ratio=0.5, **settings)
    assert next(iter(loader)).edge_label.tolist() == [1, 3, 2, 1, 0, 0]


def test_triplets_of_several_types(typed: tuple[gr.Graph, Known]) -> None:
    graph, known = typed
    loader = link_loader(
        graph,
        [3, 2],
        (WRITES, known[WRITES][:, :50]),
        neg_sampling={"mode": "triplet", "amount": 3},
        batch_size=25,
        disjoint=True,
    )
    data = next(iter(loader))
    data.validate(raise_on_error=True)
    authors = data["author"].n_id[data["author"].src_index]
    papers = data["paper"].n_id[data["paper"].dst_pos_index]
    assert np.array_equal(torch.stack([authors, papers]), known[WRITES][:, :25])
    assert data["paper"].dst_neg_index.shape == (25, 3)
    for source, others in zip(
        data["author"].batch[data["author"].src_index],
        data["paper"].batch[data["paper"].dst_neg_index],
        strict=True,
    ):
        assert others.tolist() == [int(source)] * 3
    single = link_loader(graph, [2], WRITES, neg_sampling="triplet", batch_size=25)
    assert next(iter(single))["paper"].dst_neg_index.shape == (25,)


def test_links_in_time(plain: tuple[gr.Graph, Known]) -> None:
    graph, known = plain
    pairs = known["edge_index"][:, :200]
    times = known["time"][pairs].max(axis=0)
    loader = link_loader(
        graph,
        [4],
        pairs,
        edge_label_time=torch.from_numpy(times),
        time_attr="time",
        neg_sampling="binary",
        batch_size=200,
    )
    data = next(iter(loader))
    assert data.edge_label_time.tolist() == times.tolist() * 2
    assert torch.all(data.time <= torch.from_numpy(times)[data.batch])


def test_the_edges_to_predict_are_shown_only_as_by_pyg(plain: tuple[gr.Graph, Known]) -> None:
    graph, known = plain
    pairs = known["edge_index"][:, :20]
    shown = next(iter(link_loader(graph, [-1], pairs, batch_size=20)))
    assert set(range(20)) <= set(shown.e_id.tolist())
    hidden = next(iter(link_loader(graph, [-1], pairs, batch_size=20, exclude_seed_edges=True)))
    assert not set(range(20)) & set(hidden.e_id.tolist())


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"input_nodes": [NODES]}, ArgumentError, "expected 0 to 199"),
        ({"input_nodes": torch.ones(3, dtype=torch.bool)}, ArgumentError, "each of the 200 nodes"),
        ({"input_nodes": [0.5]}, ArgumentError, "float64"),
        ({"subgraph_type": "bidirectional"}, ArgumentError, "'directional' or 'induced'"),
        ({"temporal_strategy": "first"}, ArgumentError, "uniform or last"),
        ({"time_attr": "born"}, ColumnNotFound, "no node type and no relation"),
        ({"weight_attr": "y"}, ColumnNotFound, "no relation"),
        ({"input_time": [3]}, ArgumentError, "needs time_attr"),
        ({"transform_sampler_output": print}, ArgumentError, "use transform"),
        ({"neighbor_sampler": object()}, ArgumentError, "NodeLoader"),
        ({"sampler": object()}, ArgumentError, "rank and world_size"),
        ({"generator": torch.Generator()}, ArgumentError, "rng_seed"),
        ({"colour": "blue"}, TypeError, "colour"),
    ],
)
def test_what_is_not_supported_is_said(
    plain: tuple[gr.Graph, Known], settings: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        node_loader(plain[0], [2], **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"edge_label_index": torch.zeros(3, 4)}, r"\(2, edges\)"),
        ({"edge_label_index": [[0], [NODES]]}, "expected 0 to 199"),
        ({"edge_label_time": [1]}, "need each other"),
        (
            {"neg_sampling": {"mode": "binary", "dst_weight": torch.ones(NODES)}},
            "draw='degree'",
        ),
    ],
)
def test_what_links_do_not_support_is_said(
    plain: tuple[gr.Graph, Known], settings: Any, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        link_loader(plain[0], [2], **settings)
