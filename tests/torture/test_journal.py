"""What is told by journals, and how long a fault was felt: by hand, without a cluster."""

from __future__ import annotations

from math import inf
from pathlib import Path

from graphray.replication.configuration import Configuration, Strategy
from tests.simulation.history import Operation
from tests.torture.decisions import Term
from tests.torture.journal import Journal, read_journals
from tests.torture.nemesis import Happened
from tests.torture.recovery import Recovery, recoveries


def test_operations_of_all_clients_are_put_together(tmp_path: Path) -> None:
    one, other = Journal(tmp_path, "one"), Journal(tmp_path, "other")
    write = one.invoke("one.1", "append", "k", 7, "strong", None)
    read = other.invoke("other.1", "read", "k", [], "causal", write)
    one.complete(write, "done", 7)
    other.complete(read, "done", [7])
    first, second = read_journals(tmp_path).history.operations
    assert (first.kind, first.value, first.done) == ("append", 7, True)
    assert second.details is first
    assert second.value == (7,)
    assert first.invoked_ms <= second.invoked_ms <= first.completed_ms <= second.completed_ms


def test_what_a_killed_client_began_is_of_unknown_outcome(tmp_path: Path) -> None:
    killed = Journal(tmp_path, "killed")
    killed.invoke("killed.1", "append", "k", 1, "strong", None)
    with open(tmp_path / "killed.jsonl", "a") as file:
        file.write('["ended", "killed:0", 12.5, "do')
    (operation,) = read_journals(tmp_path).history.operations
    assert not operation.done
    assert not operation.failed
    assert operation.completed_ms == inf


def test_refusals_and_what_should_not_have_happened_are_told_apart(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "client")
    for outcome in ("failed", "broken"):
        name = journal.invoke("client.1", "append", "k", 1, "strong", None)
        journal.complete(name, outcome, 1, f"{outcome}: why")  # type: ignore[arg-type]
    told = read_journals(tmp_path)
    assert told.refused == ["failed: why"]
    assert told.broken == {"client:1": "broken: why"}
    assert [op.failed for op in told.history.operations] == [True, False]


def test_recovery_counts_from_what_was_begun_after_the_fault() -> None:
    def write(begun: float, ended: float, key: str = "a") -> Operation:
        return Operation("s", "write", key, 1, begun, completed_ms=ended, done=True)

    terms = {0: [_term(1, 50.0), _term(2, 190.0), _term(3, 900.0)]}
    fault = Happened("primary killed", (0,), 100.0, 150.0, 400.0, alone=True)
    # Begun before the fault, or in another partition, says nothing about it.
    writes = [write(90, 110), write(120, 125, "elsewhere"), write(105, 230), write(240, 260)]
    (found,) = recoveries([fault], writes, terms, {"a": 0, "elsewhere": 1})
    assert found == Recovery("primary killed", 90.0, inf, 130.0, 300.0)


def _term(number: int, at_ms: float) -> Term:
    return Term(Configuration("0", number, Strategy.FULL, ("0/0/a",)), at_ms)
