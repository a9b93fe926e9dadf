"""Transactions over simulated replicas, against the same changes made to plain dicts."""

from __future__ import annotations

import contextlib
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from graphray.client.changes.reader import Reader
from graphray.client.changes.transaction import Transaction
from graphray.errors import (
    ArgumentError,
    ChangeRefused,
    ColumnNotFound,
    ConflictError,
    EdgeNotFound,
    InputError,
    NodeNotFound,
    NodeTypeNotFound,
    PartitionUnavailable,
    RelationNotFound,
    TransactionError,
    WriteIndeterminate,
)
from graphray.replication.configuration import Strategy
from tests.client.changes.graphs import KNOWS, PAPERS, WRITES, SimulatedGraph
from tests.client.changes.logical_graph import LogicalGraph


@pytest.fixture
def graph(store: Path) -> SimulatedGraph:
    return SimulatedGraph(store, 1)


def read(graph: SimulatedGraph) -> Reader:
    return Reader(graph.client)


@pytest.mark.parametrize("strategy", [Strategy.FULL, Strategy.QUORUM, Strategy.CHAIN])
@pytest.mark.parametrize("rng_seed", [1, 2])
def test_changes_amount_to_what_was_asked_for(
    store: Path, strategy: Strategy, rng_seed: int
) -> None:
    graph, rng = SimulatedGraph(store, rng_seed, strategy), Random(rng_seed)
    expected = LogicalGraph.of(graph.opened, read(graph))
    for step in range(12):
        with Transaction(graph.new_client() if step % 3 else graph.client) as tx:
            change_at_random(tx, expected, rng, step)
        if step % 4 == 3:
            expected.check(read(graph))


def change_at_random(tx: Transaction, graph: LogicalGraph, rng: Random, step: int) -> None:
    """Some of everything, and the same to the plain graph: deletions, additions, updates."""
    authors = sorted(graph.ages)
    gone = rng.sample(authors, rng.randint(0, 2))
    left = [a for a in authors if a not in gone]
    old_writes = [edge for edge in graph.writes if edge[0] not in gone]
    if old_writes and rng.random() < 0.5:
        edge = rng.choice(old_writes)
        tx.delete_edges(WRITES, {"src": [edge[0]], "dst": [edge[1]], "year": [edge[2]]})
        graph.writes = [e for e in graph.writes if e != edge]
    loops = [edge for edge in graph.knows if not {*edge} & {*gone}]
    if loops and rng.random() < 0.5:
        s, d = rng.choice(loops)
        tx.delete_edges(KNOWS, {"src": [d], "dst": [s]})
        graph.knows = [e for e in graph.knows if {*e} != {s, d}]
    if gone:
        tx.delete_nodes("author", gone)
    for author in gone:
        graph.delete_author(author)
    # An id that has just been freed may be given to a new node at once.
    new = [f"n{step}.{i}" for i in range(rng.randint(0, 3))] + gone[:1]
    if new:
        ages = [rng.choice([None, 7, 70]) for _ in new]
        tx.add_nodes("author", {"id": new, "age": pa.array(ages, pa.int64())})
        graph.ages.update(zip(new, ages, strict=True))
    everyone = [*left, *new]
    edges = [(rng.choice(everyone), 7 * rng.randrange(PAPERS), 2030 + i) for i in range(5)]
    names = ("src", "dst", "year")
    tx.add_edges(WRITES, pa.table([pa.array(c) for c in zip(*edges, strict=True)], names))
    graph.writes += edges
    friends = [(rng.choice(everyone), rng.choice(everyone)) for _ in range(4)]
    tx.add_edges(KNOWS, np.array(friends, object))
    graph.knows += friends
    if left:
        tx.update_nodes("author", {"id": [left[0], *new[:1]], "age": [step] * (1 + len(new[:1]))})
        graph.ages.update(dict.fromkeys([left[0], *new[:1]], step))


