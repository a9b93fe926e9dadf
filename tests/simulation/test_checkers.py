"""The checkers see what is wrong, and nothing where nothing is: histories made by hand."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from graphray.replication.cells import Cell
from graphray.replication.hybrid_clock import Stamp
from graphray.replication.packing import unpack
from tests.simulation.checkers.anomalies import check_transactions
from tests.simulation.checkers.convergence import check_cell_sessions, check_convergence
from tests.simulation.checkers.durability import check_nothing_lost
from tests.simulation.checkers.linearizability import check_linearizable
from tests.simulation.checkers.sessions import check_sessions
from tests.simulation.history import Operation


def append(session: str, value: int, start: float, end: float = inf, key: str = "k") -> Operation:
    return Operation(session, "append", key, value, start, completed_ms=end, done=end < inf)


def read(
    session: str, value: Any, start: float, end: float, level: str = "strong", key: str = "k"
) -> Operation:
    return Operation(session, "read", key, value, start, level=level, completed_ms=end, done=True)


LINEARIZABLE = {
    "one after the other": [append("a", 1, 0, 1), read("b", (1,), 2, 3), append("a", 2, 4, 5)],
    "overlapping, either order": [
        append("a", 1, 0, 9),
        append("b", 2, 0, 9),
        read("c", (2, 1), 10, 11),
    ],
    "read during a write may miss it": [append("a", 1, 0, 9), read("b", (), 1, 2)],
    "read during a write may see it": [append("a", 1, 0, 9), read("b", (1,), 1, 2)],
    "unknown write that took effect late": [
        append("a", 1, 0),
        read("b", (), 5, 6),
        read("b", (1,), 7, 8),
    ],
    "unknown write that never took effect": [append("a", 1, 0), read("b", (), 5, 6)],
}
NOT_LINEARIZABLE = {
    "stale read": [append("a", 1, 0, 1), read("b", (), 2, 3)],
    "lost write": [append("a", 1, 0, 1), append("a", 2, 2, 3), read("b", (2,), 4, 5)],
    "seen, then not seen": [append("a", 1, 0, 9), read("b", (1,), 1, 2), read("c", (), 3, 4)],
    "applied twice": [append("a", 1, 0, 1), read("b", (1, 1), 2, 3)],
    "order against the clock": [
        append("a", 1, 0, 1),
        append("b", 2, 2, 3),
        read("c", (2, 1), 4, 5),
    ],
    "unknown write seen, then gone": [
        append("a", 1, 0),
        read("b", (1,), 2, 3),
        read("b", (), 4, 5),
    ],
}


@pytest.mark.parametrize("name", LINEARIZABLE)
def test_linearizable_histories_pass(name: str) -> None:
    assert not check_linearizable(LINEARIZABLE[name])


@pytest.mark.parametrize("name", NOT_LINEARIZABLE)
def test_other_histories_do_not(name: str) -> None:
    (violation,) = check_linearizable(NOT_LINEARIZABLE[name])
    assert violation.rule == "linearizable"


def test_keys_are_checked_by_themselves() -> None:
    ops = [append("a", 1, 0, 1, key="x"), read("b", (), 2, 3, key="y")]
    assert not check_linearizable(ops)


SESSIONS_BAD = {
    "read your writes": [append("a", 1, 0, 1), read("a", (), 2, 3, "session")],
    "monotonic reads": [
        append("b", 1, 0, 1),
        read("a", (1,), 2, 3, "monotonic"),
        read("a", (), 4, 5, "monotonic"),
    ],
    "monotonic writes": [append("a", 1, 0, 1), append("a", 2, 2, 3), read("b", (2, 1), 4, 5)],
    "causal": [
        append("a", 1, 0, 1, key="x"),
        read("b", (1,), 2, 3, "causal", key="x"),
        append("b", 7, 4, 5, key="y"),
        read("c", (7,), 6, 7, "causal", key="y"),
        read("c", (), 8, 9, "causal", key="x"),
    ],
    "one order": [
        append("a", 1, 0, 9),
        append("b", 2, 0, 9),
        read("c", (1, 2), 10, 11, "eventual"),
        read("d", (2, 1), 10, 11, "eventual"),
    ],
    "applied once": [append("a", 1, 0, 1), read("b", (1, 1), 2, 3, "eventual")],
    "no invention": [read("b", (5,), 2, 3, "eventual")],
}


@pytest.mark.parametrize("rule", SESSIONS_BAD)
def test_session_guarantees_are_seen_broken(rule: str) -> None:
    assert rule in {violation.rule for violation in check_sessions(SESSIONS_BAD[rule])}


def test_a_token_carries_causes_to_another_session() -> None:
    write = append("a", 1, 0, 1)
    given = read("b", (), 2, 3, "causal")
    assert not check_sessions([write, given])
    given.details = write
    assert [v.rule for v in check_sessions([write, given])] == ["causal"]


def test_weaker_levels_promise_less() -> None:
    ops = [
        append("a", 1, 0, 1),
        read("a", (), 2, 3, "monotonic"),  # has read nothing yet
        read("a", (), 4, 5, "eventual"),
        read("b", (1,), 6, 7, "monotonic"),
        read("b", (), 8, 9, "eventual"),
    ]
    assert not check_sessions(ops)


def test_lost_and_differing_writes_are_seen() -> None:
    ops = [append("a", 1, 0, 1), append("a", 2, 2)]
    assert not check_nothing_lost(ops, {"r1": {"k": (1,)}, "r2": {"k": (1,)}})
    lost = check_nothing_lost(ops, {"r1": {"k": (2,)}, "r2": {"k": (1, 2)}})
    assert {violation.rule for violation in lost} == {"nothing lost", "replicas agree"}


# --- transactions ---------------------------------------------------------------------------------


def txn(name: str, start: float, end: float, *micro: tuple[str, str, Any]) -> Operation:
    return Operation(name, "transaction", "", list(micro), start, completed_ms=end, done=end < inf)


def a(key: str, value: int) -> tuple[str, str, int]:
    return ("append", key, value)


def r(key: str, *values: int) -> tuple[str, str, tuple[int, ...]]:
    return ("read", key, values)


TRANSACTIONS_BAD: dict[str, tuple[list[Operation], dict[str, tuple[int, ...]]]] = {
    "G0 write cycle": (
        [txn("A", 0, 9, a("x", 1), a("y", 1)), txn("B", 0, 9, a("x", 2), a("y", 2))],
        {"x": (1, 2), "y": (2, 1)},
    ),
    "G1c circular information flow": (
        [txn("A", 0, 9, a("x", 1), r("y", 1)), txn("B", 0, 9, a("y", 1), r("x", 1))],
        {"x": (1,), "y": (1,)},
    ),
    "G-single read skew": (
        [txn("A", 0, 9, a("x", 1), a("y", 1)), txn("B", 0, 9, r("x", 1), r("y"))],
        {"x": (1,), "y": (1,)},
    ),
    "G2 write skew": (
        [txn("A", 0, 9, r("x"), a("y", 1)), txn("B", 0, 9, r("y"), a("x", 1))],
        {"x": (1,), "y": (1,)},
    ),
    "G-single read skew in real time": (
        [txn("A", 0, 1, a("x", 1)), txn("B", 2, 3, r("x"))],
        {"x": (1,)},
    ),
    "G1a aborted read": (
        [Operation("A", "transaction", "", [a("x", 1)], 0, failed=True)],
        {"x": (1,)},
    ),
    "G1b intermediate read": (
        [txn("A", 0, 9, a("x", 1), a("x", 2)), txn("B", 0, 9, r("x", 1))],
        {"x": (1, 2)},
    ),
    "all or nothing": ([txn("A", 0, inf, a("x", 1), a("y", 1))], {"x": (1,), "y": ()}),
    "nothing lost": ([txn("A", 0, 1, a("x", 1))], {"x": ()}),
    "applied once": ([txn("A", 0, 1, a("x", 1))], {"x": (1, 1)}),
    "lists agree": ([txn("A", 0, 1, a("x", 1)), txn("B", 0, 9, r("x", 2))], {"x": (1,)}),
    "no invention": ([], {"x": (1,)}),
}


@pytest.mark.parametrize("rule", TRANSACTIONS_BAD)
def test_anomalies_are_named(rule: str) -> None:
    ops, final = TRANSACTIONS_BAD[rule]
    assert rule in {violation.rule for violation in check_transactions(ops, final)}


def test_serial_transactions_pass() -> None:
    ops = [
        txn("A", 0, 1, a("x", 1), a("y", 1)),
        txn("B", 2, 3, r("x", 1), a("y", 2)),
        txn("C", 2, 9, r("y", 1, 2), a("x", 3)),
        txn("D", 2, inf, a("x", 9)),
    ]
    assert not check_transactions(ops, {"x": (1, 3), "y": (1, 2)})


# --- cells ----------------------------------------------------------------------------------------


def write(session: str, key: str, value: int | None, at: int) -> Operation:
    kind = "delete" if value is None else "write"
    stamp = Stamp(at, 0, session)
    return Operation(session, kind, key, value, at, completed_ms=at, done=True, details=stamp)


def cell(value: Any, at: int, session: str = "a") -> Cell:
    encoded = None if value is None else value
    return Cell(Stamp(at, 0, session), "r", at, encoded)


def convergence(ops: list[Operation], **final: dict[str, Cell]) -> set[str]:
    return {v.rule for v in check_convergence(ops, final, "set", unpack)}


def test_the_last_write_wins_everywhere() -> None:
    ops = [write("a", "k.v", 1, 1), write("b", "k.v", 2, 2)]
    assert not convergence(ops, r1={"k.v": cell(b"2", 2, "b")}, r2={"k.v": cell(b"2", 2, "b")})
    assert "nothing lost" in convergence(ops, r1={"k.v": cell(b"1", 1)})
    assert "replicas agree" in convergence(
        ops, r1={"k.v": cell(b"2", 2, "b")}, r2={"k.v": cell(b"1", 1)}
    )


def test_what_was_deleted_does_not_come_back() -> None:
    ops = [write("a", "k.v", 1, 1), write("a", "k.v", None, 2)]
    assert not convergence(ops, r1={})
    assert not convergence(ops, r1={"k.v": cell(None, 2)})
    assert "deleted stays deleted" in convergence(ops, r1={"k.v": cell(b"1", 1)})


def test_a_last_write_may_not_vanish() -> None:
    assert "last write stays" in convergence([write("a", "k.v", 1, 1)], r1={})


def test_cell_sessions() -> None:
    ops = [
        write("a", "k.v", 1, 1),
        write("a", "k.v", 2, 2),
        Operation("a", "read", "k.v", 1, 3, "session", 4, done=True),
    ]
    assert {v.rule for v in check_cell_sessions(ops, "set")} == {"read your writes"}
    ops[2].level = "eventual"
    assert not check_cell_sessions(ops, "set")
