"""New ids: nobody draws one twice, whatever threads and processes draw at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from graphray.client.changes.id_blocks import IdBlocks
from tests.client.changes.graphs import AUTHORS, SimulatedGraph


def test_ids_begin_where_the_build_ended_and_are_drawn_once(store: Path) -> None:
    graph = SimulatedGraph(store, 2)
    clients = [graph.client.blocks, graph.new_client().blocks]

    def draw(number: int) -> list[int]:
        drawn = clients[number % 2].draw({"nodes/author": 900 * (number % 7), "nodes/paper": 1})
        return drawn["nodes/author"].tolist()

    with ThreadPoolExecutor(4) as threads:
        drawn = np.concatenate([np.array(ids, int) for ids in threads.map(draw, range(14))])
    assert len(np.unique(drawn)) == len(drawn) == 900 * 2 * 21
    assert drawn.min() == AUTHORS


def test_a_block_pays_for_many_draws(store: Path) -> None:
    graph = SimulatedGraph(store, 3)
    blocks = IdBlocks(graph.client.calls)
    first = blocks.draw({"nodes/author": 10})["nodes/author"]
    before = graph.cluster.scheduler.now_ms
    second = blocks.draw({"nodes/author": 10})["nodes/author"]
    assert graph.cluster.scheduler.now_ms == before
    assert second.tolist() == (first + 10).tolist()
