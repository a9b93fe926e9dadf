"""Nodes come and go, each with an edge to a hub that has to come and go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import graphray as gr
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import History, Operation
from tests.torture.graph import ENTRY, HUBS, KEY

if TYPE_CHECKING:
    from tests.torture.client import Client


class Growth:
    name = "growth"
    weight = 2

    def __init__(self) -> None:
        self._own: list[str] = []

    def operate(self, client: Client) -> None:
        chance = client.rng.random()
        if chance < 0.1:
            self._survey(client)
        elif self._own and chance < 0.4:
            self._delete(client, self._own.pop(client.rng.randrange(len(self._own))))
        else:
            self._add(client)

    def check(self, history: History, graph: gr.Graph) -> list[Violation]:
        added = {op.key: op for op in history.of_kind("add")}
        deleted = {op.key: op for op in history.of_kind("delete")}
        reader = graph.read()
        there = np.array([], bool)
        if added:
            there = reader.exists(list(added), KEY)
        linked = set(reader.edges(HUBS, ENTRY, direction="in", columns=[])["src"].tolist())
        found = []
        for key, exists in zip(added, there.tolist(), strict=True):
            found += _check_node(key, exists, key in linked, added[key], deleted.get(key))
        for survey in history.of_kind("survey"):
            if survey.done:
                found += _check_survey(survey, added, deleted)
        strangers = linked - set(added)
        if strangers:
            found.append(Violation("no invention", f"hubs have edges from {sorted(strangers)}"))
        return found

    def _add(self, client: Client) -> None:
        key = f"new-{client.next_value()}"
        hub = client.rng.choice(HUBS)
        with client.operation("add", key) as add, client.graph.transaction() as transaction:
            transaction.add_nodes(KEY, {"id": [key], "amount": [1]})
            transaction.add_edges(ENTRY, {"src": [key], "dst": [hub], "value": [1]})
            add.value = hub
        if add.outcome == "done":
            self._own.append(key)

    def _survey(self, client: Client) -> None:
        """A snapshot shows what had been acknowledged before it was taken, and its past only."""
        hub = client.rng.choice(HUBS)
        with client.operation("survey", hub) as survey, client.graph.snapshot() as state:
            survey.value = state.neighbors(hub, ENTRY, direction="in").tolist()

    def _delete(self, client: Client, key: str) -> None:
        with client.operation("delete", key), client.graph.transaction() as transaction:
            transaction.delete_nodes(KEY, [key])


def _check_survey(
    survey: Operation, added: dict[str, Operation], deleted: dict[str, Operation]
) -> list[Violation]:
    shown = set(survey.value)
    lacking = [
        key
        for key, add in added.items()
        if add.value == survey.key
        and add.completed_ms < survey.invoked_ms
        and key not in deleted
        and key not in shown
    ]
    left = [key for key in shown & deleted.keys() if deleted[key].completed_ms < survey.invoked_ms]
    if not lacking and not left:
        return []
    told = f"{survey.key} at {survey.invoked_ms:.0f} ms lacks {lacking[:5]}, still has {left[:5]}"
    return [Violation("snapshot", told)]


def _check_node(
    key: str, exists: bool, is_linked: bool, add: Operation, delete: Operation | None
) -> list[Violation]:
    found = []
    if exists != is_linked:
        found.append(Violation("all or nothing", f"{key}: exists {exists}, edge {is_linked}"))
    is_kept = delete is None or delete.failed
    if add.done and is_kept and not exists:
        found.append(Violation("nothing lost", f"{key} was added, and is not there"))
    if delete is not None and delete.done and exists:
        found.append(Violation("deleted stays deleted", key))
    if add.failed and exists:
        found.append(Violation("no invention", f"{key} was refused, and is there"))
    return found
