"""Knowledge graphs: triples over typed entities, with literals as typed columns.

Terms follow RDF 1.1 and RDF Schema (see `graphray.kinds.terms` for how they are written). Wherever
a resource or predicate is asked for, its IRI, a CURIE of a known prefix or, for predicates and
classes, the short name that the schema shows will do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphray.client.graph import Graph
from graphray.errors import NodeNotFound
from graphray.kinds.face import Face
from graphray.kinds.find_resources import Resource, find_resources
from graphray.kinds.formats.ntriples import write_ntriples
from graphray.kinds.formats.rdf import RdfPath, read_rdf
from graphray.kinds.formats.rdflib_graphs import read_rdflib
from graphray.kinds.formats.triples import TriplePaths, read_triple_files, read_triples
from graphray.kinds.knowledge_tables import knowledge_tables
from graphray.kinds.patterns import TripleMatcher
from graphray.kinds.property_view import property_tables
from graphray.kinds.relations import RELATIONS_MAX
from graphray.kinds.steps import NodeSet, Steps
from graphray.kinds.tables import GraphTables
from graphray.kinds.terms import SUBCLASS_OF, SUBPROPERTY_OF, TYPE, Literal, Triple
from graphray.kinds.together import node_cells, take_cells
from graphray.kinds.vocabulary import VOCABULARY, Vocabulary
from graphray.reading.gather import node_column, to_arrow
from graphray.reading.operations import NOT_FOUND
from graphray.schema import Direction, Relation
from graphray.shard import ID


@dataclass(frozen=True)
class Entity:
    """One resource and what literals say of it.

    Attributes:
        id: its IRI, blank node or name.
        node_type: the name of its most specific class.
        types: the IRIs of all classes it is said to be of.
        properties: column to value, or to a list of values; columns without one are left out.
        partition: which partition owns it.
    """

    id: str
    node_type: str
    types: tuple[str, ...]
    properties: Mapping[str, Any]
    partition: int


class KnowledgeGraph(Face):
    """A knowledge graph, opened or running.

    Example:
        >>> tables = KnowledgeGraph.from_triples([
        ...     ("ex:ann", "rdf:type", "ex:Person"),
        ...     ("ex:ann", "ex:age", 36),
        ...     ("ex:ann", "ex:knows", "ex:bob"),
        ... ], prefixes={"ex": "http://example.org/"})
        >>> kg = KnowledgeGraph.of(tables)
        >>> kg.entity("ex:ann").properties
        {'ex:age': 36}
        >>> kg.subjects("ex:knows", "ex:bob")
        ['http://example.org/ann']
    """

    kinds = frozenset({"knowledge", "hierarchical-knowledge"})

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._vocabulary = _read_vocabulary(graph)
        self._steps = Steps(graph.access)
        self._matcher = TripleMatcher(graph.access, self._vocabulary, self._steps)
        names = (name for name in graph.schema.node_type_names if name != VOCABULARY)
        self._node_types = tuple(sorted(names, key=graph.num_nodes, reverse=True))

    @staticmethod
    def from_rdf(
        paths: RdfPath | Sequence[RdfPath],
        *,
        format: str | None = None,
        base: str | None = None,
        prefixes: Mapping[str, str] | None = None,
        relations_max: int = RELATIONS_MAX,
    ) -> GraphTables:
        """The tables of N-Triples, Turtle, RDF/XML or JSON-LD files.

        Args:
            paths: one file or several; ``.gz`` and ``.bz2`` are read too.
            format: such as ``"ttl"``; None for what the suffix says.
            base: the IRI against which relative ones are resolved.
            prefixes: in addition to those that the files declare.
            relations_max: how many relations predicates may take of their own, one for each pair of
                node types that a predicate joins. The rarer ones share the relation ``statement``.

        Raises:
            InputError: where a file is malformed, naming file and line.
            MissingDependency: where pyoxigraph is not installed.
        """
        triples = read_rdf(paths, format=format, base=base)
        return knowledge_tables(triples, prefixes=prefixes, relations_max=relations_max)

    @staticmethod
    def from_rdflib(
        graph: Any,
        *,
        prefixes: Mapping[str, str] | None = None,
        relations_max: int = RELATIONS_MAX,
    ) -> GraphTables:
        """The tables of an rdflib ``Graph`` or ``Dataset``.

        Args:
            graph: the rdflib object.
            prefixes: in addition to those that are bound in it.
            relations_max: as in `from_rdf`.

        Raises:
            InputError: where it is empty, or a subject or predicate is a literal, naming the
                triple.
            ArgumentError: where it is no graph of rdflib.
        """
        return knowledge_tables(read_rdflib(graph), prefixes=prefixes, relations_max=relations_max)

    @staticmethod
    def from_tsv(
        paths: TriplePaths,
        *,
        prefixes: Mapping[str, str] | None = None,
        relations_max: int = RELATIONS_MAX,
    ) -> GraphTables:
        """The tables of tab-separated triples: head, relation, tail, no header, as in FB15k-237.

        Args:
            paths: a file; a folder with ``train.txt``, ``valid.txt`` and ``test.txt``; or
                ``{split: file}``. With several, each edge has its split in the column ``split``.
            prefixes: read terms as CURIEs of these; None for names that are taken as they stand.
            relations_max: as in `from_rdf`.

        Raises:
            InputError: where a row is malformed or has an unknown prefix, naming file and row.
        """
        triples = read_triple_files(paths, prefixes=prefixes)
        return knowledge_tables(triples, prefixes=prefixes, relations_max=relations_max)

    @staticmethod
    def from_triples(
        triples: Iterable[tuple[str, str, Any]],
        *,
        prefixes: Mapping[str, str] | None = None,
        relations_max: int = RELATIONS_MAX,
    ) -> GraphTables:
        """The tables of triples in memory.

        Args:
            triples: subject, predicate, object; an object is a resource where it is a string, else
                a `Literal`, a number, a truth value, a date or a time.
            prefixes: read terms as CURIEs of these; None for names that are taken as they stand.
            relations_max: as in `from_rdf`.

        Raises:
            InputError: where there are none, a subject or predicate is no string, an object is
                nothing of the above, or a prefix is not known, naming the row.
        """
        read = read_triples(triples, prefixes=prefixes)
        return knowledge_tables(read, prefixes=prefixes, relations_max=relations_max)

    @property
    def prefixes(self) -> Mapping[str, str]:
        """Prefix to namespace."""
        return self._vocabulary.prefixes.namespaces

    @property
    def predicates(self) -> Mapping[str, str]:
        """The name of every predicate in the schema, and its IRI."""
        return self._vocabulary.predicates

    @property
    def classes(self) -> Mapping[str, str]:
        """The node types that are classes, and the IRI of each."""
        return self._vocabulary.classes

    def entity(self, term: str) -> Entity:
        """One resource and its properties.

        Raises:
            NodeNotFound: where no triple mentions it.
            ArgumentError: where its prefix is not known.
        """
        found = self._resource(term)
        hidden = {column.written for column in self._vocabulary.literals}
        columns = self.graph.schema.node_type(found.node_type).columns
        names = [ID, *(column.name for column in columns if column.name not in hidden)]
        access, gid = self.graph.access, np.array([found.gid])
        cells = take_cells(access, [node_cells(access, found.node_type, n, gid) for n in names])
        (own, *values) = (to_arrow(cell)[0].as_py() for cell in cells)
        properties = {n: v for n, v in zip(names[1:], values, strict=True) if v is not None}
        types = self._steps.ids(self._direct_types(found))
        part = int(access.book.owner(found.node_type, gid)[0])
        return Entity(own, found.node_type, tuple(types), properties, part)

    def types(self, term: str, *, inferred: bool = False) -> list[str]:
        """The IRIs of the classes that a resource is said to be of.

        Args:
            term: the resource.
            inferred: also the classes above those, as rdfs:subClassOf entails.

        Raises:
            NodeNotFound: where no triple mentions it.
        """
        direct = self._direct_types(self._resource(term))
        found = self._steps.ids(direct)
        if inferred:
            found += self._reached(direct, self._matcher.relations_of(SUBCLASS_OF), "out")
        return list(dict.fromkeys(found))

    def triples(
        self,
        subject: str | None = None,
        predicate: str | None = None,
        object: Any = None,
    ) -> Iterator[Triple]:
        """The triples that match a pattern, in no particular order.

        Args:
            subject: a resource, or None for any.
            predicate: a predicate, or None for any.
            object: a resource, a literal (as in `from_triples`), or None for any. Literals match as
                RDF terms: ``"05"`` is not ``"5"``.

        Returns:
            An iterator that reads as it goes; empty where the graph does not know a term.

        Raises:
            ArgumentError: where a prefix is not known.
        """
        near = None if subject is None else self._find(subject)
        iri = None if predicate is None else self._predicate(predicate)
        far = self._find(object) if isinstance(object, str) else None
        if (subject is not None and near is None) or (isinstance(object, str) and far is None):
            return iter(())
        literal = None if object is None or isinstance(object, str) else Literal.of(object)
        return self._matcher.match(near, iri, far or literal)

    def objects(self, subject: str, predicate: str) -> list[str | Literal]:
        """The objects of a subject's triples of one predicate; raises as `triples` does."""
        return [triple.object for triple in self.triples(subject, predicate)]

    def subjects(self, predicate: str, object: Any) -> list[str]:
        """The subjects of the triples with this predicate and object; raises as `triples` does."""
        return [triple.subject for triple in self.triples(None, predicate, object)]

    def subclasses(self, term: str, *, direct: bool = False) -> list[str]:
        """The classes below a class, the nearest first; ``direct`` for one step only.

        Raises:
            NodeNotFound: where no triple mentions it.
        """
        return self._hierarchy(term, SUBCLASS_OF, "in", direct)

    def superclasses(self, term: str, *, direct: bool = False) -> list[str]:
        """The classes above a class; arguments and errors as in `subclasses`."""
        return self._hierarchy(term, SUBCLASS_OF, "out", direct)

    def subproperties(self, term: str, *, direct: bool = False) -> list[str]:
        """The properties below a property; arguments and errors as in `subclasses`."""
        return self._hierarchy(term, SUBPROPERTY_OF, "in", direct)

    def superproperties(self, term: str, *, direct: bool = False) -> list[str]:
        """The properties above a property; arguments and errors as in `subclasses`."""
        return self._hierarchy(term, SUBPROPERTY_OF, "out", direct)

    def to_ntriples(self, path: str | os.PathLike[str], *, base: str | None = None) -> int:
        """Write every triple to an N-Triples file; read back, it is the same set of triples.

        Args:
            path: the file; it is there only when all is in it.
            base: what to put before names that are no IRIs.

        Returns:
            How many triples were written.

        Raises:
            InputError: where a name is no IRI and there is no base.
        """
        return write_ntriples(self.triples(), path, base=base)

    def to_property_graph(self) -> GraphTables:
        """The entities as a property graph; ``lost`` says what that leaves out."""
        return property_tables(self.graph.access, self._vocabulary)

    def _meaning(self, term: str) -> str:
        """What a text means that is no id itself: a name in the schema, or a CURIE."""
        by_name = self._vocabulary.classes.get(term) or self._vocabulary.predicates.get(term)
        return by_name or self._vocabulary.prefixes.expand(term)

    def _find(self, term: str) -> Resource | None:
        return self._locate(term) or self._locate(self._meaning(term))

    def _resource(self, term: str) -> Resource:
        found = self._find(term)
        if found is None:
            raise NodeNotFound(f"no triple mentions {self._meaning(term)!r}", ids=[term])
        return found

    def _locate(self, node_id: str) -> Resource | None:
        types, gids = find_resources(self.graph.access, self._node_types, [node_id])
        if types[0] == NOT_FOUND:
            return None
        return Resource(self._node_types[types[0]], int(gids[0]))

    def _predicate(self, term: str) -> str:
        iris = self._vocabulary.predicates
        if term in iris:
            return iris[term]
        return term if term in iris.values() else self._vocabulary.prefixes.expand(term)

    def _direct_types(self, resource: Resource) -> NodeSet:
        return self._steps.step(only(resource), self._matcher.relations_of(TYPE), "out")

    def _hierarchy(self, term: str, predicate: str, way: Direction, direct: bool) -> list[str]:
        start = only(self._resource(term))
        relations = self._matcher.relations_of(predicate)
        if direct:
            return self._steps.ids(self._steps.step(start, relations, way))
        own = self._steps.ids(start)
        return [found for found in self._reached(start, relations, way) if found not in own]

    def _reached(self, start: NodeSet, relations: Iterable[Relation], way: Direction) -> list[str]:
        """The ids of all nodes that are reached, the nearest first."""
        generations = self._steps.generations(start, relations, way)
        return [node_id for nodes in generations for node_id in self._steps.ids(nodes)]


def only(resource: Resource) -> NodeSet:
    """The set of a single resource."""
    return {resource.node_type: np.array([resource.gid])}


def _read_vocabulary(graph: Graph) -> Vocabulary:
    rows = np.arange(graph.num_nodes(VOCABULARY))
    columns = graph.schema.node_type(VOCABULARY).columns
    values = {
        column.name: to_arrow(node_column(graph.access, VOCABULARY, column.name, rows)).to_pylist()
        for column in columns
    }
    names = list(values)
    return Vocabulary.from_rows(
        dict(zip(names, row, strict=True)) for row in zip(*values.values(), strict=True)
    )
