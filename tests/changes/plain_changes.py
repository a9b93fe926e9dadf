"""Random transactions on a `PlainGraph`, and the same as changes of its partitions."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.changes.keys import home_parts
from graphray.changes.payload import (
    AddedEdges,
    AddedNodes,
    DeletedEdges,
    PartitionChange,
    UpdatedEdges,
    UpdatedNodes,
)
from graphray.changes.plain_arrays import no_columns
from graphray.ids import as_user_ids
from tests.changes.plain_graph import KNOWS, PARTS, READS, SCHEMA, TYPES, PlainEdge, PlainGraph
from tests.changes.plain_graph import PlainNode as Node

Entry = tuple[Any, ...]


class PlainTransactions:
    """Makes transactions; each method changes the graph and returns every partition's change."""

    def __init__(self, graph: PlainGraph, rng: random.Random) -> None:
        self.graph = graph
        self._rng = rng
        self._count = 0
        self._next_node = {t: max(nodes, default=-1) + 1 for t, nodes in graph.nodes.items()}
        self._next_edge = {r: max(edges, default=-1) + 1 for r, edges in graph.edges.items()}

    def random(self) -> dict[int, PartitionChange]:
        """One transaction of up to a handful of steps of one kind each."""
        self._count += 1
        before = self.graph.copy()
        updates: dict[Any, dict[str, Any]] = {}
        if self._rng.random() < 0.4:
            self._delete()
        if self._rng.random() < 0.7:
            self._add()
        if self._rng.random() < 0.5:
            updates = self._update()
        return {part: self._change(before, updates, part) for part in range(PARTS)}

    # --- steps ------------------------------------------------------------------------------------

    def _delete(self) -> None:
        for edges in self.graph.edges.values():
            for edge_id in self._some(list(edges), 2):
                del edges[edge_id]
        if self._rng.random() < 0.5:
            node_type = self._rng.choice(SCHEMA.node_type_names)
            for stable in self._some(list(self.graph.nodes[node_type]), 1):
                del self.graph.nodes[node_type][stable]
                self._cascade(node_type, stable)

    def _cascade(self, node_type: str, stable: int) -> None:
        for relation, edges in self.graph.edges.items():
            for edge_id, edge in list(edges.items()):
                is_source = relation.source == node_type and edge.source == stable
                is_destination = relation.destination == node_type and edge.destination == stable
                if is_source or is_destination:
                    del edges[edge_id]

    def _add(self) -> None:
        for kind in SCHEMA.node_types:
            for _ in range(self._rng.randrange(3)):
                number = self._rng.randrange(12)
                id_ = f"p{number}" if kind.id_kind == "string" else number
                if any(node.id == id_ for node in self.graph.nodes[kind.name].values()):
                    continue
                stable = self._next_node[kind.name]
                self._next_node[kind.name] += 1
                home = home_part(id_, kind.id_kind)
                columns = {c.name: self._value(c.name) for c in kind.columns}
                self.graph.nodes[kind.name][stable] = Node(home, stable, id_, columns)
        for kind in SCHEMA.relations:
            sources = list(self.graph.nodes[kind.relation.source])
            destinations = list(self.graph.nodes[kind.relation.destination])
            for _ in range(self._rng.randrange(4) if sources and destinations else 0):
                edge_id = self._next_edge[kind.relation]
                self._next_edge[kind.relation] += 1
                ends = self._rng.choice(sources), self._rng.choice(destinations)
                columns = {c.name: self._value(c.name) for c in kind.columns}
                self.graph.edges[kind.relation][edge_id] = PlainEdge(*ends, columns)

    def _update(self) -> dict[Any, dict[str, Any]]:
        """New values by (node type or relation, stable or edge id)."""
        updates: dict[Any, dict[str, Any]] = {}
        for owner, things in [*self.graph.nodes.items(), *self.graph.edges.items()]:
            kind: Any = (
                SCHEMA.node_type(owner) if isinstance(owner, str) else SCHEMA.relation_type(owner)
            )
            names = [c.name for c in kind.columns]
            if names:
                chosen = self._rng.sample(names, self._rng.randint(1, len(names)))
                for key in self._some(list(things), 3):
                    values = {name: self._value(name) for name in chosen}
                    things[key].columns.update(values)
                    updates[owner, key] = values
        return updates

    def _value(self, column: str) -> Any:
        number = self._rng.randrange(5)
        if number == 0:
            return None
        return {
            "age": number,
            "name": "n" * number,
            "pages": [number, -number],
            "stars": number,
            "note": f"note {number}",
        }[column]

    def _some(self, choices: list[Any], count_max: int) -> list[Any]:
        return self._rng.sample(choices, min(len(choices), self._rng.randint(0, count_max)))

    # --- as changes -------------------------------------------------------------------------------

    def _change(
        self, before: PlainGraph, updates: dict[Any, dict[str, Any]], part: int
    ) -> PartitionChange:
        change: dict[str, dict[Any, Any]] = {
            name: {}
            for name in (
                *("add_nodes", "void_ids", "delete_nodes", "update_nodes"),
                *("add_edges", "delete_edges", "update_edges"),
            )
        }
        for kind in SCHEMA.node_types:
            self._node_change(before, updates, part, kind, change)
        for name in SCHEMA.adjacencies:
            self._edge_change(before.entries(*name, part), updates, part, name, change)
        return PartitionChange(f"t{self._count}", **change)

    def _node_change(
        self, before: PlainGraph, updates: Any, part: int, kind: Any, change: Any
    ) -> None:
        old, new = before.nodes[kind.name], self.graph.nodes[kind.name]
        names = [c.name for c in kind.columns]
        added = [n for s, n in new.items() if s not in old and n.part == part]
        gone = [n for s, n in old.items() if s not in new]
        if added:
            change["add_nodes"][kind.name] = AddedNodes(
                _ints(n.stable for n in added),
                as_user_ids([n.id for n in added], kind.id_kind),
                _batch([n.columns for n in added], names),
            )
        own = [n.stable for n in gone if n.part == part]
        if own:
            change["delete_nodes"][kind.name] = _ints(own)
        void = [
            n.id for n in gone if home_parts(as_user_ids([n.id], kind.id_kind), PARTS)[0] == part
        ]
        if void:
            change["void_ids"][kind.name] = as_user_ids(void, kind.id_kind)
        keys = [s for (o, s) in updates if o == kind.name and new[s].part == part]
        if keys:
            values = [updates[kind.name, s] for s in keys]
            change["update_nodes"][kind.name] = UpdatedNodes(
                _ints(keys), _batch(values, list(values[0]))
            )

    def _edge_change(
        self, old: list[Entry], updates: Any, part: int, name: Any, change: Any
    ) -> None:
        new = self.graph.entries(*name, part)
        held, stays = {(e[0], e[2]) for e in old}, {(e[0], e[2]) for e in new}
        names = [c.name for c in SCHEMA.relation_type(name[0]).columns]
        added = [e for e in new if (e[0], e[2]) not in held]
        self._rng.shuffle(added)
        if added:
            far_kind = SCHEMA.node_type(name[0].far_type(name[1])).id_kind
            change["add_edges"][name] = AddedEdges(
                _ints(e[0] for e in added),
                np.array([e[3] for e in added], np.int32),
                _ints(e[1] for e in added),
                as_user_ids([e[4] for e in added], far_kind),
                _ints(e[2] for e in added),
                _batch([e[5] for e in added], names),
            )
        gone = [e for e in old if (e[0], e[2]) not in stays]
        if gone:
            change["delete_edges"][name] = DeletedEdges(
                _ints(e[0] for e in gone), _ints(e[2] for e in gone)
            )
        changed = [e for e in new if (name[0], e[2]) in updates]
        if changed:
            values = [updates[name[0], e[2]] for e in changed]
            change["update_edges"][name] = UpdatedEdges(
                _ints(e[0] for e in changed),
                _ints(e[2] for e in changed),
                _batch(values, list(values[0])),
            )


