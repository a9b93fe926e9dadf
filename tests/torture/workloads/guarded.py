"""Writes under a lock, each of its fence, some of them after the lock may have lapsed.

Whoever was granted the lock later has the larger fence, so what strong reads show never decreases.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import graphray as gr
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import History
from tests.torture.graph import GUARDED
from tests.torture.workloads.workload import read_amounts, write_amounts

if TYPE_CHECKING:
    from tests.torture.client import Client, Pending

LOCK = "the lock"
TTL_S, WAIT_S = 1.0, 1.0


class Guarded:
    name = "guarded"
    weight = 1

    def operate(self, client: Client) -> None:
        if client.rng.random() < 0.5:
            with client.operation("peek", GUARDED) as peek:
                (peek.value,) = read_amounts(client.graph.read(), [GUARDED])
            return
        with client.operation("guard", GUARDED, 0) as guard:
            self._write_under_lock(client, guard)

    def check(self, history: History, graph: gr.Graph) -> list[Violation]:
        seen = [op for op in history.of_kind("guard", "peek") if op.done]
        (final,) = read_amounts(graph.read(), [GUARDED])
        largest = max((op.value for op in seen), default=0)
        found = []
        if final < largest:
            found.append(Violation("fencing", f"{final} in the end, after {largest}"))
        for peek in history.of_kind("peek"):
            before = [op.value for op in seen if op.completed_ms < peek.invoked_ms]
            if peek.done and peek.value < max(before, default=0):
                found.append(Violation("fencing", f"{peek.value} was read after {max(before)}"))
        return found

    def _write_under_lock(self, client: Client, guard: Pending) -> None:
        with client.graph.lock(LOCK, ttl=TTL_S, timeout=WAIT_S) as lock:
            guard.value = lock.fence
            with client.graph.transaction(locks=[lock]) as transaction:
                write_amounts(transaction, {GUARDED: lock.fence})
                time.sleep(client.rng.choice([0.0, 0.02, 0.2]))
