"""A graph of which some partitions are elsewhere, without a cluster: requests travel as bytes."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import graphray as gr
from graphray.client.graph import Graph


class PartlyMapped:
    """Reaches partitions as another access does, but maps only some of them."""

    def __init__(self, graph: gr.Graph, elsewhere: set[int]) -> None:
        self._access = graph.access
        self._elsewhere = elsewhere
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._access, name)

    def mapped(self, keys: Sequence[Any]) -> list[Any]:
        arrays = self._access.mapped(keys)
        return [None if part in self._elsewhere else a for part, a in enumerate(arrays)]

    def call_all(self, requests: Mapping[int, Any]) -> dict[int, Any]:
        self.calls += len(requests)
        assert set(requests) <= self._elsewhere, "asked for what is mapped"
        answers = self._access.call_all(pickle.loads(pickle.dumps(dict(requests))))
        return pickle.loads(pickle.dumps(answers))


def partly_mapped(graph: gr.Graph, elsewhere: set[int]) -> tuple[gr.Graph, PartlyMapped]:
    """The graph with some partitions elsewhere, and what counts the calls to them."""
    access = PartlyMapped(graph, elsewhere)
    return Graph(access), access
