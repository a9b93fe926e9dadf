"""From triples to the tables of a knowledge graph.

- A resource becomes a node of one type (see `graphray.kinds.entity_types`).
- A triple between resources becomes an edge: one relation per predicate and pair of node types.
  That holds for rdf:type and for the two hierarchies as well, so that nothing of them is lost.
  Where that would be too many relations, the rarer predicates share one
  (see `graphray.kinds.relations`).
- A triple with a literal becomes a value in a column of its subject's type: one column per
  predicate, datatype and language, of lists where a subject has several.
- What the names of types, relations and columns stand for is kept beside (see
  `graphray.kinds.vocabulary`).

A graph is a set of triples: one that comes twice counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.errors import InputError
from graphray.kinds.entity_types import entity_types
from graphray.kinds.literal_columns import Members, literal_columns
from graphray.kinds.numbered_triples import number_triples
from graphray.kinds.relations import RELATIONS_MAX, TypedLinks, relation_tables
from graphray.kinds.tables import GraphTables
from graphray.kinds.terms import Prefixes
from graphray.kinds.triples import Triples
from graphray.kinds.vocabulary import ENTITY, VOCABULARY, Vocabulary, name_iris

Ints = npt.NDArray[Any]


def knowledge_tables(
    triples: Triples,
    *,
    prefixes: Mapping[str, str] | None = None,
    relations_max: int = RELATIONS_MAX,
) -> GraphTables:
    """The tables of a knowledge graph.

    Args:
        triples: what the graph says.
        prefixes: prefix to namespace, in addition to those that the files declare: names in the
            schema become CURIEs by them, and calls accept such CURIEs.
        relations_max: how many relations predicates of their own may take.

    Raises:
        InputError: where there are no triples.
        ArgumentError: where ``relations_max`` is negative.

    Example:
        >>> from graphray.kinds.terms import Literal, Triple
        >>> from graphray.kinds.triples import triples_table
        >>> table = triples_table([Triple("a", "knows", "b"), Triple("a", "age", Literal.of(36))])
        >>> tables = knowledge_tables(Triples(table))
        >>> tables.nodes["entity"].to_pylist()
        [{'id': 'a', 'age': 36}, {'id': 'b', 'age': None}]
    """
    if triples.table.num_rows == 0:
        raise InputError("there are no triples; a knowledge graph needs at least one")
    known = Prefixes({**triples.prefixes, **(prefixes or {})})
    links, facts, statements = number_triples(triples.table)
    classes, type_of = entity_types(links)
    predicates = links.predicates.to_pylist()
    names = name_iris([*classes, *predicates], known)
    # The code UNTYPED, -1, is that of the last name.
    type_names = [*(names[iri] for iri in classes), ENTITY]
    members = _members(type_names, type_of)
    datatypes = facts.datatypes.dictionary.to_pylist()
    columns, described = literal_columns(
        facts,
        members,
        [(iri, names[iri]) for iri in predicates],
        {iri: known.compact(iri) or iri for iri in datatypes},
    )
    nodes = {
        kind.name: pa.table(
            {"id": links.resources.take(pa.array(kind.resources)), **columns[kind.name]}
        )
        for kind in members
    }
    vocabulary = Vocabulary(
        {names[iri]: iri for iri in classes},
        {names[iri]: iri for iri in predicates},
        described,
        known,
    )
    nodes[VOCABULARY] = vocabulary.to_table()
    kinds = TypedLinks(links, type_of % len(type_names), type_names, [names[i] for i in predicates])
    edges = relation_tables(kinds, statements, relations_max)
    return GraphTables("knowledge", nodes, edges, lost=triples.lost)


def _members(type_names: list[str], type_of: Ints) -> list[Members]:
    """The node types that have resources."""
    codes = type_of % len(type_names)
    found = [Members(name, np.flatnonzero(codes == code)) for code, name in enumerate(type_names)]
    return [kind for kind in found if len(kind.resources)]
