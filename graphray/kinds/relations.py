"""From triples between resources to relations: one per predicate and pair of node types.

A relation costs row bounds for every node of its two types, and files of its own, whether it has a
million edges or three. So where predicates are many, only the most frequent ones have relations of
their own; all others share the relation `STATEMENT` of their pair of node types, in which the
column `PREDICATE` names each edge's. A table per predicate alone is known to lose against a table
of triples as soon as predicates are many (Sidirourgos, Goncalves, Kersten, Nes and Manegold,
"Column-store support for RDF data management: not all swans are white", VLDB 2008); this is both.

rdf:type and the two hierarchies always have relations of their own: reading them is the schema's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.errors import ArgumentError
from graphray.kinds.entity_types import Links
from graphray.kinds.terms import SUBCLASS_OF, SUBPROPERTY_OF, TYPE
from graphray.kinds.vocabulary import PREDICATE, STATEMENT
from graphray.schema import Relation

Ints = npt.NDArray[Any]

RELATIONS_MAX: Final = 500
"""How many relations predicates of their own may take, where nothing else is said."""

_ALWAYS_OWN = (TYPE, SUBCLASS_OF, SUBPROPERTY_OF)
_SHARED = -1


class TypedLinks(NamedTuple):
    """Triples between resources whose node types are settled.

    Attributes:
        links: the triples.
        type_of: integers, the node type of every resource.
        type_names: the names of the node types.
        relation_names: the name of every predicate.
    """

    links: Links
    type_of: Ints
    type_names: Sequence[str]
    relation_names: Sequence[str]


def relation_tables(
    typed: TypedLinks, statements: pa.Table, relations_max: int
) -> dict[Relation, pa.Table]:
    """The edge table of every relation.

    Args:
        typed: the triples.
        statements: a row per triple: further columns of its edge.
        relations_max: how many relations predicates of their own may take.

    Raises:
        ArgumentError: where ``relations_max`` is negative.
    """
    if relations_max < 0:
        raise ArgumentError(f"relations_max = {relations_max}; expected 0 or more")
    links = typed.links
    keys = np.stack([links.relations, typed.type_of[links.subjects], typed.type_of[links.objects]])
    is_own = _have_relations_of_their_own(keys, links.predicates, relations_max)
    keys[0] = np.where(is_own[keys[0]], keys[0], _SHARED)
    order = np.lexsort(keys[::-1])
    starts = np.flatnonzero((np.diff(keys[:, order], axis=1) != 0).any(axis=0)) + 1
    tables = {}
    for at in np.split(order, starts) if len(order) else ():
        code, source, destination = keys[:, at[0]].tolist()
        name = STATEMENT if code == _SHARED else typed.relation_names[code]
        relation = Relation(typed.type_names[source], name, typed.type_names[destination])
        columns = _properties(statements, at)
        if code == _SHARED:
            columns = {PREDICATE: _named(typed, at), **columns}
        tables[relation] = pa.table(
            {
                "src": links.resources.take(pa.array(links.subjects[at])),
                "dst": links.resources.take(pa.array(links.objects[at])),
                **columns,
            }
        )
    return tables


def by_predicate(relation: Relation, table: pa.Table) -> dict[str, pa.Table]:
    """The edge table of a relation as one table per predicate, by the predicate's name."""
    if relation.name != STATEMENT:
        return {relation.name: table}
    encoded = table.column(PREDICATE).combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy()
    return {
        name: table.take(pa.array(np.flatnonzero(codes == code)))
        for code, name in enumerate(encoded.dictionary.to_pylist())
    }


def _have_relations_of_their_own(keys: Ints, predicates: pa.Array, most: int) -> Ints:
    """Which predicates do, as ``bool[predicates]``: the most frequent, as far as there is room.

    Args:
        keys: predicate, subject's type and object's type of every triple.
        predicates: their IRIs.
        most: how many relations they may take together.
    """
    edges = np.bincount(keys[0], minlength=len(predicates))
    distinct = np.unique(keys, axis=1)[0]
    relations = np.bincount(distinct, minlength=len(predicates))
    always = np.isin(np.asarray(predicates), _ALWAYS_OWN)
    by_rank = np.lexsort((-edges, ~always))
    fits = np.cumsum(relations[by_rank]) <= most
    is_own = always.copy()
    is_own[by_rank[fits]] = True
    return is_own


def _named(typed: TypedLinks, at: Ints) -> pa.Array:
    names = pa.array(typed.relation_names, pa.large_string())
    return names.take(pa.array(typed.links.relations[at]))


def _properties(statements: pa.Table, at: Ints) -> Mapping[str, pa.ChunkedArray]:
    return {name: statements[name].take(pa.array(at)) for name in statements.column_names}
