"""Matching triple patterns against a knowledge graph, opened or running.

A pattern gives any of subject, predicate and object. What it leaves open is filled from the
adjacency of the relations that can match, and from the columns of literals that can; both are read
a block of nodes at a time, so that a pattern of everything needs no more memory than one block.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.access import PartitionAccess
from graphray.gather import node_column, user_ids_of
from graphray.kinds.literals import text_of
from graphray.kinds.steps import Steps
from graphray.kinds.terms import Literal, Triple
from graphray.kinds.vocabulary import LiteralColumn, Vocabulary
from graphray.schema import Relation

Ints = npt.NDArray[np.int64]
_BLOCK_NODES = 1 << 16


class Resource(NamedTuple):
    """A resource as it is stored: its node type and global id."""

    node_type: str
    gid: int


class TripleMatcher:
    """Finds the triples of one graph that match a pattern.

    Args:
        access: the graph.
        vocabulary: what the names of its schema stand for.
        steps: reads the graph's adjacency.
    """

    def __init__(self, access: PartitionAccess, vocabulary: Vocabulary, steps: Steps) -> None:
        self._access = access
        self._steps = steps
        self._vocabulary = vocabulary
        self._relations = [
            kind.relation
            for kind in access.schema.relations
            if kind.relation.name in vocabulary.predicates
        ]

    def match(
        self, subject: Resource | None, predicate: str | None, value: Resource | Literal | None
    ) -> Iterator[Triple]:
        """The triples that match, each once, in no particular order.

        Args:
            subject: the subject, or None for any.
            predicate: the predicate's IRI, or None for any.
            value: the object, or None for any.
        """
        if not isinstance(value, Literal):
            yield from self._links(subject, predicate, value)
        if not isinstance(value, Resource):
            yield from self._facts(subject, predicate, value)

    def relations_of(self, predicate: str) -> list[Relation]:
        """The relations of a predicate, one per pair of node types."""
        iris = self._vocabulary.predicates
        return [relation for relation in self._relations if iris[relation.name] == predicate]

    def _links(
        self, subject: Resource | None, predicate: str | None, value: Resource | None
    ) -> Iterator[Triple]:
        for relation in self._relations:
            iri = self._vocabulary.predicates[relation.name]
            if (
                predicate in (None, iri)
                and (subject is None or subject.node_type == relation.source)
                and (value is None or value.node_type == relation.destination)
            ):
                for source, destination in self._ends(relation, subject, value):
                    yield Triple(source, iri, destination)

    def _ends(
        self, relation: Relation, subject: Resource | None, value: Resource | None
    ) -> Iterator[tuple[str, str]]:
        access = self._access
        backwards = subject is None and value is not None
        given = value if backwards else subject
        near_type, far_type = relation.source, relation.destination
        if backwards:
            near_type, far_type = far_type, near_type
        adjacency = self._steps.adjacency(relation, "in" if backwards else "out")
        for gids in self._blocks(near_type, given):
            entries = adjacency.of(gids)
            rows, far = entries.rows, entries.neighbors
            if subject is not None and value is not None:
                rows, far = rows[far == value.gid], far[far == value.gid]
            if len(rows) == 0:
                continue
            near_ids = user_ids_of(access, near_type, gids)[rows].tolist()
            far_ids = user_ids_of(access, far_type, far).tolist()
            ends = (far_ids, near_ids) if backwards else (near_ids, far_ids)
            yield from zip(*ends, strict=True)

    def _facts(
        self, subject: Resource | None, predicate: str | None, value: Literal | None
    ) -> Iterator[Triple]:
        for column in self._vocabulary.literals:
            if (
                predicate in (None, column.predicate)
                and (subject is None or subject.node_type == column.node_type)
                and (value is None or (value.datatype, value.language) == column.literal_kind)
            ):
                for subject_id, literal in self._values(column, subject):
                    if value in (None, literal):
                        yield Triple(subject_id, column.predicate, literal)

    def _values(
        self, column: LiteralColumn, subject: Resource | None
    ) -> Iterator[tuple[str, Literal]]:
        for gids in self._blocks(column.node_type, subject):
            ids = user_ids_of(self._access, column.node_type, gids).tolist()
            values = self._cells(column.node_type, column.name, gids)
            written = [None] * len(ids)
            if column.written is not None:
                written = self._cells(column.node_type, column.written, gids)
            for node_id, cell, texts in zip(ids, values, written, strict=True):
                for text in _texts(cell, texts, column.datatype):
                    yield node_id, Literal(text, column.datatype, column.language)

    def _cells(self, node_type: str, column: str, gids: Ints) -> list[Any]:
        cells = node_column(self._access, node_type, column, gids)
        return cells.tolist() if isinstance(cells, np.ndarray) else cells.to_pylist()

    def _blocks(self, node_type: str, given: Resource | None) -> Iterator[Ints]:
        if given is not None:
            yield np.array([given.gid])
            return
        count = self._access.book.num_nodes(node_type)
        for start in range(0, count, _BLOCK_NODES):
            yield np.arange(start, min(start + _BLOCK_NODES, count))


def _texts(cell: Any, written: Any, datatype: str) -> Iterator[str]:
    """The texts of one cell: none, one, or a list of them."""
    if isinstance(cell, list):
        for value, text in zip(cell, written or [None] * len(cell), strict=True):
            yield text_of(value, text, datatype)
    elif cell is not None or written is not None:
        yield text_of(cell, written, datatype)
