"""What a hop sends to the owners of rows, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import graphray as gr
from graphray.reading.operations import SampleRows, Together
from graphray.reading.whole_rows import WholeRows
from tests.partly import partly

NODES, FANOUT = 200, 3


class Listening:
    """Every request of a hop along one relation, by the partition asked, with its answer."""

    def __init__(self, graph: gr.Graph, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[tuple[int, Any, Any]] = []
        self._call_all = graph.access.call_all
        monkeypatch.setattr(graph.access, "call_all", self)

    def __call__(self, requests: Mapping[int, Any]) -> dict[int, Any]:
        answers = self._call_all(requests)
        for part, request in requests.items():
            if isinstance(request, Together):
                self.heard.append((part, request.requests[0], answers[part][0]))
        return answers


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    """Rows of some 100 entries, in three partitions."""
    pairs = np.random.default_rng(1).integers(0, NODES, (2, 20_000))
    folder = tmp_path_factory.mktemp("drawing") / "store"
    gr.build(pairs, folder, parts=3, partitioner="hash")
    return gr.open(folder)


def test_the_frontier_goes_to_the_owners_and_only_what_was_drawn_comes_back(
    opened: gr.Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = partly(opened, [1])
    listening = Listening(graph, monkeypatch)
    (batch,) = graph.loader(np.arange(50), [FANOUT, FANOUT], batch_size=50)
    assert batch.num_edges > 50 * FANOUT
    assert len(listening.heard) == 4  # two hops of two owners
    asked = [request for _, request, _ in listening.heard]
    assert all(isinstance(request, SampleRows) for request in asked)
    owners = [graph.access.book.owner("node", request.gids) for request in asked]
    assert [set(each) for each in owners] == [{part} for part, _, _ in listening.heard]
    for _, request, draws in listening.heard:
        assert np.diff(draws.bounds).tolist() == [FANOUT] * len(request.gids)
        assert len(draws.neighbors) == len(draws.positions) == FANOUT * len(request.gids)


def test_rows_that_decide_together_are_sent_whole(
    opened: gr.Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = partly(opened, [1])
    listening = Listening(graph, monkeypatch)
    loader = graph.loader(np.arange(50), batch_size=50, sampling=gr.Labor([FANOUT], iterations=1))
    listening.heard.clear()
    (batch,) = loader
    assert batch.num_edges
    assert {part for part, _, _ in listening.heard} == {0, 2}
    for _, request, rows in listening.heard:
        assert isinstance(request, WholeRows)
        assert rows.degrees.min() > 10 * FANOUT
