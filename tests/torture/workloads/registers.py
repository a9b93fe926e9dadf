"""Single values, overwritten blindly and read at level strong: linearizable registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import graphray as gr
from tests.simulation.checkers.linearizability import Violation, check_linearizable
from tests.simulation.history import History, Operation
from tests.torture.graph import REGISTERS
from tests.torture.workloads.workload import read_amounts, write_amounts

if TYPE_CHECKING:
    from tests.torture.client import Client


class Registers:
    name = "registers"
    weight = 4

    def operate(self, client: Client) -> None:
        key = client.rng.choice(REGISTERS)
        if client.rng.random() < 0.5:
            value = client.next_value()
            with client.operation("write", key, value), client.graph.transaction() as transaction:
                write_amounts(transaction, {key: value})
        else:
            with client.operation("read", key) as read:
                read.value = tuple(read_amounts(client.graph.read(), [key]))

    def check(self, history: History, graph: gr.Graph) -> list[Violation]:
        ops = [op for op in history.of_kind("write", "read") if op.key in REGISTERS]
        end_ms = max((op.completed_ms for op in ops if op.done), default=0.0) + 1
        for key, value in zip(REGISTERS, read_amounts(graph.read(), REGISTERS), strict=True):
            ops.append(Operation("the end", "read", key, (value,), end_ms, "strong", end_ms, True))
        return check_linearizable(ops, register_step, (0,))


def register_step(state: tuple[int, ...], operation: Operation) -> tuple[bool, tuple[int, ...]]:
    """The sequential model: a write always fits, a read returns the last one."""
    if operation.kind == "write":
        return True, (operation.value,)
    return operation.value == state, state
