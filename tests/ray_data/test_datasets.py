"""Ray Data on a graph of two nodes: batches as the loader makes them, and whole tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound
from tests.pyg.graphs import CITES, WRITES, heterogeneous, homogeneous

pytest.importorskip("pandas")
pytestmark = pytest.mark.cluster

SETTINGS: dict[str, Any] = {"batch_size": 30, "shuffle": True, "rng_seed": 3}


@pytest.fixture(scope="module")
def graphs(
    start_cluster: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[gr.Graph, gr.Graph]]:
    """A running graph, of which each node maps a part, and the same one opened here."""
    start_cluster(nodes=2, num_cpus=4)
    opened, _ = homogeneous(tmp_path_factory.mktemp("homogeneous"))
    options = gr.LaunchOptions(map_files=False)
    running = gr.launch(opened.status().uri, "data", replicas=1, options=options)
    yield running, opened
    running.shutdown()


@pytest.fixture(scope="module")
def mixed(graphs: tuple[gr.Graph, gr.Graph], tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    """An opened graph of two node types; Ray is there, the graph does not run on it."""
    return heterogeneous(tmp_path_factory.mktemp("heterogeneous"))[0]


def rows_by_number(dataset: Any) -> dict[int, dict[str, Any]]:
    rows = list(dataset.iter_rows())
    found = {row["number"]: row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize(("actors", "world_size"), [(1, 1), (3, 2)])
def test_batches_are_those_of_the_loader(
    graphs: tuple[gr.Graph, gr.Graph], actors: int, world_size: int
) -> None:
    running, opened = graphs
    rows: dict[int, dict[str, Any]] = {}
    for rank in range(world_size):
        dataset = running.to_ray_dataset(
            None,
            [3, 2],
            epoch=1,
            features={"node": ["x", "y"]},
            edge_features={"edge": ["w", "kind"]},
            actors=actors,
            cpus_per_actor=0.5,
            rank=rank,
            world_size=world_size,
            **SETTINGS,
        )
        rows |= rows_by_number(dataset)
    loader = opened.loader(None, [3, 2], **SETTINGS)
    assert sorted(rows) == list(range(loader.num_batches))
    for batch in loader.epoch(1):
        row = rows[batch.number]
        assert (row["epoch"], row["num_seeds"]) == (1, batch.num_seeds)
        same = {
            "seed_rows": batch.seed_rows,
            "nodes": batch.nodes,
            "edge_index": batch.edge_index,
            "edge_ids": batch.edge_ids,
            "num_sampled_nodes": np.array(batch.num_sampled_nodes),
            "num_sampled_edges": np.array(batch.num_sampled_edges),
            "features/x": batch.features("x"),
            "features/y": batch.features("y"),
            "edge_features/w": batch.edge_features("w"),
        }
        for name, values in same.items():
            assert np.array_equal(row[name], values), name
            assert row[name].dtype == values.dtype, name
        assert row["edge_features/kind"] == batch.edge_features("kind").tolist()


def test_a_graph_of_several_types_has_a_column_for_each(mixed: gr.Graph) -> None:
    plan = {"writes": [2, 2], "cites": [3, 1]}
    settings = {"batch_size": 50, "rng_seed": 1, "replace": True}
    dataset = mixed.to_ray_dataset("paper", plan, features={"author": ["name", "x"]}, **settings)
    rows = rows_by_number(dataset)
    for batch in mixed.loader("paper", plan, **settings).epoch(0):
        row = rows[batch.number]
        assert row["nodes/author"] == batch.nodes["author"].tolist()
        assert np.array_equal(row["nodes/paper"], batch.nodes["paper"])
        for relation in (WRITES, CITES):
            name = "/".join(relation)
            assert np.array_equal(row[f"edge_index/{name}"], batch.edge_index[relation])
        assert row["features/author/name"] == batch.features("name", "author").tolist()
        assert np.array_equal(row["features/author/x"], batch.features("x", "author"))


def test_tables_of_nodes_and_edges(graphs: tuple[gr.Graph, gr.Graph]) -> None:
    running, opened = graphs
    ids = opened.node_ids()
    nodes = running.nodes_dataset(columns=["x", "time"]).to_pandas().set_index("id").loc[ids]
    assert np.array_equal(np.stack(nodes["x"].to_list()), opened.features(ids, "x"))
    assert np.array_equal(nodes["time"], opened.features(ids, "time"))
    edges = running.edges_dataset().to_pandas().sort_values("edge_id")
    assert edges["edge_id"].tolist() == list(range(opened.num_edges()))
    (batch,) = opened.loader(None, [-1], batch_size=opened.num_nodes())
    order = np.argsort(batch.edge_ids)
    ends = batch.nodes[batch.edge_index[:, order]]
    assert np.array_equal(edges[["src", "dst"]].to_numpy().T, ends)
    assert np.array_equal(edges["w"], batch.edge_features("w")[order])


def test_tasks_read_where_a_replica_is(graphs: tuple[gr.Graph, gr.Graph]) -> None:
    from graphray.ray_data.tables import _parts_by_node

    running, opened = graphs
    replicas = running.replicas()
    placed = _parts_by_node(replicas, running.parts)
    assert len(placed) == 2
    assert sorted(part for parts in placed.values() for part in parts) == [0, 1, 2]
    homes = {(replica.node_id, replica.part) for replica in replicas}
    assert {(node, part) for node, parts in placed.items() for part in parts} <= homes
    assert _parts_by_node(opened.replicas(), 3) == {"": [0, 1, 2]}


def test_bad_input_is_refused_at_the_door(graphs: tuple[gr.Graph, gr.Graph]) -> None:
    _, opened = graphs
    with pytest.raises(ColumnNotFound, match="no column 'z'"):
        opened.to_ray_dataset(features={"node": ["z"]})
    with pytest.raises(ColumnNotFound, match="no column 'z'"):
        opened.to_ray_dataset(edge_features={"edge": ["z"]})
    with pytest.raises(ArgumentError, match="actors = 0"):
        opened.to_ray_dataset(actors=0)
    with pytest.raises(ArgumentError, match="upper bound = 1"):
        opened.to_ray_dataset(actors=(2, 1))
    with pytest.raises(ArgumentError, match=r"expected a number, or \(least, most\)"):
        opened.to_ray_dataset(actors=(1, 2, 3))
    with pytest.raises(ArgumentError, match="cpus_per_actor = -1"):
        opened.to_ray_dataset(cpus_per_actor=-1)
    with pytest.raises(ArgumentError, match="epoch = -1"):
        opened.to_ray_dataset(epoch=-1)


def test_a_dataset_of_another_snapshot_is_refused(graphs: tuple[gr.Graph, gr.Graph]) -> None:
    import ray

    from graphray.ray_data.batches import SamplingActor

    _, opened = graphs
    with pytest.raises(ArgumentError, match="make the dataset anew"):
        SamplingActor(ray.put(opened.loader()), "of another time", {}, {})
