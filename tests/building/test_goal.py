"""Building with a goal: which partitioner is the default, what is balanced, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from click.testing import CliRunner

from graphray.building.builder import build
from graphray.building.stored_problem import stored_problem
from graphray.cli import main
from graphray.errors import ArgumentError, BalanceNotMet
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.knowledge import KnowledgeGraph
from graphray.kinds.metagraph import Metagraph

RING = (np.arange(40), (np.arange(40) + 1) % 40)
COSTS = pa.table({"id": np.arange(40), "cost": np.where(np.arange(40) < 4, 10, 0)})


def test_the_default_is_the_partitioner_of_the_kind(tmp_path: Path) -> None:
    tables = {
        "hypergraph": Hypergraph.from_sets([["a", "b"], ["b", "c"]]),
        "knowledge": KnowledgeGraph.from_triples([("a", "p", "b"), ("b", "q", "c")]),
        "metagraph": Metagraph.from_sets({"t": ["a", "b"]}, [("a", "b")], np.array(["a", "b"])),
    }
    for name, kind in tables.items():
        store = kind.build(tmp_path / name, parts=2)
        assert store.manifest.build["partitioner"] == name
    assert build(RING, tmp_path / "p", parts=2).manifest.build["partitioner"] == "multilevel"
    assert build(RING, tmp_path / "one").manifest.build["partitioner"] == "hash"
    within = build(RING, tmp_path / "within", parts=2, memory_budget="1GiB")
    assert within.manifest.build["partitioner"] == "hash"


def test_sizes_and_criteria_are_held_and_recorded(tmp_path: Path) -> None:
    store = build(
        RING, tmp_path / "s", nodes=COSTS, parts=2, balance=["nodes", "cost"], target_sizes=[3, 1]
    )
    made = store.manifest.build
    assert (made["balance"], made["target_sizes"]) == (["nodes", "cost"], [3.0, 1.0])
    sizes = np.diff(store.book.node_offsets["node"])
    assert sizes[0] <= 33
    assert sizes[1] <= 11
    assert made["node_balance"] == pytest.approx(max(sizes[0] / 30, sizes[1] / 10))
    assert made["column_balance"] == {"cost": 1.0}
    assert stored_problem(store)[0].goal.target_sizes == (3.0, 1.0)


def test_what_is_not_held_leaves_no_store(tmp_path: Path) -> None:
    with pytest.raises(BalanceNotMet, match="'cost'"):
        build(RING, tmp_path / "s", nodes=COSTS, parts=8, balance="cost")
    with pytest.raises(ArgumentError, match="'random' balances nodes"):
        build(RING, tmp_path / "s", parts=2, partitioner="random", balance="edges")
    with pytest.raises(ArgumentError, match="3 entries for parts = 2"):
        build(RING, tmp_path / "s", parts=2, target_sizes=[1, 1, 1])
    assert not list(tmp_path.rglob("manifest*"))


def test_the_same_from_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pa.csv.write_csv(pa.table({"src": RING[0], "dst": RING[1]}), "edges.csv")
    pa.csv.write_csv(COSTS, "nodes.csv")
    options = ("--parts", "2", "--balance", "nodes", "--balance", "cost", "--target-sizes", "3,1")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    run("build", "edges.csv", "store/", "--nodes", "nodes.csv", *options)
    printed = run("partition", "store/", "--report")
    assert "cost" in printed
    stored, tried = json.loads(run("partition", "store/", "--partitioner", "metis", "--json"))[
        "partitions"
    ]
    assert stored["target_shares"] == tried["target_shares"] == [0.75, 0.25]
    assert stored["column_balance"]["cost"] == 1.0
    even = json.loads(
        run("partition", "store/", "--target-sizes", "1,1", "--repartition", "--json")
    )
    assert even["partitions"][1]["target_shares"] == [0.5, 0.5]
    assert even["partitions"][1]["node_balance"] <= 1.1
