"""Transactional anomalies: cycles among transactions that cannot all have come before each other.

Over lists to which every value is appended once, reads give the order of writes away, and from it
follow the dependencies between transactions (Adya, Liskov, O'Neil, "Generalized Isolation Level
Definitions", ICDE 2000; found in this way by Elle: Kingsbury and Alvaro, VLDB 2020):

- *ww*: one appended right before the other to the same key;
- *wr*: one read a list that ends with what the other appended;
- *rw*: one read a list that lacks what the other appended next;
- *time*: one had ended before the other began.

A cycle means that no serial order exists; its edges say which anomaly it is. Apart from cycles:
reading what was aborted (G1a), reading the middle of a transaction (G1b), a transaction that is
shown in parts, a read that contradicts the transaction's own writes, and lists that disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import networkx as nx

from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import Operation

Micro = tuple[str, str, object]
"""``("append", key, value)`` or ``("read", key, values)``."""


def check_transactions(
    operations: Iterable[Operation], final: Mapping[str, tuple[int, ...]]
) -> list[Violation]:
    """Check for strict serializability.

    Args:
        operations: of kind "transaction"; their values are lists of `Micro`.
        final: the lists in the end, by key.
    """
    ops = [op for op in operations if op.kind == "transaction"]
    orders, found = _version_orders(ops, final)
    writers = {(key, value): op for op in ops for kind, key, value in op.value if kind == "append"}
    found += _check_aborted_and_partial(ops, orders, writers)
    seen = [op for op in ops if op.done or _is_shown(op, orders)]
    graph = _dependencies(seen, orders, writers)
    for component in nx.strongly_connected_components(graph):
        if len(component) > 1:
            found.append(_describe_cycle(graph.subgraph(component), ops))
    return found


def _version_orders(
    ops: list[Operation], final: Mapping[str, tuple[int, ...]]
) -> tuple[dict[str, tuple[int, ...]], list[Violation]]:
    """The order of appends by key: the longest list that anybody saw."""
    orders = dict(final)
    found = []
    for op in ops:
        for kind, key, values in op.value if op.done else ():
            if kind != "read":
                continue
            order = orders.setdefault(key, values)
            longer, shorter = sorted((order, values), key=len, reverse=True)
            if longer[: len(shorter)] != shorter:
                found.append(Violation("lists agree", f"{key}: {values} and {order}"))
            orders[key] = longer
    for key, order in orders.items():
        if len(set(order)) != len(order):
            found.append(Violation("applied once", f"{key}: {order}"))
    return orders, found


def _is_shown(op: Operation, orders: Mapping[str, tuple[int, ...]]) -> bool:
    return any(v in orders.get(key, ()) for kind, key, v in op.value if kind == "append")


def _check_aborted_and_partial(
    ops: list[Operation],
    orders: Mapping[str, tuple[int, ...]],
    writers: Mapping[tuple[str, object], Operation],
) -> list[Violation]:
    found = []
    for op in ops:
        appends = [(key, value) for kind, key, value in op.value if kind == "append"]
        shown = [(key, value) for key, value in appends if value in orders.get(key, ())]
        if op.failed and shown:
            found.append(Violation("G1a aborted read", f"{op.session}: {shown}"))
        if op.done and len(shown) < len(appends):
            lost = sorted(set(appends) - set(shown))
            found.append(Violation("nothing lost", f"{op.session} committed, but lost {lost}"))
        if shown and len(shown) < len(appends):
            found.append(Violation("all or nothing", f"{op.session}: only {shown} of {appends}"))
    for key, order in orders.items():
        invented = [value for value in order if (key, value) not in writers]
        if invented:
            found.append(Violation("no invention", f"{key}: {invented}"))
    for op in ops:
        for kind, key, values in op.value if op.done else ():
            if kind == "read" and values and _is_in_the_middle(writers, op, key, values):
                found.append(Violation("G1b intermediate read", f"{op.session}: {key} {values}"))
    return found


def _is_in_the_middle(
    writers: Mapping[tuple[str, object], Operation],
    op: Operation,
    key: str,
    values: tuple[int, ...],
) -> bool:
    writer = writers.get((key, values[-1]))
    if writer is None or writer is op:
        return False
    last = [value for kind, k, value in writer.value if kind == "append" and k == key][-1]
    return values[-1] != last


def _dependencies(
    ops: list[Operation],
    orders: Mapping[str, tuple[int, ...]],
    writers: Mapping[tuple[str, object], Operation],
) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(id(op) for op in ops)

    def depends(earlier: Operation | None, later: Operation | None, why: str) -> None:
        if earlier is not None and later is not None and earlier is not later:
            if graph.has_edge(id(earlier), id(later)):
                graph.edges[id(earlier), id(later)]["why"].add(why)
            else:
                graph.add_edge(id(earlier), id(later), why={why})

    for key, order in orders.items():
        for one, other in pairwise(order):
            depends(writers.get((key, one)), writers.get((key, other)), f"ww {key}")
    for op in ops:
        for kind, key, values in op.value if op.done else ():
            if kind == "read":
                if values:
                    depends(writers.get((key, values[-1])), op, f"wr {key}")
                following = orders[key][len(values) : len(values) + 1]
                if following:
                    depends(op, writers.get((key, following[0])), f"rw {key}")
    for earlier, later in _time_edges(ops):
        depends(earlier, later, "time")
    return graph


def _time_edges(ops: list[Operation]) -> Iterable[tuple[Operation, Operation]]:
    """Who had ended before whom began; what follows from others is left out."""
    begun = sorted(ops, key=lambda op: op.invoked_ms)
    for later in begun:
        ended = [op for op in begun if op.completed_ms < later.invoked_ms]
        newest_start = max((op.invoked_ms for op in ended), default=0.0)
        for earlier in ended:
            # An operation that ended before the newest of these began is reached through it.
            if earlier.completed_ms >= newest_start:
                yield earlier, later


def _describe_cycle(component: nx.DiGraph, ops: list[Operation]) -> Violation:
    by_id = {id(op): op for op in ops}
    cycle = nx.find_cycle(component)
    kinds: list[str] = []
    told = []
    for one, other in cycle:
        why = sorted(component.edges[one, other]["why"])
        kinds.append(why[-1].split()[0] if "time" not in why or len(why) > 1 else "time")
        told.append(f"{by_id[one].session} -{'/'.join(why)}-> {by_id[other].session}")
    return Violation(_name(kinds), "; ".join(told))


def _name(kinds: list[str]) -> str:
    """What Adya calls a cycle of these edges."""
    antidependencies = kinds.count("rw")
    in_time = " in real time" if "time" in kinds else ""
    if antidependencies == 0:
        return ("G1c circular information flow" if "wr" in kinds else "G0 write cycle") + in_time
    if antidependencies == 1:
        return "G-single read skew" + in_time
    return "G2 write skew" + in_time
