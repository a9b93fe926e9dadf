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
from graphray.kinds.vocabulary import LEVEL, PARENT, VOCABULARY, Vocabulary
from graphray.schema import Relation

Ints = npt.NDArray[Any]

BROADER: Final = "http://www.w3.org/2004/02/skos/core#broader"
INVERSE: Final = "^"
_NAMED_IN_ERRORS_MAX = 5


def hierarchy_tables(
    tables: GraphTables, parent: str | Sequence[str] = BROADER, *, dag: bool = False
) -> GraphTables:
    """Add levels and parents to a knowledge graph.

    Args:
        tables: those of a knowledge graph.
        parent: the predicate that leads from a child to its parent, or several; ``^`` before one
            that leads from parent to child, as in ``"^skos:narrower"``.
        dag: whether a node may have several parents.

    Raises:
        InputError: where no triple has such a predicate, a node has several parents, or parents
            form a cycle, which the message names.

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
    if not dag:
        _check_single_parents(children, above, numbering)
    levels = generations(children, above, len(numbering.ids))
    if (levels == UNPLACED).any():
        raise _cycle(children, above, levels, numbering)
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

    def listing(self, nodes: Sequence[int], between: str) -> str:
        """Nodes in words."""
        return between.join(repr(self.ids[node].as_py()) for node in nodes)


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


def _check_single_parents(children: Ints, parents: Ints, numbering: _Numbering) -> None:
    found, counts = np.unique(children, return_counts=True)
    several = found[counts > 1]
    if len(several) == 0:
        return
    named = parents[children == several[0]][:_NAMED_IN_ERRORS_MAX].tolist()
    more = f"; {len(several) - 1} more have several too" if len(several) > 1 else ""
    raise InputError(
        f"{numbering.listing(several[:1].tolist(), '')} has {counts[counts > 1][0]} parents: "
        f"{numbering.listing(named, ', ')}{more}. In a forest a node has at most one; remove the "
        "others, or pass dag=True"
    )


def _cycle(
    children: Ints, parents: Ints, levels: npt.NDArray[np.int32], numbering: _Numbering
) -> InputError:
    cycle = some_cycle(children, parents, levels)
    if len(cycle) > 2 * _NAMED_IN_ERRORS_MAX:
        first, last = cycle[:_NAMED_IN_ERRORS_MAX], cycle[-_NAMED_IN_ERRORS_MAX:]
        between = f" -> ({len(cycle) - 2 * _NAMED_IN_ERRORS_MAX} more) -> "
        way = numbering.listing(first, " -> ") + between + numbering.listing(last, " -> ")
    else:
        way = numbering.listing(cycle, " -> ")
    return InputError(
        f"parents form a cycle: {way} -> {numbering.listing(cycle[:1], '')}; remove one of its "
        "triples, each of which leads from a child to its parent"
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
