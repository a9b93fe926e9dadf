"""From the tables of a knowledge graph to those of a hierarchical one.

Adds the relation `PARENT` from child to parent, one per pair of node types, whatever predicates say
so; and the column `LEVEL`, how far an entity is below the roots, by the longest way. So a parent is
always at a smaller level than its children, and a node at level n has a parent at n - 1. The
triples stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.errors import InputError
from graphray.kinds.generations import UNPLACED, generations, some_cycle
from graphray.kinds.relations import by_predicate
from graphray.kinds.tables import GraphTables
from graphray.kinds.triples import TERM_SCHEMA, Triples
from graphray.kinds.vocabulary import LEVEL, PARENT, VOCABULARY, Vocabulary
from graphray.schema import Relation

Ints = npt.NDArray[Any]

BROADER: Final = "http://www.w3.org/2004/02/skos/core#broader"
INVERSE: Final = "^"
_NAMED_IN_ERRORS_MAX = 5
_NO_TRIPLES = TERM_SCHEMA.empty_table()


def hierarchy_tables(
    tables: GraphTables,
    parent: str | Sequence[str] = BROADER,
    *,
    dag: bool = False,
    origin: Triples | None = None,
) -> GraphTables:
    """Add levels and parents to a knowledge graph.

    Args:
        tables: those of a knowledge graph.
        parent: the predicate that leads from a child to its parent, or several; ``^`` before one
            that leads from parent to child, as in ``"^skos:narrower"``.
        dag: whether a node may have several parents.
        origin: the triples that the tables are made of, to say where a wrong one is.

    Raises:
        InputError: where no triple has such a predicate, a node has several parents, or parents
            form a cycle, which the message names; with file and row of one of these triples where
            they are known.

    Example:
        >>> from graphray.kinds.knowledge import KnowledgeGraph
        >>> tables = KnowledgeGraph.from_triples([("berlin", "in", "germany")])
        >>> hierarchy_tables(tables, "in").nodes["entity"].to_pylist()
        [{'id': 'berlin', 'level': 1}, {'id': 'germany', 'level': 0}]
    """
    vocabulary = Vocabulary.from_rows(tables.nodes[VOCABULARY].to_pylist())
    named = [parent] if isinstance(parent, str) else list(parent)
    parents = tuple(_predicate(name, vocabulary) for name in named)
    numbering = _Numbering.of(tables)
    children, above = _parent_edges(tables, vocabulary, parents, numbering)
    report = _Report(numbering, origin or Triples(_NO_TRIPLES), parents)
    if not dag:
        _check_single_parents(children, above, report)
    levels = generations(children, above, len(numbering.ids))
    if (levels == UNPLACED).any():
        raise _cycle(children, above, levels, report)
    outside = np.ones(len(levels), bool)
    outside[children] = outside[above] = False
    nodes = dict(tables.nodes)
    for name, rows in numbering.rows_of.items():
        if not outside[rows].all():
            column = pa.array(levels[rows], pa.int32(), mask=outside[rows])
            nodes[name] = nodes[name].append_column(LEVEL, column)
    nodes[VOCABULARY] = replace(vocabulary, parents=parents).to_table()
    edges = {**tables.edges, **_parent_tables(children, above, numbering)}
    return GraphTables("hierarchical-knowledge", nodes, edges, lost=tables.lost)


@dataclass(frozen=True)
class _Numbering:
    """All resources in one sequence, type by type.

    Attributes:
        ids: their ids.
        rows_of: per node type its rows in ``ids``.
        type_of: integers, the position of each one's type in ``rows_of``.
    """

    ids: pa.Array
    rows_of: dict[str, slice]
    type_of: Ints

    @classmethod
    def of(cls, tables: GraphTables) -> _Numbering:
        names = [name for name in tables.nodes if name != VOCABULARY]
        sizes = [tables.nodes[name].num_rows for name in names]
        ends = np.cumsum(sizes).tolist()
        rows = {n: slice(end - size, end) for n, end, size in zip(names, ends, sizes, strict=True)}
        chunks = [chunk for name in names for chunk in tables.nodes[name]["id"].chunks]
        return cls(pa.concat_arrays(chunks), rows, np.repeat(np.arange(len(names)), sizes))

    def numbers(self, column: pa.ChunkedArray) -> Ints:
        """The position of every id of a column."""
        return pc.index_in(column, self.ids).to_numpy()


@dataclass(frozen=True)
class _Report:
    """What it takes to say which triples are wrong, and where they are.

    Attributes:
        numbering: the resources by number.
        origin: the triples as they were read.
        parents: the predicates that lead to parents.
    """

    numbering: _Numbering
    origin: Triples
    parents: Sequence[str]

    def listing(self, nodes: Sequence[int], between: str) -> str:
        """Nodes in words."""
        return between.join(repr(self._id(node)) for node in nodes)

    def error(self, message: str, child: int, parent: int) -> InputError:
        """The error about a triple between a child and its parent."""
        predicates = [iri.removeprefix(INVERSE) for iri in self.parents]
        return self.origin.problem(message, self._id(child), self._id(parent), predicates)

    def _id(self, node: int) -> str:
        return self.numbering.ids[node].as_py()


def _predicate(name: str, vocabulary: Vocabulary) -> str:
    """The IRI of a predicate that the graph has, after its ``^`` where it has one."""
    mark = INVERSE if name.startswith(INVERSE) else ""
    term = name.removeprefix(INVERSE)
    known = vocabulary.predicates
    iri = known.get(term, term)
    if iri not in known.values():
        iri = vocabulary.prefixes.expand(term)
    if iri not in known.values():
        raise InputError(
            f"no triple has the predicate {iri!r}, which was to lead to parents; there are: "
            f"{', '.join(known)}"
        )
    return mark + iri


def _parent_edges(
    tables: GraphTables, vocabulary: Vocabulary, parents: Sequence[str], numbering: _Numbering
) -> tuple[Ints, Ints]:
    """Child and parent of every distinct pair, in numbers."""
    pairs = [np.empty((2, 0), np.int64)]
    for relation, table in tables.edges.items():
        for name, part in by_predicate(relation, table).items():
            iri = vocabulary.predicates[name]
            ends = [numbering.numbers(part[end]) for end in ("src", "dst")]
            pairs += [np.stack(ends)] * (iri in parents)
            pairs += [np.stack(ends[::-1])] * (INVERSE + iri in parents)
    children, above = np.unique(np.concatenate(pairs, axis=1), axis=1)
    return children, above


def _check_single_parents(children: Ints, parents: Ints, report: _Report) -> None:
    found, counts = np.unique(children, return_counts=True)
    several = found[counts > 1].tolist()
    if not several:
        return
    its_parents = parents[children == several[0]].tolist()
    named = report.listing(its_parents[:_NAMED_IN_ERRORS_MAX], ", ")
    more = f"; {len(several) - 1} more have several too" if len(several) > 1 else ""
    raise report.error(
        f"{report.listing(several[:1], '')} has {len(its_parents)} parents: {named}{more}. In a "
        "forest a node has at most one; remove the others, or pass dag=True",
        several[0],
        its_parents[-1],
    )


def _cycle(
    children: Ints, parents: Ints, levels: npt.NDArray[np.int32], report: _Report
) -> InputError:
    cycle = some_cycle(children, parents, levels)
    if len(cycle) > 2 * _NAMED_IN_ERRORS_MAX:
        first, last = cycle[:_NAMED_IN_ERRORS_MAX], cycle[-_NAMED_IN_ERRORS_MAX:]
        between = f" -> ({len(cycle) - 2 * _NAMED_IN_ERRORS_MAX} more) -> "
        way = report.listing(first, " -> ") + between + report.listing(last, " -> ")
    else:
        way = report.listing(cycle, " -> ")
    return report.error(
        f"parents form a cycle: {way} -> {report.listing(cycle[:1], '')}; remove one of its "
        "triples, each of which leads from a child to its parent",
        cycle[0],
        cycle[1 % len(cycle)],
    )


def _parent_tables(
    children: Ints, parents: Ints, numbering: _Numbering
) -> dict[Relation, pa.Table]:
    """The edge table of the relation `PARENT` for each pair of node types."""
    names = list(numbering.rows_of)
    types = np.stack([numbering.type_of[children], numbering.type_of[parents]])
    pairs, group = np.unique(types, axis=1, return_inverse=True)
    tables = {}
    for number, (near, far) in enumerate(pairs.T.tolist()):
        at = np.flatnonzero(group.reshape(-1) == number)
        tables[Relation(names[near], PARENT, names[far])] = pa.table(
            {
                "src": numbering.ids.take(pa.array(children[at])),
                "dst": numbering.ids.take(pa.array(parents[at])),
            }
        )
    return tables
