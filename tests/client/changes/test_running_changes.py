"""Changes of a launched graph through its actors: every call, several clients, kills meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import ray
from click.testing import CliRunner

import graphray as gr
from graphray.cli.entry import main
from graphray.client.view import NAMESPACE
from graphray.errors import (
    ConflictError,
    GraphNotRunning,
    NodeNotFound,
    PartitionUnavailable,
    TransactionError,
)
from tests.client.changes.graphs import KNOWS, WRITES
from tests.client.changes.logical_graph import LogicalGraph

pytestmark = pytest.mark.cluster

NAME = "changing"
DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def graph(
    start_cluster: Callable[..., Any], store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[gr.Graph]:
    start_cluster(nodes=2, num_cpus=4)
    folder = tmp_path_factory.mktemp("running")
    options = gr.LaunchOptions(data_dir=str(folder / "data"), state_uri=str(folder / "state"))
    with gr.launch(store, NAME, replicas=2, options=options) as launched:
        yield launched
        launched.shutdown()


def test_a_graph_that_was_opened_does_not_change(store: Path) -> None:
    with gr.open(store) as opened:
        for call in (opened.transaction, opened.read, lambda: opened.lock("x")):
            with pytest.raises(GraphNotRunning, match=r"graphray\.launch"):
                call()


def test_every_call_and_what_it_amounts_to(graph: gr.Graph) -> None:
    expected = LogicalGraph.of(graph, graph.read())
    with graph.transaction() as tx:
        age = int(tx.nodes("a1", "author", ["age"])["age"][0])
        tx.add_nodes("author", {"id": ["new"], "age": [3], "name": ["New"]})
        tx.add_edges(WRITES, {"src": ["new", "a1"], "dst": [0, 7], "year": [2024, 2025]})
        tx.add_edges(KNOWS, [("new", "a1"), ("new", "new")])
        tx.update_nodes("author", {"id": ["a1"], "age": [age + 1]})
        tx.delete_nodes("author", ["a2", "a3"])
    expected.ages |= {"new": 3, "a1": age + 1}
    expected.delete_author("a2")
    expected.delete_author("a3")
    expected.writes += [("new", 0, 2024), ("a1", 7, 2025)]
    expected.knows += [("new", "a1"), ("new", "new")]
    expected.check(graph.read())
    with graph.transaction() as tx:
        tx.update_edges(WRITES, {"src": ["new"], "dst": [0], "year": [1]})
        tx.delete_edges(WRITES, {"src": ["a1"], "dst": [7], "year": [2025]})
        tx.delete_edges(KNOWS, [("a1", "new")])
    expected.writes.remove(("new", 0, 2024))
    expected.writes.remove(("a1", 7, 2025))
    expected.writes.append(("new", 0, 1))
    expected.knows.remove(("new", "a1"))
    for level in ("strong", "session", "causal"):
        expected.check(graph.read(level))


def test_what_one_process_wrote_another_reads_by_its_token(graph: gr.Graph) -> None:
    @ray.remote(num_cpus=0.1)
    def rename(author: str, name: str) -> str:
        with gr.connect(NAME) as elsewhere, elsewhere.transaction() as tx:
            tx.update_nodes("author", {"id": [author], "name": [name]})
        return tx.token.to_text()

    token = ray.get(rename.remote("a5", "Ada"))
    for level in ("causal", "session", "monotonic"):
        found = graph.read(level, after=token).nodes("a5", "author", ["name"])
        assert found["name"].tolist() == ["Ada"]


def test_increments_by_many_threads_all_count(graph: gr.Graph) -> None:
    with graph.transaction() as tx:
        tx.update_nodes("author", {"id": ["a7"], "age": [0]})

    def increment(_: int) -> None:
        for _ in range(200):
            try:
                with graph.transaction() as tx:
                    age = int(tx.nodes("a7", "author", ["age"])["age"][0])
                    tx.update_nodes("author", {"id": ["a7"], "age": [age + 1]})
                return
            except ConflictError:
                continue
        raise AssertionError("it was never its turn")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(increment, range(12)))
    assert graph.read().nodes("a7", "author", ["age"])["age"].tolist() == [12]


def test_a_lock_holds_over_processes_and_fences(graph: gr.Graph) -> None:
    with graph.lock("merge", ttl=20, timeout=DEADLINE_S) as first:
        fence = first.fence
        with graph.transaction(locks=[first]) as tx:
            tx.update_nodes("author", {"id": ["a8"], "age": [8]})
    with gr.connect(NAME) as other, other.lock("merge", timeout=DEADLINE_S) as second:
        assert second.fence > fence


def test_writes_go_on_while_a_replica_is_killed(graph: gr.Graph) -> None:
    for number in range(12):
        if number == 4:
            handle = ray.get_actor(f"graph/{NAME}/part-0/replica-0", namespace=NAMESPACE)
            os.kill(ray.get(handle.describe.remote())[1], signal.SIGKILL)
        add_until_acknowledged(graph, f"k{number}")
    assert graph.read().exists([f"k{n}" for n in range(12)], "author").all()


def add_until_acknowledged(graph: gr.Graph, author: str) -> None:
    """A write without an answer may have been applied: look, then send it again."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            with graph.transaction() as tx:
                if not tx.exists(author, "author")[0]:
                    tx.add_nodes("author", {"id": [author]})
            return
        except (TransactionError, PartitionUnavailable):
            continue
    raise AssertionError(f"{author} was not acknowledged within {DEADLINE_S} s")


