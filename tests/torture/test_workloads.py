"""The workloads' own checks see what is wrong: histories made by hand over a graph made by hand."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest

from tests.simulation.history import History, Operation
from tests.torture.graph import ACCOUNTS, BAGS, GUARDED, HUBS, ITEMS, REGISTERS
from tests.torture.workloads import WORKLOADS


class Held:
    """What a graph holds, and the reader of it: amounts by node, edges, and which nodes exist."""

    def __init__(self) -> None:
        self.amounts: dict[str, int] = {}
        self.nodes_there: set[str] = set()
        self.edges_out: list[tuple[str, str, int, int]] = []
        self.edges_in: list[tuple[str, str, int, int]] = []

    def add_edge(self, src: str, dst: str, edge: int, value: int) -> None:
        self.edges_out.append((src, dst, edge, value))
        self.edges_in.append((src, dst, edge, value))

    def read(self, consistency: str = "strong") -> Held:
        return self

    def nodes(self, keys: list[str], node_type: str, columns: list[str]) -> Any:
        return {"amount": np.array([self.amounts.get(key, 0) for key in keys])}

    def exists(self, keys: list[str], node_type: str) -> Any:
        return np.array([key in self.nodes_there for key in keys])

    def edges(self, keys: list[str], relation: Any, *, direction: str = "out", **_: Any) -> Any:
        near, rows = (0, self.edges_out) if direction == "out" else (1, self.edges_in)
        found = [row for row in rows if row[near] in keys]
        names = ("src", "dst", "@edge", "value")
        return {name: np.array([row[i] for row in found]) for i, name in enumerate(names)}


def op(kind: str, key: str, value: Any, start: float, end: float = inf) -> Operation:
    return Operation("s", kind, key, value, start, completed_ms=end, done=end < inf)


def refused(kind: str, key: str, value: Any, start: float) -> Operation:
    return Operation("s", kind, key, value, start, failed=True)


def rules(workload: str, held: Held, *operations: Operation) -> set[str]:
    history = History()
    history.operations = list(operations)
    found = WORKLOADS[workload]().check(history, held)  # type: ignore[arg-type]
    return {violation.rule for violation in found}


def bag(*values: int) -> Held:
    held = Held()
    for edge, value in enumerate(values):
        held.add_edge(BAGS[0], ITEMS[0], edge, value)
    return held


def test_a_bag_with_all_that_was_put_in() -> None:
    put, maybe = op("put", BAGS[0], (1, 2), 0, 1), op("put", BAGS[0], (3, 4), 0)
    assert not rules("bags", bag(1, 2), put, maybe)
    assert not rules("bags", bag(1, 2, 3, 4), put, maybe, op("look", BAGS[0], (1, 2), 2, 3))


@pytest.mark.parametrize(
    ("rule", "held", "operations"),
    [
        ("nothing lost", bag(1), [op("put", BAGS[0], (1, 2), 0, 1)]),
        ("all or nothing", bag(1), [op("put", BAGS[0], (1, 2), 0)]),
        ("applied once", bag(1, 1), [op("put", BAGS[0], (1,), 0, 1)]),
        ("no invention", bag(1), [refused("put", BAGS[0], (1,), 0)]),
        ("stale read", bag(1), [op("put", BAGS[0], (1,), 0, 1), op("look", BAGS[0], (), 2, 3)]),
    ],
)
def test_bags_with_something_wrong(rule: str, held: Held, operations: list[Operation]) -> None:
    assert rule in rules("bags", held, *operations)


def test_an_edge_at_one_end_only() -> None:
    held = bag(1)
    held.edges_in.clear()
    assert rules("bags", held, op("put", BAGS[0], (1,), 0, 1)) == {"both ends"}


def grown(exists: bool, is_linked: bool) -> Held:
    held = Held()
    if exists:
        held.nodes_there.add("new")
    if is_linked:
        held.add_edge("new", HUBS[0], 1, 1)
    return held


ADDED, MAYBE_ADDED, NOT_ADDED = (
    op("add", "new", HUBS[0], 0, 1),
    op("add", "new", HUBS[0], 0),
    refused("add", "new", HUBS[0], 0),
)
DELETED, MAYBE_DELETED = op("delete", "new", (), 2, 3), op("delete", "new", (), 2)


@pytest.mark.parametrize("operations", [[ADDED], [MAYBE_ADDED], [ADDED, MAYBE_DELETED]])
def test_a_node_that_is_there(operations: list[Operation]) -> None:
    assert not rules("growth", grown(True, True), *operations)


@pytest.mark.parametrize("operations", [[MAYBE_ADDED], [ADDED, DELETED], [NOT_ADDED]])
def test_a_node_that_is_not_there(operations: list[Operation]) -> None:
    assert not rules("growth", grown(False, False), *operations)


@pytest.mark.parametrize(
    ("rule", "held", "operations"),
    [
        ("nothing lost", grown(False, False), [ADDED]),
        ("all or nothing", grown(True, False), [ADDED]),
        ("all or nothing", grown(False, True), [ADDED, DELETED]),
        ("deleted stays deleted", grown(True, True), [ADDED, DELETED]),
        ("no invention", grown(True, True), [NOT_ADDED]),
        ("no invention", grown(False, True), []),
    ],
)
def test_growth_with_something_wrong(rule: str, held: Held, operations: list[Operation]) -> None:
    assert rule in rules("growth", held, *operations)


def test_a_snapshot_shows_what_was_before_it() -> None:
    there, gone = grown(True, True), grown(False, False)
    full, empty = op("survey", HUBS[0], ("new",), 4, 5), op("survey", HUBS[0], (), 4, 5)
    early = op("survey", HUBS[0], (), 0.5, 9)
    assert not rules("growth", there, ADDED, early, full)
    assert rules("growth", there, ADDED, empty) == {"snapshot"}
    assert not rules("growth", gone, ADDED, DELETED, empty)
    assert rules("growth", gone, ADDED, DELETED, full) == {"snapshot"}


def test_registers() -> None:
    held = Held()
    held.amounts[REGISTERS[0]] = 2
    writes = [op("write", REGISTERS[0], 1, 0, 1), op("write", REGISTERS[0], 2, 2, 3)]
    assert not rules("registers", held, *writes, op("read", REGISTERS[0], (1,), 2, 4))
    stale = op("read", REGISTERS[0], (1,), 4, 5)
    assert rules("registers", held, *writes, stale) == {"linearizable"}
    held.amounts[REGISTERS[0]] = 1
    assert rules("registers", held, *writes) == {"linearizable"}


def test_a_register_write_of_unknown_outcome_may_show_later() -> None:
    held = Held()
    held.amounts[REGISTERS[0]] = 1
    maybe = op("write", REGISTERS[0], 1, 0)
    assert not rules("registers", held, maybe, op("read", REGISTERS[0], (0,), 2, 3))


def get(value: int, level: str) -> Operation:
    return Operation("s", "get", REGISTERS[0], value, 4, level, 5, done=True)


@pytest.mark.parametrize(("final", "rule"), [(2, ""), (1, "nothing lost"), (9, "no invention")])
def test_the_last_write_of_a_session_stays(final: int, rule: str) -> None:
    held = Held()
    held.amounts[REGISTERS[0]] = final
    sets = [op("set", REGISTERS[0], 1, 0, 1), op("set", REGISTERS[0], 2, 2, 3)]
    assert rules("cells", held, *sets) == ({rule} if rule else set())


def test_a_session_sees_its_own_last_write() -> None:
    held = Held()
    held.amounts[REGISTERS[0]] = 2
    sets = [op("set", REGISTERS[0], 1, 0, 1), op("set", REGISTERS[0], 2, 2, 3)]
    assert not rules("cells", held, *sets, get(2, "session"), get(1, "eventual"))
    assert rules("cells", held, *sets, get(1, "session")) == {"read your writes"}


def test_money_does_not_appear() -> None:
    held = Held()
    assert not rules("bank", held, op("audit", "", 0, 0, 1))
    assert rules("bank", held, op("audit", "", 3, 0, 1)) == {"bank"}
    held.amounts[ACCOUNTS[0]] = 5
    assert rules("bank", held) == {"bank"}


@pytest.mark.parametrize(("final", "is_fine"), [(2, True), (3, True), (1, False)])
def test_fences_never_fall(final: int, is_fine: bool) -> None:
    held = Held()
    held.amounts[GUARDED] = final
    seen = [op("guard", GUARDED, 1, 0, 1), op("guard", GUARDED, 2, 2, 3)]
    assert (not rules("guarded", held, *seen)) == is_fine
    assert rules("guarded", held, *seen, op("peek", GUARDED, 1, 4, 5)) == {"fencing"}
