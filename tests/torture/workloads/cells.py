"""Properties of nodes under the eventual strategy: anybody writes any of them, the last one wins.

A client's numbers rise, and a later write of a session has a later timestamp than its earlier ones.
So the value that stays is none that its own writer is known to have replaced, and a session never
reads one of its own that it has replaced. That replicas agree in the end is told by their digests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import graphray as gr
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import History, Operation
from tests.torture.graph import KEY, REGISTERS
from tests.torture.workloads.workload import read_amounts

if TYPE_CHECKING:
    from tests.torture.client import Client

LEVELS = ["causal", "session", "monotonic", "eventual"]
_SEES_OWN = {"causal", "session"}


class Cells:
    name = "cells"
    weight = 1

    def operate(self, client: Client) -> None:
        key = client.rng.choice(REGISTERS)
        if client.rng.random() < 0.5:
            value = client.next_value()
            with client.operation("set", key, value), client.graph.updates() as updates:
                updates.update_nodes(KEY, {"id": [key], "amount": [value]})
        else:
            level = client.rng.choice(LEVELS)
            with client.operation("get", key, 0, level) as get:
                (get.value,) = read_amounts(client.graph.read(level), [key])

    def check(self, history: History, graph: gr.Graph) -> list[Violation]:
        final = dict(zip(REGISTERS, read_amounts(graph.read("eventual"), REGISTERS), strict=True))
        found = []
        for key, value in final.items():
            sets = [op for op in history.of_kind("set") if op.key == key]
            found += _check_last(key, value, sets)
        return found + _check_own(history)


def _check_last(key: str, value: int, sets: list[Operation]) -> list[Violation]:
    if not value:
        acknowledged = [op.value for op in sets if op.done]
        return [Violation("nothing lost", f"{key} lacks {acknowledged}")] if acknowledged else []
    writer = next((op for op in sets if op.value == value and not op.failed), None)
    if writer is None:
        return [Violation("no invention", f"{key}: {value}")]
    later = [op.value for op in sets if op.session == writer.session and op.done]
    if later and max(later) > value:
        return [Violation("nothing lost", f"{key}: {value}, after {max(later)} of one session")]
    return []


def _check_own(history: History) -> list[Violation]:
    """Sessions that see what they have written see no earlier write of their own."""
    found = []
    own: dict[tuple[str, str], list[int]] = {}
    for op in history.of_kind("set", "get"):
        mine = own.setdefault((op.session, op.key), [])
        if op.kind == "set" and not op.failed:
            mine.append(op.value)
        elif op.kind == "get" and op.done and op.level in _SEES_OWN and mine:
            is_stale = not op.value or (op.value in mine and op.value != mine[-1])
            if is_stale:
                found.append(Violation("read your writes", f"{op.key}: {op.value}, after {mine}"))
    return found
