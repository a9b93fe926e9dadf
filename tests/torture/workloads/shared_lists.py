"""Transactions over several lists, for the anomaly checker: they read all, and append to some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import graphray as gr
from tests.simulation.checkers.anomalies import check_transactions
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import History
from tests.torture.graph import SHARED_LISTS
from tests.torture.workloads.workload import read_list, write_list

if TYPE_CHECKING:
    from tests.torture.client import Client


class SharedLists:
    name = "shared lists"
    weight = 3

    def operate(self, client: Client) -> None:
        rng = client.rng
        keys = rng.sample(SHARED_LISTS, rng.randint(1, 3))
        appends = [("append", key, client.next_value()) for key in keys if rng.random() < 0.5]
        with (
            client.operation("transaction", "", appends) as operation,
            client.graph.transaction() as transaction,
        ):
            seen = {key: read_list(transaction, key) for key in keys}
            for _, key, value in appends:
                write_list(transaction, key, (*seen[key], value))
            reads: list[Any] = [("read", key, values) for key, values in seen.items()]
            operation.value = reads + appends

    def check(self, history: History, graph: gr.Graph) -> list[Violation]:
        reader = graph.read()
        final = {key: read_list(reader, key) for key in SHARED_LISTS}
        return check_transactions(history.operations, final)
