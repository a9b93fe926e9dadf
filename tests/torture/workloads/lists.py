"""Single lists: appended to by transactions that read them, and read at every level.

Strong reads have to be linearizable with the appends, and every session gets what the level of its
reads promises, also where tokens are handed over from other processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import graphray as gr
from tests.simulation.checkers.durability import check_nothing_lost
from tests.simulation.checkers.linearizability import Violation, check_linearizable
from tests.simulation.checkers.sessions import check_sessions
from tests.simulation.history import History, Operation
from tests.torture.graph import LISTS
from tests.torture.workloads.workload import read_list, write_list

if TYPE_CHECKING:
    from tests.torture.client import Client

LEVELS = ["strong", "strong", "causal", "session", "monotonic", "eventual"]
HANDED_OVER_SHARE = 0.3


class Lists:
    name = "lists"
    weight = 6

    def operate(self, client: Client) -> None:
        key = client.rng.choice(LISTS)
        if client.rng.random() < 0.5:
            self._append(client, key)
        else:
            self._read(client, key, client.rng.choice(LEVELS))

    def check(self, history: History, graph: gr.Graph) -> list[Violation]:
        ops = [op for op in history.of_kind("append", "read") if op.key in LISTS]
        reader = graph.read()
        final = {key: read_list(reader, key) for key in LISTS}
        strong = [op for op in ops if op.kind == "append" or op.level == "strong"]
        return [
            *check_nothing_lost(ops, {"the end": final}),
            *check_linearizable([*strong, *_last_reads(ops, final)]),
            *check_sessions([op for op in ops if not op.failed]),
        ]

    def _append(self, client: Client, key: str) -> None:
        value = client.next_value()
        with client.operation("append", key, value), client.graph.transaction() as transaction:
            write_list(transaction, key, (*read_list(transaction, key), value))

    def _read(self, client: Client, key: str, level: str) -> None:
        given = None
        if level == "causal" and client.rng.random() < HANDED_OVER_SHARE:
            given = client.given_token()
        after, token = given or (None, None)
        with client.operation("read", key, (), level, after) as read:
            read.value = read_list(client.graph.read(level, after=token), key)


def _last_reads(ops: list[Operation], final: dict[str, tuple[int, ...]]) -> list[Operation]:
    """The final lists as if somebody had read them after everything else."""
    end_ms = max((op.completed_ms for op in ops if op.done), default=0.0) + 1
    return [
        Operation("the end", "read", key, values, end_ms, completed_ms=end_ms, done=True)
        for key, values in final.items()
    ]
