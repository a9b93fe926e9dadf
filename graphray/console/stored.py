"""The console's source for a store that is opened in this process; no Ray."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from graphray.client.graph import Graph
from graphray.console.explorer import Explorer
from graphray.console.neighborhood import Neighborhood, NeighborhoodQuery
from graphray.console.shown_uri import shown_uri
from graphray.console.source import Event, Overview, PartitionSize


class StoreSource:
    """An opened store (see `graphray.console.source.ConsoleSource`).

    Args:
        graph: from `graphray.open`.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._explorer = Explorer(graph)
        self.title = shown_uri(graph.status().uri)

    def overview(self) -> Overview:
        """The store, with this process as its only reader."""
        return overview_of(self._graph)

    def schema(self) -> dict[str, Any]:
        """Node types and relations."""
        return self._explorer.schema()

    def events(self, after: int) -> tuple[Event, ...] | None:
        """Nothing happens to a store."""
        return None

    def neighborhood(self, query: NeighborhoodQuery) -> Neighborhood:
        """A sampled neighbourhood."""
        return self._explorer.neighborhood(query)

    def node(self, node_type: str | None, node_id: str) -> dict[str, Any]:
        """One node and its properties."""
        return self._explorer.node(node_type, node_id)

    def close(self) -> None:
        """Let go of the mapped files."""
        self._graph.close()


def overview_of(graph: Graph) -> Overview:
    """What a graph itself tells about how it fares."""
    status = graph.status()
    return Overview(
        replace(status, uri=shown_uri(status.uri)), graph.kind, tuple(_partition_sizes(graph))
    )


def _partition_sizes(graph: Graph) -> list[PartitionSize]:
    """What each partition owns; every edge counts at its destination, as it is stored "in"."""
    book = graph.access.book
    sizes = []
    for part in range(book.parts):
        nodes = sum(int(o[part + 1] - o[part]) for o in book.node_offsets.values())
        edges = sum(
            int(o[part + 1] - o[part]) for (_, d), o in book.edge_offsets.items() if d == "in"
        )
        sizes.append(PartitionSize(nodes, edges))
    return sizes
