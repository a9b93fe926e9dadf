"""Many tables in one round: the same as one after another."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.kinds.adjacent import Adjacency
from graphray.kinds.knowledge import KnowledgeGraph
from graphray.kinds.together import Walk, follow, node_cells, take_cells
from graphray.reading.gather import node_column, to_arrow

# More arrays than are mapped at once, some of them strings, numbers and lists with nulls.
MANY = [
    *((f"e{i % 11}", f"p{i % 40}", f"e{i % 7}") for i in range(200)),
    *((f"e{i % 11}", f"n{i % 30}", i) for i in range(90)),
    *((f"e{i}", "rdf:type", f"C{i % 3}") for i in range(10)),
]
ACCESS = KnowledgeGraph.from_triples(MANY, prefixes={}).in_memory(parts=3).access
RELATIONS = [kind.relation for kind in ACCESS.schema.relations]
COLUMNS = [(kind.name, column.name) for kind in ACCESS.schema.node_types for column in kind.columns]


def some(node_type: str, data: st.DataObject, least: int = 0) -> np.ndarray:
    gids = st.integers(0, ACCESS.book.num_nodes(node_type) - 1)
    return np.array(data.draw(st.lists(gids, min_size=least, max_size=4)), np.int64)


@given(st.data())
@settings(max_examples=40)
def test_following(data: st.DataObject) -> None:
    relation, direction = st.sampled_from(RELATIONS), st.sampled_from(["in", "out"])
    names = data.draw(st.lists(st.tuples(relation, direction), max_size=60))
    walks = [Walk(*name, np.empty(0, np.int64)) for name in names]
    walks = [walk._replace(gids=some(walk.near_type, data)) for walk in walks]
    for walk, found in zip(walks, follow(ACCESS, walks), strict=True):
        expected = Adjacency(ACCESS, walk.relation, walk.direction).of(walk.gids)
        for name in ("rows", "neighbors", "positions"):
            assert getattr(found, name).tolist() == getattr(expected, name).tolist()


@given(st.data())
@settings(max_examples=40)
def test_taking(data: st.DataObject) -> None:
    columns = data.draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=90))
    asked = [(*column, some(column[0], data, least=1)) for column in columns]
    found = take_cells(ACCESS, [node_cells(ACCESS, *each) for each in asked])
    for each, values in zip(asked, found, strict=True):
        assert to_arrow(values).to_pylist() == to_arrow(node_column(ACCESS, *each)).to_pylist()
