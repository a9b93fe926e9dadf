"""Money is moved between accounts in two partitions, and is the same in sum at every moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import graphray as gr
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import History
from tests.torture.graph import ACCOUNTS, KEY
from tests.torture.workloads.workload import read_amounts, write_amounts

if TYPE_CHECKING:
    from tests.torture.client import Client


class Bank:
    name = "bank"
    weight = 3

    def operate(self, client: Client) -> None:
        chance = client.rng.random()
        if chance < 0.2:
            self._audit(client)
        elif chance < 0.3:
            self._audit_snapshot(client)
        else:
            self._transfer(client)

    def check(self, history: History, graph: gr.Graph) -> list[Violation]:
        found = [
            Violation("bank", f"{op.session} at {op.invoked_ms:.0f} ms counted {op.value}")
            for op in history.of_kind("audit")
            if op.done and op.value != 0
        ]
        final = dict(zip(ACCOUNTS, read_amounts(graph.read(), ACCOUNTS), strict=True))
        if sum(final.values()):
            found.append(Violation("bank", f"in the end the accounts are {final}"))
        return found

    def _transfer(self, client: Client) -> None:
        source, target = client.rng.sample(ACCOUNTS, 2)
        amount = client.rng.randint(1, 9)
        with (
            client.operation("transfer", "", [source, target, amount]),
            client.graph.transaction() as transaction,
        ):
            before = read_amounts(transaction, [source, target])
            write_amounts(transaction, {source: before[0] - amount, target: before[1] + amount})

    def _audit(self, client: Client) -> None:
        """A transaction that only reads, which its commit validates as it does any other."""
        with client.operation("audit", "") as operation, client.graph.transaction() as transaction:
            operation.value = sum(read_amounts(transaction, ACCOUNTS))

    def _audit_snapshot(self, client: Client) -> None:
        with client.operation("audit", "") as operation, client.graph.snapshot() as state:
            operation.value = int(state.features(ACCOUNTS, "amount", KEY).sum())
