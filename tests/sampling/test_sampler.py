"""The sampler against its slow twin, under random partitionings."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.sampling.streams import BatchStream
from tests.sampling.graphs import FOLLOWS, LIKES, NEAR, build_store, plain_graphs, user_id
from tests.sampling.twin import sample

FANOUT = st.sampled_from([-1, 0, 1, 2, 3, 5])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
@pytest.mark.parametrize("direction", ["in", "out"])
def test_batches_equal_the_twins(direction: str, data: st.DataObject) -> None:
    graph = data.draw(plain_graphs())
    hops = data.draw(st.integers(1, 3))
    fanouts = {
        relation: data.draw(st.lists(FANOUT, min_size=hops, max_size=hops))
        for relation in (LIKES, FOLLOWS, NEAR)
    }
    seed_type = data.draw(st.sampled_from(["user", "item"]))
    nodes = st.integers(0, graph.counts[seed_type] - 1)
    seeds = data.draw(st.lists(nodes, min_size=1, max_size=6))
    parts = data.draw(st.integers(1, min(graph.counts.values())))
    rng_seed = data.draw(st.integers(0, 2**63))
    stream = BatchStream(rng_seed, 0, 0)
    expected_nodes, expected_edges = sample(graph, {seed_type: seeds}, fanouts, direction, stream)

    with tempfile.TemporaryDirectory() as folder:
        store = build_store(graph, Path(folder), parts, scatter=rng_seed)
        loader = gr.open(store).loader(
            (seed_type, [user_id(seed_type, s) for s in seeds]),
            fanouts,
            batch_size=len(seeds),
            rng_seed=rng_seed,
            direction=direction,
        )
        batch = loader.batch(0, 0)
        nodes_of, edge_index, edge_ids = batch.nodes, batch.edge_index, batch.edge_ids
        features = {name: batch.features("x", name) for name in graph.counts}

    for name, stable in expected_nodes.items():
        assert nodes_of[name].tolist() == [user_id(name, s) for s in stable]
        assert features[name].tolist() == [[float(s), -float(s)] for s in stable]
    for relation, edges in expected_edges.items():
        sources, destinations = edge_index[relation]
        found = zip(
            np.array(expected_nodes[relation.source] or [0])[sources].tolist(),
            np.array(expected_nodes[relation.destination] or [0])[destinations].tolist(),
            edge_ids[relation].tolist(),
            strict=True,
        )
        assert list(found) == edges
    assert batch.num_seeds == len(set(seeds))