def test_the_command_line_applies_a_file(graph: gr.Graph, tmp_path: Path) -> None:
    changes = tmp_path / "changes.jsonl"
    lines = [
        {"op": "add_nodes", "type": "author", "rows": [{"id": "zoe", "age": 4}, {"id": "yan"}]},
        {"op": "add_edges", "relation": "writes", "rows": {"src": "zoe", "dst": 14, "year": 7}},
        {"op": "update_nodes", "type": "author", "rows": [{"id": "yan", "age": 5}]},
        {"op": "delete_nodes", "type": "author", "ids": ["a9"]},
    ]
    changes.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    result = CliRunner().invoke(main, ["apply", NAME, str(changes), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["lines"] == 4
    assert graph.read().nodes(["zoe", "yan"], "author", ["age"])["age"].tolist() == [4, 5]
    assert graph.read().neighbors("zoe", "writes").tolist() == [14]
    with pytest.raises(NodeNotFound):
        graph.read().nodes("a9", "author")


def test_a_file_that_is_not_there(graph: gr.Graph) -> None:
    result = CliRunner().invoke(main, ["apply", NAME, "nowhere.jsonl"])
    assert result.exit_code == 1
    assert "nowhere.jsonl: cannot be read" in result.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "row 2: is no JSON"),
        ("[]", "row 2: 'op' = None; expected one of add_nodes"),
        ('{"op": "add_nodes", "rows": []}', "row 2: 'type' = None"),
        ('{"op": "add_edges", "relation": ["a"], "rows": []}', r"row 2: 'relation' = \['a'\]"),
        ('{"op": "add_nodes", "type": "author", "rows": 3}', "row 2: 'rows' = 3"),
        (
            '{"op": "add_nodes", "type": "author", "rows": [{"id": "q", "size": 1}]}',
            "row 2: .*no column 'size'",
        ),
        (
            '{"op": "add_nodes", "type": "author", "rows": [{"id": 3}]}',
            "row 2: .*column 'id': 3 is no id",
        ),
    ],
)
def test_a_wrong_line_is_named_and_nothing_applied(
    graph: gr.Graph, tmp_path: Path, line: str, message: str
) -> None:
    changes = tmp_path / "changes.jsonl"
    changes.write_text('{"op": "add_nodes", "type": "author", "rows": {"id": "never"}}\n' + line)
    result = CliRunner().invoke(main, ["apply", NAME, str(changes)])
    assert result.exit_code == 1
    assert re.search(message, result.stderr), result.stderr
    assert not graph.read().exists("never", "author")[0]