def test_an_exception_in_the_block_changes_nothing(graph: SimulatedGraph) -> None:
    tx = graph.transaction()
    with contextlib.suppress(ZeroDivisionError), tx:
        tx.add_nodes("author", {"id": ["zoe"]})
        tx.update_nodes("author", {"id": ["a1"], "age": [1 // 0]})
    assert not read(graph).exists("zoe", "author")[0]
    with pytest.raises(TransactionError, match="is over"):
        tx.add_nodes("author", {"id": ["zoe"]})
    with pytest.raises(TransactionError, match="not been committed"):
        _ = tx.token


def test_empty_tables_and_an_empty_transaction_are_fine(graph: SimulatedGraph) -> None:
    with graph.transaction() as tx:
        tx.add_nodes("author", {"id": []})
        tx.add_edges(WRITES, pa.table({"src": [], "dst": []}))
        tx.delete_nodes("paper", [])
        tx.update_nodes("author", {"id": [], "age": []})
        tx.delete_edges(KNOWS, {"src": [], "dst": []})
    with graph.transaction():
        pass


WRONG = {
    "type": (NodeTypeNotFound, lambda tx: tx.add_nodes("nobody", {"id": [1]}), "nobody"),
    "relation": (RelationNotFound, lambda tx: tx.add_edges("likes", {"a": [], "b": []}), "likes"),
    "column": (
        ColumnNotFound,
        lambda tx: tx.add_nodes("author", {"id": ["z"], "size": [1]}),
        "no column 'size'.*name, age",
    ),
    "null id": (InputError, lambda tx: tx.add_nodes("author", {"id": ["z", None]}), "row 1"),
    "id kind": (InputError, lambda tx: tx.add_nodes("author", {"id": [1]}), "are strings"),
    "end kind": (
        InputError,
        lambda tx: tx.add_edges(WRITES, {"src": ["a1"], "dst": ["a1"]}),
        "column 'dst'.*are integers",
    ),
    "id twice": (InputError, lambda tx: tx.add_nodes("author", {"id": ["z", "z"]}), "row 0"),
    "dtype": (
        InputError,
        lambda tx: tx.update_nodes("author", {"id": ["a1"], "age": ["old"]}),
        "row 0, column 'age': .* of type string",
    ),
    "range": (
        InputError,
        lambda tx: tx.update_nodes("author", {"id": ["a1", "a2"], "age": [3, 70_000]}),
        "row 1, column 'age': 70000 does not fit",
    ),
    "fraction": (
        InputError,
        lambda tx: tx.update_nodes("author", {"id": ["a1", "a2"], "age": [3.0, 1.5]}),
        "row 1, column 'age': 1.5",
    ),
    "list size": (
        InputError,
        lambda tx: tx.update_nodes("paper", {"id": [0], "x": [[1.0, 2.0]]}),
        "row 0, column 'x'",
    ),
    "no column": (InputError, lambda tx: tx.update_nodes("author", {"id": ["a1"]}), "no column to"),
    "other columns": (
        ArgumentError,
        lambda tx: (
            tx.update_nodes("author", {"id": ["a1"], "age": [1]}),
            tx.update_nodes("author", {"id": ["a1"], "name": ["x"]}),
        ),
        "in one table",
    ),
    "added twice": (
        InputError,
        lambda tx: [tx.add_nodes("author", {"id": ["z"]}) for _ in range(2)],
        "already added by",
    ),
    "source": (
        NodeNotFound,
        lambda tx: tx.add_edges(WRITES, {"src": ["a1", "nobody"], "dst": [0, 0]}),
        "row 1, column 'src'.*'nobody'",
    ),
    "destination": (
        NodeNotFound,
        lambda tx: tx.add_edges(WRITES, {"src": ["a1"], "dst": [1]}),
        "row 0, column 'dst': 1 of 1 .*'paper': 1",
    ),
    "node to update": (
        NodeNotFound,
        lambda tx: tx.update_nodes("author", {"id": ["nobody"], "age": [1]}),
        "'nobody'",
    ),
    "node to delete": (NodeNotFound, lambda tx: tx.delete_nodes("author", "nobody"), "'nobody'"),
    "edge to delete": (
        EdgeNotFound,
        lambda tx: tx.delete_edges(WRITES, {"src": ["a1"], "dst": [0], "year": [1]}),
        "row 0: 1 of 1 rows.*'a1' -> 0",
    ),
    "edge to update": (
        EdgeNotFound,
        lambda tx: tx.update_edges(
            WRITES, {"src": ["a3"], "dst": [70], "@edge": [59], "year": [1]}
        ),
        "'a3' -> 70",
    ),
    "taken": (ChangeRefused, lambda tx: tx.add_nodes("author", {"id": ["a1"]}), "'a1'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_and_nothing_is_applied(graph: SimulatedGraph, case: str) -> None:
    kind, change, match = WRONG[case]
    expected = LogicalGraph.of(graph.opened, read(graph))
    tx = graph.transaction()
    tx.add_nodes("author", {"id": ["fine"]})
    tx.add_edges(WRITES, {"src": ["fine", "a1"], "dst": [0, 7]})
    with pytest.raises(kind, match=match), tx:
        change(tx)
    assert not read(graph).exists("fine", "author")[0]
    expected.check(read(graph))


def test_a_deleted_node_is_gone_for_clients_that_only_know_the_base(graph: SimulatedGraph) -> None:
    other = graph.new_client()
    with graph.transaction() as tx:
        tx.delete_nodes("author", ["a3"])
    with pytest.raises(NodeNotFound, match="'a3'"), Transaction(other) as late:
        late.add_edges(WRITES, {"src": ["a3"], "dst": [0]})
    with graph.transaction() as tx:
        tx.add_nodes("author", {"id": ["a3"], "age": [1]})
    with Transaction(other) as late:
        late.add_edges(WRITES, {"src": ["a3"], "dst": [0], "year": [5]})
    assert Reader(other).edges("a3", WRITES)["year"].tolist() == [5]
    assert Reader(other).nodes("a3", "author")["age"].tolist() == [1]


def test_two_that_change_the_same_by_what_they_read_do_not_both_win(graph: SimulatedGraph) -> None:
    first, second = graph.transaction(), graph.transaction()
    for tx in (first, second):
        age = tx.nodes("a1", "author", ["age"])["age"][0]
        tx.update_nodes("author", {"id": ["a1"], "age": [int(age) + 1]})
    first.commit()
    with pytest.raises(ConflictError) as raised:
        second.commit()
    assert raised.value.fields["keys"]
    assert read(graph).nodes("a1", "author")["age"].tolist() == [2]


def test_a_row_that_was_read_has_to_stay_as_it_is(graph: SimulatedGraph) -> None:
    tx = graph.transaction()
    assert "a3" not in tx.neighbors("a1", KNOWS)
    assert tx.degree("a1", WRITES)[0] == len(tx.edges("a1", WRITES)["dst"])
    tx.update_nodes("author", {"id": ["a1"], "age": [5]})
    with graph.transaction() as other:
        other.add_edges(KNOWS, [("a3", "a1")])
    with pytest.raises(ConflictError):
        tx.commit()


def test_an_id_that_was_looked_for_in_vain_has_to_stay_free(graph: SimulatedGraph) -> None:
    tx = graph.transaction()
    assert not tx.exists("zoe", "author")[0]
    tx.update_nodes("author", {"id": ["a1"], "age": [5]})
    with graph.transaction() as other:
        other.add_nodes("author", {"id": ["zoe"]})
    with pytest.raises(ConflictError):
        tx.commit()


def test_changes_of_the_same_node_that_read_nothing_all_go_through(graph: SimulatedGraph) -> None:
    clients = [graph.new_client() for _ in range(3)]
    before = read(graph).degree("a1", WRITES)[0]
    transactions = [Transaction(client) for client in clients]
    for number, tx in enumerate(transactions):
        tx.add_edges(WRITES, {"src": ["a1"] * 5, "dst": np.arange(5) * 7})
        tx.update_nodes("author", {"id": ["a1"], "age": [number]})
    for tx in transactions:
        tx.commit()
    assert read(graph).degree("a1", WRITES)[0] == before + 15
    assert read(graph).nodes("a1", "author")["age"].tolist() == [2]


@pytest.mark.parametrize(
    "look",
    [
        lambda tx: tx.nodes("a1", "author"),
        lambda tx: tx.exists("new", "author"),
        lambda tx: tx.neighbors("a1", WRITES),
        lambda tx: tx.degree(0, WRITES, direction="in"),
        lambda tx: tx.edges("a2", KNOWS),
    ],
)
def test_a_transaction_does_not_read_what_it_has_changed(graph: SimulatedGraph, look) -> None:
    tx = graph.transaction()
    tx.nodes("a5", "author")
    tx.add_nodes("author", {"id": ["new"]})
    tx.update_nodes("author", {"id": ["a1"], "age": [1]})
    tx.add_edges(WRITES, {"src": ["a1"], "dst": [0]})
    tx.add_edges(KNOWS, [("a1", "a2")])
    with pytest.raises(TransactionError, match="read first"):
        look(tx)


def kill(graph: SimulatedGraph, partition: str) -> None:
    for replica in graph.cluster.groups[partition].replicas.values():
        replica.kill()


def test_without_an_answer_the_outcome_is_said_to_be_unknown(store: Path) -> None:
    graph = SimulatedGraph(store, 5)
    change = {"id": [7 * i for i in range(PAPERS)], "x": [[0.0] * 3] * PAPERS}
    kill(graph, "2")
    with pytest.raises(PartitionUnavailable, match="changed nothing"), graph.transaction() as tx:
        tx.update_nodes("paper", change)
    kill(graph, "0")  # The first partition of a transaction decides it.
    with pytest.raises(WriteIndeterminate, match="may or may not"), graph.transaction() as tx:
        tx.update_nodes("paper", change)


def test_a_token_takes_another_client_to_where_the_transaction_stood(graph: SimulatedGraph) -> None:
    other = graph.new_client()
    for age in range(1, 8):
        with graph.transaction() as tx:
            tx.update_nodes("author", {"id": ["a1"], "age": [age]})
        for token in (tx.token.to_bytes(), tx.token.to_text(), tx.token):
            for level in ("causal", "session", "monotonic"):
                reader = Reader(other, level, after=token)
                assert reader.nodes("a1", "author", ["age"])["age"][0] >= age
        assert reader.token.covers(tx.token)


@pytest.mark.parametrize("level", ["strong", "causal", "session", "monotonic", "eventual"])
def test_every_level_reads(graph: SimulatedGraph, level: str) -> None:
    reader = Reader(graph.client, level)
    assert reader.neighbors("a3", WRITES).tolist() == graph.opened.neighbors("a3", WRITES).tolist()
    with pytest.raises(NodeNotFound, match="'nobody'"):
        reader.nodes(["a1", "nobody"], "author")


def test_levels_and_tokens_that_are_none() -> None:
    for level, match in (("snapshot", "graph.snapshot"), ("weak", "expected one of strong")):
        with pytest.raises(ArgumentError, match=match):
            Reader(None, level)  # type: ignore[arg-type]
    for token in ("no token", b"x", 7):
        with pytest.raises(ArgumentError, match="token"):
            Reader(None, "causal", after=token)  # type: ignore[arg-type]
