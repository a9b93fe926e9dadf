"""The vocabulary of a knowledge graph: which IRI each name of its schema stands for.

Node types, relations and columns have names that a person can type: the CURIE where a prefix fits,
else the local name where no other IRI of the schema has the same, else the IRI. What the names mean
is stored in the graph itself, as nodes of the type `VOCABULARY`, so that whoever opens or connects
to it can go from names to IRIs and back:

=============  ============================  =======================================================
role           name                          what else its row says
=============  ============================  =======================================================
type           a node type                   ``iri`` of the class; null for `ENTITY`
predicate      a relation, wherever it       ``iri``
               goes, or a value of the
               column `PREDICATE`
literal        a column                      ``iri`` of the predicate, ``node_type``, ``datatype``,
                                             ``language``
written        a column of texts as written  the same (see `graphray.kinds.literals`)
prefix         a prefix                      ``iri`` of the namespace
parent         a predicate from child to     ``iri``; the name begins with ``^`` where it leads
               parent, in a hierarchy        from parent to child
=============  ============================  =======================================================
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from graphray.kinds.terms import Prefixes, local_name

VOCABULARY: Final = "vocabulary"
ENTITY: Final = "entity"
"""The node type of entities that no statement gives a type."""

STATEMENT: Final = "statement"
"""The relation of all predicates that have no relation of their own."""
PREDICATE: Final = "predicate"
"""The column of `STATEMENT` that names each edge's predicate."""

PARENT: Final = "parent"
"""The relation from child to parent, in a hierarchy."""
LEVEL: Final = "level"
"""The column of levels, in a hierarchy; the roots are at 0, null is outside."""

_TYPE, _LITERAL = "type", "literal"
_WRITTEN, _PREFIX = "written", "prefix"
_FIELDS = ("id", "role", "name", "iri", "node_type", "datatype", "language")
# Column names and node types that are taken already.
_RESERVED = (ENTITY, VOCABULARY, STATEMENT, PARENT, LEVEL, "id", "src", "dst")


@dataclass(frozen=True)
class LiteralColumn:
    """Where the literals of one predicate, datatype and language are, for one node type.

    Attributes:
        node_type: the type whose column it is.
        name: the column's name; its values may be lists.
        predicate: the predicate's IRI.
        datatype: the datatype's IRI.
        language: the language tag, or None.
        written: the column of texts as written, or None where there is none.
    """

    node_type: str
    name: str
    predicate: str
    datatype: str
    language: str | None
    written: str | None

    @property
    def literal_kind(self) -> tuple[str, str | None]:
        """Datatype and language of the column's literals."""
        return self.datatype, self.language


@dataclass(frozen=True)
class Vocabulary:
    """What the names of a knowledge graph's schema stand for.

    Attributes:
        classes: node type to the IRI of its class; `ENTITY` is not among them.
        predicates: relation name to the IRI of its predicate.
        literals: the columns that hold literals.
        prefixes: for reading and writing CURIEs.
        parents: the predicates that make the hierarchy, as IRIs; ``^`` before one that leads from
            parent to child.
    """

    classes: Mapping[str, str]
    predicates: Mapping[str, str]
    literals: tuple[LiteralColumn, ...]
    prefixes: Prefixes = field(default_factory=Prefixes)
    parents: tuple[str, ...] = ()

    def to_table(self) -> pa.Table:
        """The node table of the type `VOCABULARY`."""
        rows: list[tuple[str | None, ...]] = []
        rows += [(_TYPE, name, iri, None, None, None) for name, iri in self.classes.items()]
        rows += [(PREDICATE, name, iri, None, None, None) for name, iri in self.predicates.items()]
        for column in self.literals:
            meaning = (column.predicate, column.node_type, column.datatype, column.language)
            rows.append((_LITERAL, column.name, *meaning))
            if column.written is not None:
                rows.append((_WRITTEN, column.written, *meaning))
        namespaces = self.prefixes.namespaces
        rows += [(_PREFIX, prefix, iri, None, None, None) for prefix, iri in namespaces.items()]
        rows += [(PARENT, iri, iri.removeprefix("^"), None, None, None) for iri in self.parents]
        ids = [" ".join(part for part in (row[0], row[3], row[1]) if part) for row in rows]
        columns = zip(*((id, *row) for id, row in zip(ids, rows, strict=True)), strict=True)
        return pa.table(
            {n: pa.array(c, pa.large_string()) for n, c in zip(_FIELDS, columns, strict=True)}
        )

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Vocabulary:
        """The inverse of `to_table`, from its rows in any order."""
        by_role: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in rows:
            by_role[row["role"]].append(row)
        written = {_meaning(row): row["name"] for row in by_role[_WRITTEN]}
        return cls(
            {row["name"]: row["iri"] for row in by_role[_TYPE]},
            {row["name"]: row["iri"] for row in by_role[PREDICATE]},
            tuple(
                LiteralColumn(
                    row["node_type"],
                    row["name"],
                    row["iri"],
                    row["datatype"],
                    row["language"],
                    written.get(_meaning(row)),
                )
                for row in by_role[_LITERAL]
            ),
            Prefixes({row["name"]: row["iri"] for row in by_role[_PREFIX]}),
            tuple(row["name"] for row in by_role[PARENT]),
        )


def name_iris(iris: Iterable[str], prefixes: Prefixes) -> dict[str, str]:
    """A name for each IRI, no two alike.

    >>> name_iris(["http://a/x", "http://b/x", "http://b/y"], Prefixes({"a": "http://a/"}))
    {'http://a/x': 'a:x', 'http://b/x': 'x', 'http://b/y': 'y'}
    """
    wanted = {iri: prefixes.compact(iri) or local_name(iri) or _quoted(iri) for iri in iris}
    counts = Counter([*wanted.values(), *_RESERVED])
    return {
        iri: name if counts[name] == 1 and (name == iri or name not in wanted) else _quoted(iri)
        for iri, name in wanted.items()
    }


def column_name(predicate: str, datatype: str, language: str | None, *, is_usual: bool) -> str:
    """The name of a column of literals.

    Args:
        predicate: the predicate's name.
        datatype: the datatype's name.
        language: the language tag, or None.
        is_usual: whether this is the predicate's most frequent datatype.

    >>> column_name("label", "rdf:langString", "de", is_usual=False)
    'label@de'
    """
    if language is not None:
        return f"{predicate}@{language}"
    return predicate if is_usual else f"{predicate}^^{datatype}"


def written_name(column: str) -> str:
    """The name of the column of texts as written, beside a column of values."""
    return f"{column} (as written)"


def _meaning(row: Mapping[str, Any]) -> tuple[str | None, ...]:
    return row["node_type"], row["iri"], row["datatype"], row["language"]


def _quoted(iri: str) -> str:
    # "@", "^^" and " " part a column's name from its language, datatype and purpose, and a name
    # that GraphRay keeps for itself may be a plain name of somebody's.
    return f"<{iri}>" if iri in _RESERVED or re.search(r"@|\^\^| |^<", iri) else iri
