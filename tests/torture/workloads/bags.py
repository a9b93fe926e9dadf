"""Bags: edges added blindly to a few nodes, each with a value of its own, across partitions.

Such transactions do not conflict, so many are under way at once. Every acknowledged edge is there
once, at both of its ends.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import graphray as gr
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import History, Operation
from tests.torture.graph import BAGS, ENTRY, ITEMS
from tests.torture.workloads.workload import Reads

if TYPE_CHECKING:
    from tests.torture.client import Client

EDGES_PER_WRITE = 4


class Bags:
    name = "bags"
    weight = 4

    def operate(self, client: Client) -> None:
        key = client.rng.choice(BAGS)
        if client.rng.random() < 0.8:
            self._put(client, key)
        else:
            with client.operation("look", key) as look:
                look.value = sorted(contents(client.graph.read(), key))

    def check(self, history: History, graph: gr.Graph) -> list[Violation]:
        reader = graph.read()
        found = []
        for key in BAGS:
            held = contents(reader, key)
            found += _check_bag(key, held, history)
        return found + _check_both_ends(reader)

    def _put(self, client: Client, key: str) -> None:
        values = [client.next_value() for _ in range(EDGES_PER_WRITE)]
        ends = client.rng.choices(ITEMS, k=EDGES_PER_WRITE)
        with client.operation("put", key, values), client.graph.transaction() as transaction:
            transaction.add_edges(ENTRY, {"src": [key] * len(values), "dst": ends, "value": values})


def contents(reads: Reads, key: str) -> list[int]:
    """The values of a node's edges."""
    return [int(v) for v in reads.edges([key], ENTRY, columns=["value"])["value"]]


def _check_bag(key: str, held: list[int], history: History) -> list[Violation]:
    found = []
    puts = [op for op in history.of_kind("put") if op.key == key]
    doubled = [value for value, count in Counter(held).items() if count > 1]
    if doubled:
        found.append(Violation("applied once", f"{key}: {doubled}"))
    possible = {value for op in puts if not op.failed for value in op.value}
    if not set(held) <= possible:
        found.append(Violation("no invention", f"{key}: {sorted(set(held) - possible)}"))
    for op in puts:
        shown = set(op.value) & set(held)
        if op.done and len(shown) < len(op.value):
            found.append(Violation("nothing lost", f"{key} lacks some of {op.value}"))
        elif shown and len(shown) < len(op.value):
            found.append(Violation("all or nothing", f"{key}: only {shown} of {op.value}"))
    for look in history.of_kind("look"):
        if look.key == key and look.done:
            found += _check_look(look.session, set(look.value), look.invoked_ms, puts)
    return found


def _check_look(
    session: str, shown: set[int], invoked_ms: float, puts: list[Operation]
) -> list[Violation]:
    """A strong look shows all that had been acknowledged before it began."""
    before = {v for op in puts if op.completed_ms < invoked_ms for v in op.value}
    missing = sorted(before - shown)
    return [Violation("stale read", f"{session}, lacks {missing[:8]}")] if missing else []


def _check_both_ends(reader: Reads) -> list[Violation]:
    """Each edge is in the rows of both of its ends, under one id and with the same value."""
    out = reader.edges(BAGS, ENTRY, columns=["value"])
    into = reader.edges(ITEMS, ENTRY, direction="in", columns=["value"])
    rows = [
        Counter(zip(*(side[c].tolist() for c in ("src", "dst", "@edge", "value")), strict=True))
        for side in (out, into)
    ]
    one_sided = (rows[0] - rows[1]) + (rows[1] - rows[0])
    return [Violation("both ends", f"{row} is at one end only") for row in list(one_sided)[:5]]
