"""The same graph as plain dicts: what transactions have to amount to."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphray as gr
from graphray.client.changes.point_reads import PointReads
from tests.client.changes.graphs import KNOWS, WRITES

Ends = tuple[Any, Any]


class LogicalGraph:
    """Authors and their ages; edges as lists of ends and year."""

    def __init__(self, opened: gr.Graph) -> None:
        authors = opened.node_ids("author", order="input")
        self.ages: dict[str, int | None] = {
            a: opened.node(a, "author").properties["age"] for a in authors
        }
        self.writes: list[tuple[str, int, int]] = []
        self.knows: list[tuple[str, str]] = []

    @classmethod
    def of(cls, opened: gr.Graph, reads: PointReads) -> LogicalGraph:
        """As it is before any change."""
        graph = cls(opened)
        edges = reads.edges(list(graph.ages), WRITES)
        graph.writes = list(zip(*(_plain(edges[c]) for c in ("src", "dst", "year")), strict=True))
        known = reads.edges(list(graph.ages), KNOWS)
        # An undirected edge stands in both rows: once for each of its ends, a loop once.
        graph.knows = list(
            {
                int(edge): (source, destination)
                for edge, source, destination in zip(
                    known["@edge"], known["src"], known["dst"], strict=True
                )
            }.values()
        )
        return graph

    def delete_author(self, author: str) -> None:
        del self.ages[author]
        self.writes = [edge for edge in self.writes if edge[0] != author]
        self.knows = [edge for edge in self.knows if author not in edge]

    def neighbors(self, author: str) -> list[str]:
        found = [d for s, d in self.knows if s == author]
        return sorted([*found, *(s for s, d in self.knows if d == author and s != d)])

    def check(self, reads: PointReads) -> None:
        """What is read is what this graph has."""
        authors = sorted(self.ages)
        ages = reads.nodes(authors, "author", ["age"])["age"]
        assert _plain(ages) == [self.ages[a] for a in authors]
        edges = reads.edges(authors, WRITES)
        found = zip(*(_plain(edges[c]) for c in ("src", "dst", "year")), strict=True)
        assert sorted(found) == sorted(self.writes)
        papers = sorted({paper for _, paper, _ in self.writes})
        backwards = reads.edges(papers, WRITES, direction="in")
        found = zip(*(_plain(backwards[c]) for c in ("src", "dst", "year")), strict=True)
        assert sorted(found) == sorted(self.writes)
        for author in authors:
            assert sorted(reads.neighbors(author, KNOWS)) == self.neighbors(author)
        degrees = reads.degree(authors, KNOWS).tolist()
        assert degrees == [len(self.neighbors(author)) for author in authors]


def _plain(values: Any) -> list[Any]:
    if isinstance(values, np.ma.MaskedArray):
        return [
            None if hidden else int(v)
            for v, hidden in zip(values.data, np.ma.getmaskarray(values), strict=True)
        ]
    return [v if isinstance(v, str) else int(v) for v in values]
