"""Hierarchical knowledge graphs: a knowledge graph whose entities have levels and parents.

A hierarchy is a forest, or a directed acyclic graph where its builder was told so. Its levels count
from the roots, at 0, by the longest way (`graphray.kinds.hierarchy_tables`). Entities that are
nobody's parent or child are outside of it, and have no level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.client.graph import Graph
from graphray.errors import ArgumentError
from graphray.kinds.ancestry import OUTSIDE, Ancestry, read_levels
from graphray.kinds.formats.rdf import RdfPath
from graphray.kinds.formats.triples import TriplePaths, read_triple_files, read_triples
from graphray.kinds.hierarchy_tables import BROADER, hierarchy_tables
from graphray.kinds.knowledge import KnowledgeGraph, only
from graphray.kinds.knowledge_tables import knowledge_tables
from graphray.kinds.level_graph import level_tables
from graphray.kinds.relations import RELATIONS_MAX
from graphray.kinds.tables import GraphTables
from graphray.kinds.vocabulary import LEVEL, PARENT
from graphray.schema import Direction

Parent = str | Sequence[str]


class HierarchicalKnowledgeGraph(KnowledgeGraph):
    """A knowledge graph with levels and parents, opened or running.

    Example:
        >>> tables = HierarchicalKnowledgeGraph.from_triples([
        ...     ("berlin", "in", "germany"),
        ...     ("hamburg", "in", "germany"),
        ...     ("germany", "in", "europe"),
        ... ], parent="in")
        >>> places = HierarchicalKnowledgeGraph.of(tables)
        >>> places.ancestors("berlin"), places.level_of("berlin")
        (['germany', 'europe'], 2)
        >>> places.roll_up(1).to_pylist()[0]
        {'id': 'berlin', 'ancestor': 'germany'}
    """

    kinds = frozenset({"hierarchical-knowledge"})

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._parents = [
            kind.relation for kind in graph.schema.relations if kind.relation.name == PARENT
        ]
        self._leveled = [
            kind.name
            for kind in graph.schema.node_types
            if LEVEL in (column.name for column in kind.columns)
        ]

    @staticmethod
    def from_rdf(
        paths: RdfPath | Sequence[RdfPath],
        *,
        format: str | None = None,
        base: str | None = None,
        prefixes: Mapping[str, str] | None = None,
        relations_max: int = RELATIONS_MAX,
        parent: Parent = BROADER,
        dag: bool = False,
    ) -> GraphTables:
        """The tables of RDF files.

        Args:
            paths: as in `KnowledgeGraph.from_rdf`, like the next four.
            format: see there.
            base: see there.
            prefixes: see there.
            relations_max: see there.
            parent: the predicate that leads from a child to its parent, or several; ``^`` before
                one that leads from parent to child. By default skos:broader.
            dag: whether a node may have several parents.

        Raises:
            InputError: where a file is malformed, no triple has such a predicate, a node has
                several parents, or parents form a cycle, which the message names.
        """
        tables = KnowledgeGraph.from_rdf(
            paths, format=format, base=base, prefixes=prefixes, relations_max=relations_max
        )
        return hierarchy_tables(tables, parent, dag=dag)

    @staticmethod
    def from_rdflib(
        graph: Any,
        *,
        prefixes: Mapping[str, str] | None = None,
        relations_max: int = RELATIONS_MAX,
        parent: Parent = BROADER,
        dag: bool = False,
    ) -> GraphTables:
        """The tables of an rdflib graph (`KnowledgeGraph.from_rdflib`); errors as in `from_rdf`.

        Args:
            graph: as in `KnowledgeGraph.from_rdflib`, like the next two.
            prefixes: see there.
            relations_max: see there.
            parent: as in `from_rdf`.
            dag: whether a node may have several parents.
        """
        tables = KnowledgeGraph.from_rdflib(graph, prefixes=prefixes, relations_max=relations_max)
        return hierarchy_tables(tables, parent, dag=dag)

    @staticmethod
    def from_tsv(
        paths: TriplePaths,
        *,
        prefixes: Mapping[str, str] | None = None,
        relations_max: int = RELATIONS_MAX,
        parent: Parent = BROADER,
        dag: bool = False,
    ) -> GraphTables:
        """The tables of tab-separated triples (`KnowledgeGraph.from_tsv`); errors as in `from_rdf`.

        Args:
            paths: as in `KnowledgeGraph.from_tsv`, like the next two.
            prefixes: see there.
            relations_max: see there.
            parent: as in `from_rdf`.
            dag: whether a node may have several parents.
        """
        triples = read_triple_files(paths, prefixes=prefixes)
        tables = knowledge_tables(triples, prefixes=prefixes, relations_max=relations_max)
        return hierarchy_tables(tables, parent, dag=dag, origin=triples)

    @staticmethod
    def from_triples(
        triples: Iterable[tuple[str, str, Any]],
        *,
        prefixes: Mapping[str, str] | None = None,
        relations_max: int = RELATIONS_MAX,
        parent: Parent = BROADER,
        dag: bool = False,
    ) -> GraphTables:
        """The tables of triples in memory; errors as in `from_rdf`.

        Args:
            triples: as in `KnowledgeGraph.from_triples`, like the next two.
            prefixes: see there.
            relations_max: see there.
            parent: as in `from_rdf`.
            dag: whether a node may have several parents.
        """
        read = read_triples(triples, prefixes=prefixes)
        tables = knowledge_tables(read, prefixes=prefixes, relations_max=relations_max)
        return hierarchy_tables(tables, parent, dag=dag, origin=read)

    @property
    def num_levels(self) -> int:
        """How many levels there are."""
        return 1 + max(int(read_levels(self.graph.access, n).max()) for n in self._leveled)

    def at_level(self, level: int) -> list[str]:
        """The ids of all entities at a level; empty beyond the last one."""
        return self._steps.ids(
            {n: np.flatnonzero(read_levels(self.graph.access, n) == level) for n in self._leveled}
        )

    def roots(self) -> list[str]:
        """The ids of all entities that have children but no parent."""
        return self.at_level(0)

    def level_of(self, term: str) -> int | None:
        """How far an entity is below the roots; None outside the hierarchy.

        Raises:
            NodeNotFound: where no triple mentions it.
        """
        found = self._resource(term)
        if found.node_type not in self._leveled:
            return None
        level = int(read_levels(self.graph.access, found.node_type, np.array([found.gid]))[0])
        return None if level == OUTSIDE else level

    def parents(self, term: str) -> list[str]:
        """The parents of an entity: none, one, or in a directed acyclic graph several.

        Raises:
            NodeNotFound: where no triple mentions it.
        """
        return self._next(term, "out")

    def parent(self, term: str) -> str | None:
        """The parent of an entity, or None where it has none.

        Raises:
            ArgumentError: where it has several.
            NodeNotFound: where no triple mentions it.
        """
        found = self.parents(term)
        if len(found) > 1:
            raise ArgumentError(f"{term!r} has {len(found)} parents; call parents({term!r})")
        return found[0] if found else None

    def children(self, term: str) -> list[str]:
        """The children of an entity; raises as `parents` does."""
        return self._next(term, "in")

    def ancestors(self, term: str) -> list[str]:
        """All entities above one, the nearest first; raises as `parents` does."""
        return self._reached(only(self._resource(term)), self._parents, "out")

    def descendants(self, term: str) -> list[str]:
        """All entities below one, the nearest first; raises as `parents` does."""
        return self._reached(only(self._resource(term)), self._parents, "in")

    def roll_up(self, level: int) -> pa.Table:
        """Every entity at a level or below it, and its ancestor there.

        Args:
            level: from 0 for the roots.

        Returns:
            The columns ``id`` and ``ancestor``; an entity at the level is its own. In a directed
            acyclic graph an entity has a row for each of its ancestors there.

        Raises:
            ArgumentError: where there is no such level.
        """
        ancestry = self._ancestry(level)
        nodes, ancestors = ancestry.membership(level).nonzero()
        access = self.graph.access
        return pa.table(
            {"id": ancestry.ids(access, nodes), "ancestor": ancestry.ids(access, ancestors)}
        )

    def drill_down(self, term: str, level: int | None = None) -> list[str]:
        """The descendants of an entity at a level.

        Args:
            term: the entity.
            level: None for the next one below the entity's own.

        Raises:
            ArgumentError: where the entity is outside the hierarchy, or the level is not below it.
            NodeNotFound: where no triple mentions it.
        """
        own = self.level_of(term)
        if own is None:
            raise ArgumentError(f"{term!r} is outside the hierarchy, and has no descendants")
        wanted = own + 1 if level is None else level
        if wanted <= own:
            raise ArgumentError(f"level = {level}; expected above {own}, the level of {term!r}")
        found: list[str] = []
        for nodes in self._steps.generations(only(self._resource(term)), self._parents, "in"):
            found += self._steps.ids(
                {
                    name: gids[read_levels(self.graph.access, name, gids) == wanted]
                    for name, gids in nodes.items()
                }
            )
        return found

    def level_graph(self, level: int) -> GraphTables:
        """A level as a graph of its own; ``lost`` says what that leaves out.

        Its nodes are the entities at the level. An edge between two of them stands for all edges of
        one predicate between entities that are or lie below them; the column ``count`` says how
        many.

        Raises:
            ArgumentError: where there is no such level.
        """
        ancestry = self._ancestry(level)
        return level_tables(self.graph.access, self._steps, self._vocabulary, ancestry, level)

    def _next(self, term: str, way: Direction) -> list[str]:
        start = only(self._resource(term))
        return self._steps.ids(self._steps.step(start, self._parents, way))

    def _ancestry(self, level: int) -> Ancestry:
        ancestry = Ancestry.read(self.graph.access, self._steps)
        deepest = int(ancestry.levels.max())
        if not 0 <= level <= deepest:
            raise ArgumentError(f"level = {level}; expected 0 up to {deepest}")
        return ancestry
