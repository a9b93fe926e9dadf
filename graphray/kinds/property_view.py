"""The entities of a knowledge graph as a property graph."""

from __future__ import annotations

from graphray.kinds.tables import GraphTables
from graphray.kinds.terms import CLASS, LANG_STRING, PROPERTY
from graphray.kinds.vocabulary import VOCABULARY, Vocabulary
from graphray.kinds.whole import edge_table, node_table
from graphray.reading.access import PartitionAccess


def property_tables(access: PartitionAccess, vocabulary: Vocabulary) -> GraphTables:
    """The tables of the property graph, and what it leaves out."""
    schema_types = {n for n, iri in vocabulary.classes.items() if iri in (CLASS, PROPERTY)}
    left_out = {VOCABULARY, *schema_types}
    written = {column.written for column in vocabulary.literals}
    nodes = {}
    for name in access.schema.node_type_names:
        if name not in left_out:
            table = node_table(access, name)
            nodes[name] = table.select([c for c in table.column_names if c not in written])
    edges = {
        kind.relation: edge_table(access, kind.relation)
        for kind in access.schema.relations
        if not {kind.relation.source, kind.relation.destination} & left_out
    }
    return GraphTables("property", nodes, edges, lost=tuple(_lost(vocabulary, schema_types)))


def _lost(vocabulary: Vocabulary, schema_types: set[str]) -> list[str]:
    """What does not survive, as far as this graph has it."""
    lost = ["which IRI each name of a type, relation or column stands for"]
    if schema_types:
        lost.append(
            "classes and properties as things of their own: the hierarchies, what is said of them, "
            "and every type of an entity but the most specific one"
        )
    literals = vocabulary.literals
    if any(column.written is not None for column in literals):
        lost.append("how numbers, truth values and times were written, and those without a value")
    if any(column.datatype != LANG_STRING for column in literals):
        lost.append("the datatypes of literals beyond their Arrow types")
    return lost
