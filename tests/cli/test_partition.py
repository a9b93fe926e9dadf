"""``graphray partition``: reports, comparisons and plans, none of which touch the store."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_partitioners_are_compared(run: Run, files: Path) -> None:
    run("build", "edges.csv", "store", "--nodes", "nodes.csv", "--parts", 2)
    before = sorted(Path("store").rglob("*"))
    tried = run("partition", "store", "--partitioner", "range", "--parts", 3, "--json")
    stored, other = json.loads(tried.stdout)["partitions"]
    assert (stored["parts"], other["parts"]) == (2, 3)
    assert other["partitioner"] == "range"
    assert sum(stored["nodes"]) == sum(other["nodes"]) == 5
    assert other["seconds"] >= 0
    assert sorted(Path("store").rglob("*")) == before


def test_a_plan_says_what_moves(run: Run, files: Path) -> None:
    run("build", "edges.csv", "store", "--nodes", "nodes.csv", "--parts", 2)
    arguments = ("partition", "store", "--parts", 3, "--repartition", "--partitioner", "range")
    plan = json.loads(run(*arguments, "--json").stdout)
    assert plan["moved_nodes"] == sum(move["nodes"] for move in plan["moves"])
    output = run(*arguments, "--report").output
    for expected in ("nodes move", "from part", "by relation", "multilevel (as stored)"):
        assert expected in output


def test_mistakes_are_said(run: Run, files: Path) -> None:
    run("build", "edges.csv", "store")
    assert run("partition", "store", "--partitioner", "no-such").exit_code == 1
    assert "no-such" in run("partition", "store", "--partitioner", "no-such").output
    assert run("partition", "nowhere").exit_code == 1


def test_sizes_are_one_per_partition(run: Run, files: Path) -> None:
    run("build", "edges.csv", "store")
    result = run("partition", "store", "--target-sizes", "1,2,3,4,5,6,7")
    assert result.exit_code == 1
    assert "7 entries" in result.output
