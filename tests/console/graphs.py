"""A small graph for the console's tests: two types of node, parallel edges, a loop, a huge id."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

import graphray as gr

AUTHORS = [f"A{i}" for i in range(6)]
PAPERS = list(range(100, 120))
BIG = 2**60
"""An id that a browser's numbers cannot hold."""


def build_papers(folder: Path, parts: int = 2) -> Path:
    """Authors who write papers that cite each other, as a store."""
    papers = [*PAPERS, BIG]
    nodes = {
        "author": pa.table(
            {"id": AUTHORS, "name": [f"Author <b>{i}</b>" for i in range(len(AUTHORS))]}
        ),
        "paper": pa.table(
            {
                "id": papers,
                "year": [2000 + i for i in range(len(papers))],
                "score": [float("nan"), *(i / 3 for i in range(1, len(papers)))],
                "words": pa.array([list(range(40))] * len(papers), pa.list_(pa.int64())),
            }
        ),
    }
    writes = [(AUTHORS[i % len(AUTHORS)], paper) for i, paper in enumerate(papers)]
    cites = [(100, 101), (100, 101), (100, 100), (101, 102), (102, 100), (BIG, 100)]
    edges = {
        ("author", "writes", "paper"): _pairs(writes),
        ("paper", "cites", "paper"): _pairs(cites),
        ("author", "knows", "author"): _pairs([("A0", "A1"), ("A1", "A2")]),
    }
    gr.build(
        edges,
        folder,
        nodes=nodes,
        parts=parts,
        partitioner="hash",
        directed={relation: relation[1] != "knows" for relation in edges},
    )
    return folder


def _pairs(pairs: list[tuple[object, object]]) -> pa.Table:
    return pa.table({"src": [a for a, _ in pairs], "dst": [b for _, b in pairs]})
