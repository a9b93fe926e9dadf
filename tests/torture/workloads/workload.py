"""What every workload is: operations for clients, and a check of what they did and saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import graphray as gr
from graphray.client.changes.cell_reader import CellReader
from graphray.client.changes.reader import Reader
from graphray.client.changes.transaction import Transaction
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import History
from tests.torture.graph import KEY

if TYPE_CHECKING:
    from tests.torture.client import Client


class Workload(Protocol):
    """One workload.

    Attributes:
        name: of the workload.
        weight: how often it is chosen, beside the others.
    """

    name: str
    weight: int

    def operate(self, client: Client) -> None:
        """Carry out one operation, or a few."""

    def check(self, history: History, graph: gr.Graph) -> list[Violation]:
        """Check the history, and what the graph holds once all is quiet."""


Reads = Transaction | Reader | CellReader
"""Whoever reads nodes and edges."""


def read_list(reads: Reads, key: str) -> tuple[int, ...]:
    """The list of a node."""
    (values,) = [list(row) for row in reads.nodes([key], KEY, ["values"])["values"]]
    return tuple(map(int, values))


def write_list(transaction: Transaction, key: str, values: tuple[int, ...]) -> None:
    """Replace the list of a node."""
    transaction.update_nodes(KEY, {"id": [key], "values": [list(values)]})


def read_amounts(reads: Reads, keys: list[str]) -> list[int]:
    """The amounts of nodes."""
    return [int(amount) for amount in reads.nodes(keys, KEY, ["amount"])["amount"]]


def write_amounts(transaction: Transaction, amounts: dict[str, int]) -> None:
    """Replace the amounts of nodes."""
    transaction.update_nodes(KEY, {"id": list(amounts), "amount": list(amounts.values())})
