"""The commands that need no cluster: build, info, sample."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import graphray as gr
from tests.cli.conftest import Run


def test_build_and_info_say_the_same(run: Run, files: Path) -> None:
    built = run("build", "edges.csv", "store", "--nodes", "nodes.csv", "--parts", 2, "--json")
    assert built.exit_code == 0
    described = json.loads(built.stdout)
    assert described == json.loads(run("info", "store", "--json").stdout)
    assert described["num_nodes"] == {"node": 5}
    assert described["num_edges"] == {"node-edge-node": 5}
    assert [p["part"] for p in described["partitions"]] == [0, 1]
    assert sum(p["nodes"] for p in described["partitions"]) == 5
    assert sum(p["in_edges"] for p in described["partitions"]) == 5
    on_disk = sum(f.stat().st_size for f in Path("store").rglob("*.arrow"))
    assert described["size_bytes"] == sum(p["size_bytes"] for p in described["partitions"])
    assert described["size_bytes"] == on_disk


def test_build_through_files_makes_the_same_store(run: Run, files: Path) -> None:
    common = ("--nodes", "nodes.csv", "--parts", 2, "--partitioner", "hash", "--json")
    whole = json.loads(run("build", "edges.csv", "whole", *common).stdout)
    by_two = run("build", "edges.csv", "two", *common, "--executor", "local", "--workers", 2)
    assert json.loads(by_two.stdout)["snapshot_id"] == whole["snapshot_id"]
    refused = run("build", "edges.csv", "none", *common, "--workers", 0)
    assert (refused.exit_code, "workers = 0" in refused.output) == (1, True)


def test_info_for_people_names_types_partitions_and_cut(run: Run, files: Path) -> None:
    run("build", "edges.csv", "store", "--nodes", "nodes.csv", "--parts", 2)
    output = run("info", "store", "--verify").output
    for expected in ("node:edge:node", "age", "by multilevel", "Edge cut", "checksum holds"):
        assert expected in output


def test_info_verify_finds_a_changed_byte(run: Run, files: Path) -> None:
    run("build", "edges.csv", "store")
    file = max(Path("store").rglob("*.arrow"), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert run("info", "store").exit_code == 0
    assert run("info", "store", "--verify").exit_code == 1


def test_build_takes_every_argument_of_the_function(run: Run, files: Path) -> None:
    Path("likes.csv").write_text("from,to\n10,x\n99,y\n")
    result = run(
        "build",
        "person:knows:person=edges.csv",
        "person:likes:thing=likes.csv",
        "store",
        "--nodes", "person=nodes.csv",
        "--parts", 3,
        "--partitioner", "range",
        "--missing-nodes", "add",
        "--rng-seed", 4,
        "--json",
    )  # fmt: skip
    described = json.loads(result.stdout)
    assert described["num_nodes"] == {"person": 6, "thing": 2}
    assert (described["build"]["partitioner"], described["build"]["rng_seed"]) == ("range", 4)
    assert described["build"]["created_at"].startswith("20")


def test_undirected_edges_and_chosen_columns(run: Run, files: Path) -> None:
    Path("odd.csv").write_text("when,to,from\n5,2,1\n")
    result = run("build", "odd.csv", "store", "--undirected", "--src", "from", "--dst", "to")
    assert result.exit_code == 0, result.output
    assert gr.open("store").neighbors(2).tolist() == [1]


def test_a_failed_build_names_the_place_and_leaves_nothing(run: Run, files: Path) -> None:
    Path("nodes.csv").write_text("id\n10\n11\n12\n")
    result = run("build", "edges.csv", "store", "--nodes", "nodes.csv")
    assert result.exit_code == 1
    assert re.match(r"error: edges\.csv, row [45], column '(src|dst)': .* 13", result.stderr)
    assert not Path("store").exists()


def test_a_store_is_not_built_over(run: Run, files: Path) -> None:
    run("build", "edges.csv", "store")
    assert "already a store" in run("build", "edges.csv", "store").stderr
    again = run("build", "edges.csv", "store", "--if-exists", "new_version", "--json")
    assert json.loads(again.stdout)["versions"] == [1, 2]
    assert json.loads(run("info", "store", "--version", 1, "--json").stdout)["version"] == 1


def test_sample_is_what_the_loader_gives(run: Run, files: Path) -> None:
    run("build", "edges.csv", "store", "--parts", 2)
    result = run(
        "sample", "./store", "--seeds", "10,12,13", "--fanout", "2,1", "--batch-size", 2,
        "--rng-seed", 3, "--epoch", 1, "--shuffle", "--json",
    )  # fmt: skip
    report = json.loads(result.stdout)
    loader = gr.open("store").loader([10, 12, 13], [2, 1], batch_size=2, shuffle=True, rng_seed=3)
    batches = list(loader.epoch(1))
    assert [row["digest"] for row in report["batches"]] == [b.digest() for b in batches]
    assert report["edges"] == sum(b.num_edges for b in batches)
    assert report["seeds"] == 3


def test_sample_for_people_ends_with_the_rate(run: Run, files: Path) -> None:
    run("build", "edges.csv", "store")
    output = run("sample", "store", "--batch-size", 1, "--limit", 2).output
    assert len(output.splitlines()) == 5
    assert "2 seeds," in output
    assert "seeds/s" in output
    many = run("sample", "store", "--seeds", ",".join(["10"] * 12), "--batch-size", 1).output
    assert "and 2 more" in many


def test_sample_asks_for_the_seeds_type_and_follows_named_relations(run: Run, files: Path) -> None:
    run("build", "a:to:b=edges.csv", "b:to:a=edges.csv", "store")
    result = run("sample", "store")
    assert result.exit_code == 2
    assert "--node-type: a, b" in result.stderr
    result = run("sample", "store", "--node-type", "b", "--fanout", "a:to:b=-1", "--json")
    assert json.loads(result.stdout)["edges"] == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "10,77"], "77"),
        (["--seeds", "ten"], "'ten' is no integer"),
        (["--fanout", "0"], "fanout[0] = 0"),
        (["--batch-size", "0"], "batch_size = 0"),
        (["--fanout", "a:b:c=1"], "no relation"),
        (["--node-type", "paper"], "no node type 'paper'"),
    ],
)
def test_wrong_samples_say_what_is_wrong(
    run: Run, files: Path, arguments: list[str], message: str
) -> None:
    run("build", "edges.csv", "store")
    result = run("sample", "store", *arguments)
    assert result.exit_code == 1
    assert message in result.stderr


def test_a_memory_budget_changes_nothing_but_the_memory(run: Run, files: Path) -> None:
    by_hash = ("--parts", 2, "--partitioner", "hash")
    run("build", "edges.csv", "whole", *by_hash)
    built = run(
        "build", "edges.csv", "small", *by_hash, "--memory-budget", "128MiB",
        "--spill-folder", "spill",
    )  # fmt: skip
    assert built.exit_code == 0
    whole, small = (json.loads(run("info", s, "--json").stdout) for s in ("whole", "small"))
    assert whole["snapshot_id"] == small["snapshot_id"]
    refused = run("build", "edges.csv", "other", "--memory-budget", "much")
    assert refused.exit_code == 1
    assert "much" in refused.output
