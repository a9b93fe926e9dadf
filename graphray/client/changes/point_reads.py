"""Looking single nodes and edges of a running graph up, at whatever level of consistency.

A node that is in the mapped base is asked of its owner at once: one call. Only where the owner does
not have it, and for nodes of which the base does not know, the home of the id is asked first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.changes.coverage import edge_column_tag, node_column_tag
from graphray.changes.queries import Nodes, Question, ReadNodes, ReadRows, Rows
from graphray.client.changes.joined_answers import join_nodes, join_rows
from graphray.client.changes.places import BasePlaces, NodePlaces, by_part, located, pick_ids
from graphray.client.changes.questions import Asks
from graphray.errors import NodeNotFound
from graphray.ids import UserIds, as_user_ids
from graphray.reading.column_values import Values, column_values
from graphray.reading.gather import to_numpy
from graphray.schema import Column, Direction, GraphSchema, RelationType, require_column
from graphray.shard import EDGE, as_shard_array

_NAMED_IN_ERRORS_MAX = 5

Ints = npt.NDArray[np.int64]
RelationName = tuple[str, str, str] | str
Ask = Callable[[Ints], Question]
"""The question about nodes of those stable ids."""


class PointReads:
    """Reads of nodes and edges by id.

    Args:
        schema: the graph's.
        parts: the number of partitions.
        base: what is known without asking.
        asks: whom to ask for the rest.
    """

    def __init__(self, schema: GraphSchema, parts: int, base: BasePlaces, asks: Asks) -> None:
        self._schema = schema
        self._parts = parts
        self._base = base
        self._asks = asks

    def exists(self, ids: Any, node_type: str | None = None) -> npt.NDArray[np.bool_]:
        """Which of these nodes there are, ``bool[n]``."""
        kind = self._node_type(node_type, "exists")
        asked = self._ids(ids, kind)
        pieces = self._at_owners(kind, asked, lambda stable: ReadNodes(kind, stable))
        found, _ = join_nodes(len(asked), [(rows, _nodes(answer)) for rows, answer in pieces])
        return found

    def nodes(
        self, ids: Any, node_type: str | None = None, columns: Sequence[str] | None = None
    ) -> dict[str, Values]:
        """Properties of nodes, each column aligned with ``ids``.

        Args:
            ids: users' ids, one or several.
            node_type: may be left out where the graph has one.
            columns: which properties; None for all.

        Raises:
            NodeNotFound: naming ids that are not there.
            ColumnNotFound: where the node type has no such column.
        """
        kind, asked = self._asked(ids, node_type, "nodes")
        known = self._schema.node_type(kind).columns
        words = _words(known, columns, f"node type {kind!r}")
        names = tuple(words)
        tags = frozenset(node_column_tag(kind, name) for name in names)
        pieces = self._at_owners(kind, asked, lambda stable: ReadNodes(kind, stable, names), tags)
        found, rows = join_nodes(len(asked), [(at, _nodes(answer)) for at, answer in pieces])
        require_found(kind, asked, found)
        return {c: column_values(as_shard_array(rows.column(c)), words[c]) for c in names}

    def neighbors(
        self,
        node_id: int | str,
        relation: RelationName | None = None,
        *,
        direction: Direction = "out",
    ) -> npt.NDArray[Any]:
        """The ids of a node's neighbours along one relation, in canonical order.

        Raises:
            NodeNotFound: where there is no such node.
        """
        kind = self.relation(relation)
        asked = self._ids(node_id, kind.relation.near_type(direction))
        return to_numpy(self.rows(kind, direction, asked).far_ids)

    def degree(
        self, ids: Any, relation: RelationName | None = None, *, direction: Direction = "out"
    ) -> Ints:
        """How many edges of a relation nodes have, ``int64[n]``.

        Raises:
            NodeNotFound: naming ids that are not there.
        """
        kind = self.relation(relation)
        asked = self._ids(ids, kind.relation.near_type(direction))
        return np.diff(self.rows(kind, direction, asked).offsets)

    def edges(
        self,
        ids: Any,
        relation: RelationName | None = None,
        *,
        direction: Direction = "out",
        columns: Sequence[str] | None = None,
    ) -> dict[str, Values]:
        """The edges of nodes along one relation: ``src``, ``dst``, ``@edge``, then properties.

        Args:
            ids: the nodes where the edges start (or, for "in", end).
            relation: may be left out where the graph has one.
            direction: see `graphray.Graph.neighbors`.
            columns: which properties; None for all.

        Raises:
            NodeNotFound: naming ids that are not there.
            ColumnNotFound: where the relation has no such column.
        """
        kind = self.relation(relation)
        words = _words(kind.columns, columns, f"relation {kind.relation}")
        asked = self._ids(ids, kind.relation.near_type(direction))
        rows = self.rows(kind, direction, asked, tuple(words))
        near = to_numpy(pick_ids(asked, np.repeat(np.arange(len(asked)), np.diff(rows.offsets))))
        far = to_numpy(rows.far_ids)
        ends = {"src": near, "dst": far} if direction == "out" else {"src": far, "dst": near}
        properties = {
            c: column_values(as_shard_array(rows.columns.column(c)), words[c]) for c in words
        }
        return {**ends, EDGE: rows.edge, **properties}

    def rows(
        self,
        kind: RelationType,
        direction: Direction,
        ids: UserIds,
        columns: tuple[str, ...] = (),
    ) -> Rows:
        """The adjacency rows of nodes.

        Raises:
            NodeNotFound: naming ids that are not there.
        """
        relation, stored = kind.relation, kind.stored_direction(direction)
        near = relation.near_type(direction)
        tags = frozenset(edge_column_tag(relation, column) for column in columns)
        pieces = self._at_owners(
            near, ids, lambda stable: ReadRows(relation, stored, stable, columns), tags
        )
        rows = join_rows(len(ids), [(at, _rows(answer)) for at, answer in pieces])
        require_found(near, ids, rows.exists)
        return rows

    def _at_owners(
        self, node_type: str, ids: UserIds, question: Ask, tags: frozenset[str] = frozenset()
    ) -> list[tuple[Ints, Any]]:
        """What the owners of nodes say, and about which of the ids."""
        places = self._base.find(node_type, ids)
        guessed = ~places.missing
        if guessed.all():
            pieces = self._ask(places, np.arange(len(ids)), question, tags)
        else:
            self._locate(node_type, ids, places, (~guessed).nonzero()[0])
            pieces = self._ask(places, (~places.missing).nonzero()[0], question, tags)
        if len(pieces) == 1 and pieces[0][1].exists.all():
            return pieces
        # What the base knew and its owner does not may have been added anew, elsewhere.
        gone = [rows[~answer.exists] for rows, answer in pieces]
        again = np.concatenate([np.empty(0, np.int64), *gone])
        again = again[guessed[again]]
        if len(again):
            self._locate(node_type, ids, places, again)
            pieces += self._ask(places, again[~places.missing[again]], question, tags)
        return pieces

    def _locate(self, node_type: str, ids: UserIds, places: NodePlaces, rows: Ints) -> None:
        places.put(rows, located(self._asks, self._parts, node_type, pick_ids(ids, rows)))

    def _ask(
        self, places: NodePlaces, rows: Ints, question: Ask, tags: frozenset[str]
    ) -> list[tuple[Ints, Any]]:
        groups = {part: rows[at] for part, at in by_part(places.part[rows]).items()}
        questions = {part: question(places.stable[at]) for part, at in groups.items()}
        answers = self._asks.ask(questions, tags) if questions else {}
        return [(groups[part], answer) for part, answer in answers.items()]

    def _asked(self, ids: Any, node_type: str | None, purpose: str) -> tuple[str, UserIds]:
        kind = self._node_type(node_type, purpose)
        return kind, self._ids(ids, kind)

    def _node_type(self, node_type: str | None, purpose: str) -> str:
        if node_type is None:
            return self._schema.only_node_type(purpose).name
        return self._schema.node_type(node_type).name

    def _ids(self, ids: Any, node_type: str) -> UserIds:
        return as_user_ids(ids, self._schema.node_type(node_type).id_kind)

    def relation(self, relation: RelationName | None) -> RelationType:
        """The relation that is meant; where the graph has one, it need not be named."""
        if relation is None and len(self._schema.relations) == 1:
            return self._schema.relations[0]
        return self._schema.relation_type("" if relation is None else relation)


def require_found(
    node_type: str, ids: UserIds, found: npt.NDArray[np.bool_], where: str = ""
) -> None:
    """Raise NodeNotFound where nodes are not there, naming the first of them.

    Args:
        node_type: of the nodes.
        ids: users' ids.
        found: ``bool[n]``, whether each is there.
        where: what names them, to begin the message with.
    """
    if found.all():
        return
    missing = np.flatnonzero(~found)
    named = pick_ids(ids, missing[:_NAMED_IN_ERRORS_MAX]).tolist()
    more = len(missing) - len(named)
    raise NodeNotFound(
        f"{where}{len(missing)} of {len(found)} ids are no nodes of type {node_type!r}: "
        f"{', '.join(map(repr, named))}{f' and {more} more' if more else ''}",
        node_type=node_type,
        ids=named,
    )


def _words(known: Sequence[Column], columns: Sequence[str] | None, owner: str) -> dict[str, str]:
    """The types of the columns that are asked for."""
    names = [c.name for c in known] if columns is None else columns
    return {name: require_column(known, name, owner).dtype for name in names}


def _nodes(answer: Any) -> Nodes:
    assert isinstance(answer, Nodes)
    return answer


def _rows(answer: Any) -> Rows:
    assert isinstance(answer, Rows)
    return answer
