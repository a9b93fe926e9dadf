from __future__ import annotations

from graphray.replication.sessions import Novelty, SessionTable


def test_a_write_is_new_once() -> None:
    table = SessionTable(10)
    assert table.novelty("c", 1) is Novelty.UNKNOWN_SESSION
    table.open("c", lsn=1)
    assert table.novelty("c", 1) is Novelty.NEW
    table.record("c", 1, 1, lsn=2, result=b"x")
    assert table.novelty("c", 1) is Novelty.APPLIED
    assert table.result("c", 1) == (2, b"x")


def test_writes_may_be_under_way_together() -> None:
    table = SessionTable(10)
    table.open("c", lsn=1)
    table.record("c", 2, 1, lsn=2, result=b"2")
    assert table.novelty("c", 1) is Novelty.NEW
    table.record("c", 1, 1, lsn=3, result=b"1")
    assert table.result("c", 2) == (2, b"2")


def test_settled_results_are_forgotten_but_not_repeated() -> None:
    table = SessionTable(10)
    table.open("c", lsn=1)
    for seq in range(1, 5):
        table.record("c", seq, seq, lsn=seq + 1, result=b"r")
    assert table.novelty("c", 1) is Novelty.APPLIED
    assert table.result("c", 4) == (5, b"r")
    assert len(table.to_bytes()) < 100


def test_the_idlest_session_goes_first_and_is_not_reborn() -> None:
    table = SessionTable(2)
    table.open("a", lsn=1)
    table.open("b", lsn=2)
    table.record("a", 1, 1, lsn=3, result=b"")
    table.open("c", lsn=4)
    assert table.novelty("b", 1) is Novelty.UNKNOWN_SESSION
    assert table.novelty("a", 1) is Novelty.APPLIED


def test_opening_again_keeps_what_was_applied() -> None:
    table = SessionTable(2)
    table.open("a", lsn=1)
    table.record("a", 1, 1, lsn=2, result=b"")
    table.open("a", lsn=3)
    assert table.novelty("a", 1) is Novelty.APPLIED


def test_the_table_survives_a_snapshot_with_its_order() -> None:
    table = SessionTable(2)
    table.open("a", lsn=1)
    table.open("b", lsn=2)
    table.record("a", 7, 5, lsn=3, result=b"r")
    copy = SessionTable.from_bytes(table.to_bytes(), 2)
    assert copy.result("a", 7) == (3, b"r")
    for one in (table, copy):
        one.open("c", lsn=9)
    assert copy.to_bytes() == table.to_bytes()
    assert not copy.is_open("b")
