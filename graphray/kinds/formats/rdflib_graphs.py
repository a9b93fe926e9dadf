"""Graphs of rdflib, which is not imported to read its objects."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from graphray.errors import ArgumentError, InputError
from graphray.kinds.terms import Literal, Triple
from graphray.kinds.triples import Triples, triples_table
from graphray.progress import progress

LABEL = "rdflib"


def read_rdflib(graph: Any) -> Triples:
    """The triples of an rdflib ``Graph`` or ``Dataset``, and the prefixes that are bound in it.

    Blank nodes keep rdflib's labels. Named graphs are merged into one, and ``lost`` says so.

    Raises:
        InputError: where a subject or predicate is no resource (rdflib lets both be literals), or a
            term is none of RDF, such as a variable; naming the triple.
        ArgumentError: where it is no graph of rdflib.
    """
    rdflib = sys.modules.get("rdflib")
    if rdflib is None or not isinstance(graph, rdflib.Graph):
        raise ArgumentError(f"{type(graph).__name__} is no graph of rdflib")
    reading = _Reading(rdflib)
    with progress("reading triples", total=len(graph), unit="triples"):
        table = triples_table(reading.triples(graph))
    prefixes = {prefix: str(namespace) for prefix, namespace in graph.namespaces()}
    lost = ("which named graph each triple was in",) if reading.has_named_graphs else ()
    return Triples(table, prefixes, lost)


class _Reading:
    """A graph on its way into a table."""

    def __init__(self, rdflib: ModuleType) -> None:
        self._rdf = rdflib
        self.has_named_graphs = False

    def triples(self, graph: Any) -> Iterator[Triple]:
        """The triples of a graph, or of all graphs of a dataset."""
        # What holds several graphs shows the triples of all of them only as quads.
        quads = graph.quads() if graph.context_aware else ((*triple, None) for triple in graph)
        for *terms, context in quads:
            self.has_named_graphs |= self._is_name(getattr(context, "identifier", context))
            try:
                yield self._triple(*terms)
            except (ArgumentError, UnicodeEncodeError) as error:
                shown = " ".join(map(repr, terms))
                raise InputError(f"{error}, in the triple {shown}", source=LABEL) from error

    def _is_name(self, identifier: Any) -> bool:
        default = self._rdf.graph.DATASET_DEFAULT_GRAPH_ID
        return isinstance(identifier, self._rdf.URIRef) and identifier != default

    def _triple(self, subject: Any, predicate: Any, value: Any) -> Triple:
        if not isinstance(predicate, self._rdf.URIRef):
            raise ArgumentError(f"the predicate {str(predicate)!r} is no IRI")
        if isinstance(value, self._rdf.Literal):
            return Triple(self._resource(subject), str(predicate), self._literal(value))
        return Triple(self._resource(subject), str(predicate), self._resource(value))

    def _resource(self, term: Any) -> str:
        if isinstance(term, self._rdf.BNode):
            name = f"_:{term}"
        elif isinstance(term, self._rdf.URIRef):
            name = str(term)
        else:
            kind = type(term).__name__
            raise ArgumentError(
                f"{str(term)!r} is a {kind}, where an IRI or a blank node has to be"
            )
        name.encode()  # A lone surrogate is no text that a file could hold.
        if not name:
            raise ArgumentError("an IRI is empty")
        return name

    def _literal(self, term: Any) -> Literal:
        str(term).encode()
        if term.language:
            return Literal(str(term), language=term.language)
        return (
            Literal(str(term)) if term.datatype is None else Literal(str(term), str(term.datatype))
        )
