"""``graphray plan`` on nodes that a file describes; `test_cluster` has it on a cluster."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graphray.cli.node_file import nodes_from_file
from graphray.errors import InputError, InputNotFound
from graphray.placement import ClusterNode
from tests.cli.conftest import Run

NODES = """
- {node_id: a, memory_bytes: 1000000000, cpus: 4, zone: x, labels: {market: spot}}
- {node_id: b, memory_bytes: 1000000000, cpus: 4.5, zone: x}
- {node_id: c, memory_bytes: 2000000000, cpus: 4, zone: y}
"""


def changed(change: tuple[int, bytes, int]) -> bytes:
    """The file, but for some bytes in one place."""
    at, put_in, left_out = change
    data = NODES.encode()
    return data[:at] + put_in + data[at + left_out :]


@pytest.fixture
def store(run: Run, files: Path) -> str:
    run("build", "edges.csv", "store", "--nodes", "nodes.csv", "--parts", 2)
    Path("nodes.yaml").write_text(NODES)
    return "store"


def planned(run: Run, *arguments: object) -> dict[str, Any]:
    result = run("plan", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_plan_says_where_why_and_what_traffic(run: Run, store: str) -> None:
    shown = run("plan", store, "--nodes", "nodes.yaml", "--dry-run")
    assert shown.exit_code == 0
    for expected in ("2 partitions, 2 replicas each, on 3 nodes", "new; memory", "to another node"):
        assert expected in shown.output
    told = planned(run, store, "--nodes", "nodes.yaml")
    assert {r["part"] for r in told["replicas"]} == {0, 1}
    # A ring of four and a chord on two partitions.
    assert 0 < told["traffic"]["cut_edges"] <= told["traffic"]["edges"] == 5


def test_json_describes_nodes_as_well(run: Run, store: str) -> None:
    entries = [{"node_id": name, "memory_bytes": 10**9, "cpus": 1} for name in "ab"]
    Path("nodes.json").write_text(json.dumps(entries))
    assert len(planned(run, store, "--nodes", "nodes.json")["nodes"]) == 2


def test_zones_and_labels_are_kept_to(run: Run, store: str) -> None:
    told = planned(run, store, "--nodes", "nodes.yaml", "--spread-zones")
    assert [r["node_id"] for r in told["replicas"]].count("c") == 2
    told = planned(run, store, "--nodes", "nodes.yaml", "--require", "market=!spot")
    assert {r["node_id"] for r in told["replicas"]} == {"b", "c"}
    preferred = ("--strategy", "labels", "--prefer", "market=spot", "--replicas", 1)
    told = planned(run, store, "--nodes", "nodes.yaml", *preferred)
    assert {r["node_id"] for r in told["replicas"]} == {"a"}


def test_little_moves_from_an_earlier_plan(run: Run, store: str) -> None:
    now = planned(run, store, "--nodes", "nodes.yaml")
    Path("now.json").write_text(json.dumps(now))
    assert planned(run, store, "--nodes", "nodes.yaml", "--present", "now.json")["moves"] == 0
    Path("fewer.yaml").write_text("\n".join(NODES.strip().splitlines()[1:]))
    later = planned(run, store, "--nodes", "fewer.yaml", "--present", "now.json")
    gone = {(r["part"], r["replica"]) for r in now["replicas"] if r["node_id"] == "a"}
    moved = {
        (r["part"], r["replica"]) for r in later["replicas"] if r["node_id"] != r["comes_from"]
    }
    assert moved == gone


def test_what_is_settled_for_is_a_warning_on_stderr(run: Run, store: str) -> None:
    result = run("plan", store, "--nodes", "nodes.yaml", "--replicas", 4, "--json")
    assert result.exit_code == 0
    assert "they share a node" in result.stderr
    json.loads(result.stdout)


def test_no_plan_is_exit_code_1_and_wrong_usage_2(run: Run, store: str) -> None:
    Path("small.yaml").write_text("[{node_id: a, memory_bytes: 10, cpus: 1}]")
    result = run("plan", store, "--nodes", "small.yaml")
    assert result.exit_code == 1
    assert "fits on no node" in result.output
    assert run("plan", store, "--nodes", "nodes.yaml", "--strategy", "no-such").exit_code == 1
    assert run("plan", store, "--nodes", "nodes.yaml", "--require", "market").exit_code == 2
    Path("wrong.json").write_text("[]")
    result = run("plan", store, "--nodes", "nodes.yaml", "--present", "wrong.json")
    assert (result.exit_code, "wrong.json: is no plan" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{a: 1}", "expected a list"),
        ("[a", "neither JSON nor YAML"),
        ("[7]", "row 1: 7 is no node"),
        ("[{node_id: a, cpus: 1}]", "row 1: a node lacks memory_bytes"),
        ("[{node_id: a, memory_bytes: 1, cpus: 1, gpus: 1}]", "has gpus; there are: node_id"),
        ("[{node_id: a, memory_bytes: x, cpus: 1}]", "memory_bytes is 'x'; expected float"),
        ("[{node_id: 7, memory_bytes: 1, cpus: 1}]", "node_id is 7; expected str"),
        ("[{node_id: a, memory_bytes: true, cpus: 1}]", "memory_bytes is True"),
        ("[{node_id: a, memory_bytes: -1, cpus: 1}]", "memory_bytes = -1; expected"),
        ("[{node_id: a, memory_bytes: 1, cpus: 1, labels: {x: 1}}]", "labels is"),
        ("[{node_id: a, memory_bytes: 1, cpus: 1, draining: 1}]", "draining is 1; expected bool"),
    ],
)
def test_a_wrong_file_of_nodes_is_said(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "nodes.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        nodes_from_file(str(path))


@settings(max_examples=40)
@given(
    data=st.binary(max_size=60)
    | st.tuples(st.integers(0, 200), st.binary(max_size=4), st.integers(0, 9)).map(changed)
)
@example(data=b"2001-13-45")
@example(data=b"[" * 2_000)
def test_any_bytes_are_nodes_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nodes.yaml"
        path.write_bytes(data)
        try:
            found = nodes_from_file(str(path))
        except InputError:
            return
    assert all(isinstance(node, ClusterNode) for node in found)


def test_a_missing_file_of_nodes_is_said() -> None:
    with pytest.raises(InputNotFound, match="cannot be read"):
        nodes_from_file("/no/such/file")
