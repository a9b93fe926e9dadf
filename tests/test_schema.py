from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ColumnNotFound, NodeTypeNotFound, RelationNotFound
from graphray.schema import (
    DEFAULT_RELATION,
    Column,
    GraphSchema,
    NodeType,
    Relation,
    RelationType,
    require_column,
)

names = st.text(min_size=1, max_size=5)
columns = st.lists(st.builds(Column, names, names), max_size=3).map(tuple)
schemas = st.builds(
    GraphSchema,
    st.lists(st.builds(NodeType, names, st.sampled_from(["int64", "string"]), columns)).map(tuple),
    st.lists(
        st.builds(RelationType, st.builds(Relation, names, names, names), st.booleans(), columns)
    ).map(tuple),
)

SCHEMA = GraphSchema(
    (NodeType("author", "string"), NodeType("paper", "int64", (Column("year", "int64"),))),
    (
        RelationType(Relation("author", "writes", "paper")),
        RelationType(Relation("paper", "cites", "paper")),
        RelationType(Relation("author", "cites", "paper")),
        RelationType(Relation("author", "knows", "author"), directed=False),
    ),
)


@given(schemas)
def test_round_trip_through_json(schema: GraphSchema) -> None:
    assert GraphSchema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_a_relation_is_found_by_triple_by_full_name_and_by_unique_name() -> None:
    writes = SCHEMA.relations[0]
    assert SCHEMA.relation_type(("author", "writes", "paper")) is writes
    assert SCHEMA.relation_type("author-writes-paper") is writes
    assert SCHEMA.relation_type("writes") is writes


def test_a_name_that_two_relations_have_is_refused() -> None:
    with pytest.raises(RelationNotFound, match="several relations are called 'cites'"):
        SCHEMA.relation_type("cites")
    with pytest.raises(RelationNotFound, match="no relation is called"):
        SCHEMA.relation_type(("paper", "writes", "author"))


def test_node_types() -> None:
    assert SCHEMA.node_type("paper").id_kind == "int64"
    with pytest.raises(NodeTypeNotFound, match="author, paper"):
        SCHEMA.node_type("venue")
    with pytest.raises(NodeTypeNotFound, match="pass node_type"):
        SCHEMA.only_node_type("neighbors")


def test_homogeneous() -> None:
    node = NodeType("node", "int64")
    schema = GraphSchema((node,), (RelationType(DEFAULT_RELATION),))
    assert schema.is_homogeneous
    assert schema.only_node_type("neighbors") is node
    assert not SCHEMA.is_homogeneous


def test_an_undirected_relation_is_stored_once() -> None:
    knows, writes = SCHEMA.relations[3], SCHEMA.relations[0]
    assert knows.stored_directions == ("in",)
    assert knows.stored_direction("out") == "in"
    assert writes.stored_directions == ("in", "out")
    assert writes.stored_direction("out") == "out"


def test_columns() -> None:
    paper = SCHEMA.node_type("paper")
    assert require_column(paper.columns, "year", "paper").dtype == "int64"
    with pytest.raises(ColumnNotFound, match="paper has no column 'x'; it has: year"):
        require_column(paper.columns, "x", "paper")
