"""Matching triple patterns against a knowledge graph, opened or running.

A pattern gives any of subject, predicate and object. Triples between resources are edges
(`graphray.kinds.link_patterns`), those with literals are values in columns
(`graphray.kinds.fact_patterns`). A pattern with a subject or an object takes a few rounds of calls,
whatever the number of predicates; one without reads a block of nodes at a time, so that even a
pattern of everything needs no more memory than one block.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphray.kinds.fact_patterns import FactMatcher
from graphray.kinds.find_resources import Resource
from graphray.kinds.link_patterns import LinkMatcher
from graphray.kinds.steps import Steps
from graphray.kinds.terms import Literal, Triple
from graphray.kinds.vocabulary import Vocabulary
from graphray.reading.access import PartitionAccess
from graphray.schema import Relation


class TripleMatcher:
    """Finds the triples of one graph that match a pattern.

    Args:
        access: the graph.
        vocabulary: what the names of its schema stand for.
        steps: reads the graph's adjacency.
    """

    def __init__(self, access: PartitionAccess, vocabulary: Vocabulary, steps: Steps) -> None:
        self._links = LinkMatcher(access, vocabulary, steps)
        self._facts = FactMatcher(access, vocabulary.literals)

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
            yield from self._links.match(subject, predicate, value)
        if not isinstance(value, Resource):
            yield from self._facts.match(subject, predicate, value)

    def relations_of(self, predicate: str) -> list[Relation]:
        """The relations that a predicate has of its own, one per pair of node types."""
        return self._links.relations_of(predicate)
