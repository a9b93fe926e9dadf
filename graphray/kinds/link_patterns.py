"""Matching patterns against the triples between resources, which are edges.

What is around one resource is read in two rounds, whatever the number of predicates: its edges,
then the ids at their other ends. Without subject and object, whole relations are read, block by
block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from graphray.kinds.blocks import blocks_of
from graphray.kinds.find_resources import Resource
from graphray.kinds.steps import Steps
from graphray.kinds.terms import Triple
from graphray.kinds.together import Walk, edge_cells, follow, node_cells, take_cells
from graphray.kinds.vocabulary import PREDICATE, STATEMENT, Vocabulary
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import edge_column, to_numpy, user_ids_of
from graphray.schema import Direction, Relation
from graphray.shard import ID

Ints = npt.NDArray[np.int64]


class LinkMatcher:
    """Finds the edges of one graph that match a pattern.

    Args:
        access: the graph.
        vocabulary: what the names of its schema stand for.
        steps: reads the graph's adjacency.
    """

    def __init__(self, access: PartitionAccess, vocabulary: Vocabulary, steps: Steps) -> None:
        self._access = access
        self._steps = steps
        self._iri_of = vocabulary.predicates
        relations = [kind.relation for kind in access.schema.relations]
        self._own = [relation for relation in relations if relation.name in self._iri_of]
        self._shared = [relation for relation in relations if relation.name == STATEMENT]

    def relations_of(self, predicate: str) -> list[Relation]:
        """The relations that a predicate has of its own, one per pair of node types."""
        return [relation for relation in self._own if self._iri_of[relation.name] == predicate]

    def match(
        self, subject: Resource | None, predicate: str | None, value: Resource | None
    ) -> Iterator[Triple]:
        """The triples that match, each once, in no particular order.

        Args:
            subject: the subject, or None for any.
            predicate: the predicate's IRI, or None for any.
            value: the object, or None for any.
        """
        relations = [
            relation
            for relation in self._relations(predicate)
            if (subject is None or subject.node_type == relation.source)
            and (value is None or value.node_type == relation.destination)
        ]
        if subject is not None:
            found = self._around(subject, relations, "out", value)
        elif value is not None:
            found = self._around(value, relations, "in", None)
        else:
            found = (triple for relation in relations for triple in self._all(relation))
        return (triple for triple in found if predicate in (None, triple.predicate))

    def _relations(self, predicate: str | None) -> list[Relation]:
        """Those that may have edges of a predicate."""
        if predicate is None:
            return [*self._own, *self._shared]
        return self.relations_of(predicate) or self._shared

    def _around(
        self,
        given: Resource,
        relations: Sequence[Relation],
        direction: Direction,
        other: Resource | None,
    ) -> Iterator[Triple]:
        """The links of one resource.

        Args:
            given: the resource: the subject for "out", the object for "in".
            relations: the relations to follow; all have its type at that end.
            direction: which way to follow them.
            other: the resource at the other end, or None for any.
        """
        access, start = self._access, np.array([given.gid])
        found = self._follow([Walk(relation, direction, start) for relation in relations], other)
        if not found:
            return
        wanted = [node_cells(access, given.node_type, ID, start)]
        for walk, neighbors, positions in found:
            wanted.append(node_cells(access, walk.far_type, ID, neighbors))
            if walk.relation.name == STATEMENT:
                wanted.append(edge_cells(access, walk.relation, direction, PREDICATE, positions))
        own, *columns = (to_numpy(column).tolist() for column in take_cells(access, wanted))
        rest = iter(columns)
        for walk, _, _ in found:
            far_ids = next(rest)
            names = next(rest) if walk.relation.name == STATEMENT else None
            near_ids = own * len(far_ids)
            ends = (near_ids, far_ids) if direction == "out" else (far_ids, near_ids)
            yield from self._triples(walk.relation, *ends, names)

    def _follow(
        self, walks: Sequence[Walk], other: Resource | None
    ) -> list[tuple[Walk, Ints, Ints]]:
        """The walks that lead somewhere (to one resource, or to any): neighbours and positions."""
        found = []
        for walk, entries in zip(walks, follow(self._access, walks), strict=True):
            at = np.arange(len(entries.rows))
            if other is not None:
                at = np.flatnonzero(entries.neighbors == other.gid)
            if len(at):
                found.append((walk, entries.neighbors[at], entries.positions[at]))
        return found

    def _all(self, relation: Relation) -> Iterator[Triple]:
        """All edges of a relation, a block of its subjects at a time."""
        access = self._access
        for gids in blocks_of(access, relation.source):
            entries = self._steps.adjacency(relation, "out").of(gids)
            if len(entries.rows) == 0:
                continue
            names = None
            if relation.name == STATEMENT:
                column = edge_column(access, relation, "out", PREDICATE, entries.positions)
                names = to_numpy(column).tolist()
            yield from self._triples(
                relation,
                user_ids_of(access, relation.source, gids)[entries.rows].tolist(),
                user_ids_of(access, relation.destination, entries.neighbors).tolist(),
                names,
            )

    def _triples(
        self,
        relation: Relation,
        subjects: list[str],
        objects: list[str],
        names: list[str] | None,
    ) -> Iterator[Triple]:
        """Edges of one relation as triples; ``names`` has their predicates where they share it."""
        own = [relation.name] * len(subjects)
        for subject, name, value in zip(subjects, names or own, objects, strict=True):
            yield Triple(subject, self._iri_of[name], value)