def home_part(id_: Any, id_kind: Any) -> int:
    """The partition that an id is at home in."""
    return int(home_parts(as_user_ids([id_], id_kind), PARTS)[0])


def first_graph(rng: random.Random) -> PlainGraph:
    """A small graph whose nodes are dealt out at random, as a partitioner might."""
    graph = PlainGraph()
    for kind in SCHEMA.node_types:
        for stable in range(6):
            id_ = f"p{stable}" if kind.id_kind == "string" else stable
            columns = dict.fromkeys((c.name for c in kind.columns), None)
            graph.nodes[kind.name][stable] = Node(rng.randrange(PARTS), stable, id_, columns)
    for edge_id in range(10):
        ends = rng.randrange(6), rng.randrange(6)
        graph.edges[READS][edge_id] = PlainEdge(*ends, {"stars": edge_id, "note": None})
        graph.edges[KNOWS][edge_id] = PlainEdge(rng.randrange(6), rng.randrange(6), {})
    return graph


def _ints(values: Any) -> Any:
    return np.array(list(values), np.int64)


def _batch(rows: list[dict[str, Any]], names: list[str]) -> pa.RecordBatch:
    if not names:
        return no_columns()
    return pa.record_batch({n: pa.array([row[n] for row in rows], TYPES[n]) for n in names})
