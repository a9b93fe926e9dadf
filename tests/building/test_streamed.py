"""A build in batches writes the same bytes as one in memory, and leaves nothing when it fails."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv
from pyarrow import parquet as pq

from graphray.building import builder
from graphray.building.builder import build
from graphray.errors import ArgumentError, StoreError, StoreNotFound
from graphray.executor import LocalExecutor
from graphray.ingest import streams
from graphray.ingest.budget import Budget
from graphray.schema import Relation
from graphray.store import Store
from tests.plain_graphs import PlainGraph, plain_graphs

FORMATS = ("memory", "parquet", "csv")


@pytest.fixture(scope="module", autouse=True)
def small_batches() -> Any:
    """Whatever has a budget is streamed, in batches of a few rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "exceeds", lambda inputs, budget: True)
        patch.setattr(Budget, "of", classmethod(lambda cls, amount: Budget(amount, 64)))
        yield


def streamed(edges: Any, uri: Any, **options: Any) -> Store:
    return build(edges, uri, memory_budget=2**30, **options)


def content(store: Store) -> Any:
    """All that a store is, but the names of its files and its time."""
    store.verify()
    made = store.manifest
    files = [(file.part, file.table, file.sha256) for file in made.files]
    return made.snapshot_id, sorted(files), made.build, made.schema, made.book.to_json()


def check_same(edges: Any, **options: Any) -> None:
    # What a budget is given where nobody names one.
    options.setdefault("partitioner", "hash")
    with tempfile.TemporaryDirectory() as folder:
        whole = build(edges, f"{folder}/whole", **options)
        parts = streamed(edges, f"{folder}/streamed", **options)
        assert content(parts) == content(whole)
        assert {path.name for path in Path(folder, "streamed").iterdir()} == {
            "data",
            "manifest-00000001.json",
        }


def as_files(table: pa.Table, folder: str, kind: str, pieces: int) -> Any:
    """The table as it is, or as several files of several row groups or blocks."""
    if kind == "memory":
        return table
    step = max(1, -(-table.num_rows // pieces))
    paths = []
    for number, start in enumerate(range(0, max(1, table.num_rows), step)):
        path = Path(folder, f"{number:03d}.{kind}")
        piece = table.slice(start, step)
        if kind == "parquet":
            pq.write_table(piece, path, row_group_size=2)
        else:
            csv.write_csv(piece, path)
        paths.append(str(path))
    return paths


@given(
    plain_graphs(),
    st.sampled_from(["hash", "range", "random"]),
    st.sampled_from(["memory", "parquet"]),
    st.booleans(),
    st.data(),
)
def test_same_bytes_as_in_memory(
    graph: PlainGraph, partitioner: str, kind: str, with_nodes: bool, data: st.DataObject
) -> None:
    directed = {relation: plain.directed for relation, plain in graph.relations.items()}
    tables: dict[str, Any] = graph.node_inputs()
    missing = "error"
    if not with_nodes:
        missing = "add"
        kept = st.integers(0, 4)
        tables = {name: table.slice(0, data.draw(kept)) for name, table in tables.items()}
    with tempfile.TemporaryDirectory() as folder:
        edges = {}
        for number, (relation, table) in enumerate(graph.edge_inputs().items()):
            inner = Path(folder, f"e{number}")
            inner.mkdir()
            edges[relation] = as_files(table, str(inner), kind, 3)
        nodes = {}
        for number, (name, table) in enumerate(tables.items()):
            inner = Path(folder, f"n{number}")
            inner.mkdir()
            nodes[name] = as_files(table, str(inner), kind, 2)
        options = {"directed": directed, "missing_nodes": missing, "nodes": nodes}
        if missing == "add" and not count_nodes(graph, tables):
            return
        parts = min(graph.parts, max(1, count_nodes(graph, tables)))
        check_same(edges, parts=parts, partitioner=partitioner, **options)


def count_nodes(graph: PlainGraph, tables: dict[str, pa.Table]) -> int:
    seen = {(name, node) for name, table in tables.items() for node in table["id"].to_pylist()}
    for relation, plain in graph.relations.items():
        seen |= {(relation.source, a) for a, _ in plain.ends}
        seen |= {(relation.destination, b) for _, b in plain.ends}
    return len(seen)


def columns_of_all_kinds(count: int) -> dict[str, pa.Array]:
    some = np.arange(count) % 3 == 0
    vectors = pa.array(np.arange(2 * count, dtype=np.float32))
    return {
        "w": pa.array(np.arange(count) / 7, mask=some),
        "flag": pa.array(np.arange(count) % 2 == 0, mask=some),
        "text": pa.array([f"t{i}" * (i % 4) for i in range(count)], mask=some),
        "word": pa.array([f"w{i % 5}" for i in range(count)]).dictionary_encode(),
        "x": pa.FixedSizeListArray.from_arrays(vectors, 2),
        "tags": pa.array([list(range(i % 4)) if i % 5 else None for i in range(count)]),
        "when": pa.array(np.arange(count), pa.timestamp("ms")),
        "nothing": pa.nulls(count),
    }


@pytest.mark.parametrize("kind", ["memory", "parquet"])
@pytest.mark.parametrize("directed", [True, False])
def test_properties_of_all_kinds(tmp_path: Path, kind: str, directed: bool) -> None:
    rng = np.random.default_rng(5)
    ids = rng.permutation(40)
    edges = pa.table(
        {
            "src": rng.choice(ids, 200),
            "dst": rng.choice(ids, 200),
            **columns_of_all_kinds(200),
        }
    )
    nodes = pa.table({"id": ids[:30], **columns_of_all_kinds(30)})
    for name in ("edges", "nodes"):
        (tmp_path / name).mkdir()
    check_same(
        as_files(edges, str(tmp_path / "edges"), kind, 3),
        nodes=as_files(nodes, str(tmp_path / "nodes"), kind, 2),
        missing_nodes="add",
        parts=3,
        directed=directed,
    )


def test_csv_compressed_and_in_a_folder(tmp_path: Path) -> None:
    rows = [f"n{i % 7},n{i % 5},{i if i % 3 else ''}" for i in range(60)]
    text = "src,dst,w\n" + "\n".join(rows)
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode()))
    for paths in (tmp_path, str(tmp_path / "*.csv*"), tmp_path.as_uri()):
        check_same(paths, parts=2)


def test_a_type_that_changes_far_down_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("src,dst,w\n" + "1,2,3\n" * 300_000 + "1,2,0.5\n")
    check_same(path, parts=2)


def test_many_batches_over_several_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    edges = pa.table({"src": rng.integers(0, 500, 1500), "dst": rng.integers(0, 500, 1500)})
    paths = as_files(edges, str(tmp_path), "parquet", 4)
    check_same(paths, parts=7)
    check_same(paths, parts=7, directed=False)


def test_a_partitioner_that_reads_batches(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    ends = rng.integers(0, 20, (2, 600)) + 20 * rng.integers(0, 9, 600)
    paths = as_files(pa.table({"src": ends[0], "dst": ends[1]}), str(tmp_path), "parquet", 3)
    check_same(paths, parts=3, partitioner="streaming")
    types = {("a", "to", "b"): (ends[0], ends[1]), ("b", "by", "b"): (ends[1], ends[1] + 5)}
    check_same(types, parts=3, partitioner="streaming", directed={("b", "by", "b"): False})


def test_the_quality_of_a_hypergraph() -> None:
    rng = np.random.default_rng(7)
    ends = rng.integers(0, 40, 300), rng.integers(0, 30, 300)
    check_same({("vertex", "incidence", "hyperedge"): ends}, parts=4)


def test_balance_on_a_column(tmp_path: Path) -> None:
    ids = np.arange(90)
    nodes = pa.table({"id": ids[:60], "cost": np.arange(60) % 7 / 3})
    options = {"nodes": nodes, "missing_nodes": "add", "partitioner": "streaming"}
    check_same((ids, (ids + 1) % 90), parts=3, balance=["nodes", "cost"], imbalance=1.3, **options)


@pytest.mark.parametrize("spread", [1, 10**12])
def test_ids_dense_and_sparse(tmp_path: Path, spread: int) -> None:
    rng = np.random.default_rng(4)
    ends = rng.integers(-50, 50, (2, 300)) * spread
    check_same((ends[0], ends[1]), parts=3)
    listed = np.unique(ends)[::-1]
    check_same((ends[0], ends[1]), nodes=listed, parts=3)


def test_other_forms() -> None:
    graph = nx.gnm_random_graph(20, 30, seed=1)
    check_same(graph, parts=2)
    check_same({("a", "to", "b"): (["x", "y"], [1, 2]), ("b", "to", "b"): ([1], [5])}, parts=2)
    empty = pa.table({"src": pa.array([], pa.null()), "dst": pa.array([], pa.null())})
    check_same({Relation("a", "to", "a"): (["x"], ["y"]), Relation("a", "by", "b"): empty})


EDGES = (np.arange(40), (np.arange(40) + 1) % 40)


def test_a_partitioner_that_needs_the_whole_graph(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"'metis' looks at the whole graph.*use 'hash'"):
        streamed(EDGES, tmp_path / "s", partitioner="metis")
    assert not (tmp_path / "s").exists()


def test_a_partition_that_does_not_fit(tmp_path: Path) -> None:
    edges = (np.zeros(3000, np.int64), np.zeros(3000, np.int64))
    with pytest.raises(ArgumentError, match=r"pass parts=\d+ or more, or a budget of \d+ MiB"):
        build(edges, tmp_path / "s", memory_budget=100_000)
    assert not (tmp_path / "s").exists()


def test_nodes_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"the ids of the nodes.* pass at least"):
        build(EDGES, tmp_path / "s", memory_budget=2000)
    assert not (tmp_path / "s").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A folder on a disk of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting needs more rights")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("num_edges", [90_000, 300_000])
def test_a_full_disk_while_spilling(
    tmp_path: Path, small_disk: Path, monkeypatch: Any, num_edges: int
) -> None:
    monkeypatch.setattr(Budget, "of", classmethod(lambda cls, amount: Budget(amount, 2**16)))
    ends = np.arange(num_edges) % 1000
    with pytest.raises(StoreError, match=r"No space left on device; make room there"):
        streamed((ends, ends), tmp_path / "s", parts=2, spill_folder=small_disk)
    assert list(tmp_path.iterdir()) == [small_disk]
    assert not list(small_disk.iterdir())


def test_a_full_disk_while_writing_shards(tmp_path: Path, monkeypatch: Any) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        streamed(EDGES, tmp_path / "s", parts=2)
    assert not (tmp_path / "s").exists()


def test_spilling_to_another_folder_leaves_nothing_there(tmp_path: Path) -> None:
    streamed(EDGES, tmp_path / "s", spill_folder=tmp_path / "deep" / "spill")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


KILLED = """
import os, signal, sys
from graphray.building import builder
from graphray.ingest import streams
from graphray.ingest.journal import JournaledExecutor

streams.SECTION_BYTES = 2**12
keep, after, calls = JournaledExecutor._keep, int(sys.argv[3]), []

def dying(self, *arguments):
    calls.append(arguments)
    if len(calls) > after:
        os.kill(os.getpid(), signal.SIGKILL)
    keep(self, *arguments)

JournaledExecutor._keep = dying
builder.build(sys.argv[1], sys.argv[2], parts=3, nodes=sys.argv[4], missing_nodes="add",
              partitioner=sys.argv[5], workers=2)
"""


class Counting(LocalExecutor):
    """Counts the pieces of work that it does."""

    def __init__(self) -> None:
        super().__init__(2)
        self.done = 0

    def run(self, *arguments: Any) -> Any:
        for result in super().run(*arguments):
            self.done += 1
            yield result


@pytest.fixture
def small_sections(monkeypatch: Any) -> None:
    monkeypatch.setattr(streams, "SECTION_BYTES", 2**12)


def killed(edges: Path, nodes: Path, uri: Path, after: int, partitioner: str) -> None:
    """A build that is killed when so many pieces of work are done."""
    arguments = [str(edges), str(uri), str(after), str(nodes), partitioner]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments])
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(StoreNotFound):
        Store.open(uri)


@pytest.mark.usefixtures("small_sections")
def test_a_killed_build_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    edges, nodes, uri = tmp_path / "e.csv", tmp_path / "n.parquet", tmp_path / "s"
    table = pa.table({"src": rng.integers(0, 99, 3000), "dst": rng.integers(0, 99, 3000)})
    csv.write_csv(table, edges)
    pq.write_table(pa.table({"id": np.arange(50), "x": np.arange(50)}), nodes)
    options = {"nodes": nodes, "missing_nodes": "add", "parts": 3, "partitioner": "streaming"}
    alone = Counting()
    whole = build(edges, tmp_path / "alone", executor=alone, **options)
    # How much memory is free is another matter each time.
    monkeypatch.setattr(builder, "available_memory", lambda: 2**28)
    for after in (0, 2, 5, 6):
        # While numbering, dealing out and sorting; each time from where the time before ended.
        killed(edges, nodes, uri, after, "streaming")
    again = Counting()
    goes_on = build(edges, uri, executor=again, **options)
    assert content(goes_on) == content(whole)
    # One of the results that were kept is the partition, which no executor of ours was asked for.
    assert alone.done - again.done == 2 + 5 + 6 - 1
    assert sorted(path.name for path in uri.iterdir()) == ["data", "manifest-00000001.json"]
    assert len(list((uri / "data").iterdir())) == 1


@pytest.mark.usefixtures("small_sections")
@pytest.mark.parametrize("what", ["input", "setting", "swept data"])
def test_a_killed_build_of_something_else_is_not_gone_on_with(tmp_path: Path, what: str) -> None:
    edges, nodes, uri = tmp_path / "e.csv", tmp_path / "n.parquet", tmp_path / "s"
    ends = np.arange(3000) % 99
    csv.write_csv(pa.table({"src": ends, "dst": ends[::-1]}), edges)
    pq.write_table(pa.table({"id": np.arange(50)}), nodes)
    killed(edges, nodes, uri, 12, "hash")
    options: dict[str, Any] = {
        "nodes": nodes,
        "missing_nodes": "add",
        "parts": 3,
        "partitioner": "hash",
    }
    if what == "input":
        csv.write_csv(pa.table({"src": ends, "dst": ends}), edges)
    elif what == "setting":
        options["parts"] = 2
    else:
        shutil.rmtree(uri / "data")
    whole = build(edges, tmp_path / "whole", **options)
    again = Counting()
    built = build(edges, uri, executor=again, **options)
    assert content(built) == content(whole)
    assert sorted(path.name for path in uri.iterdir()) == ["data", "manifest-00000001.json"]
    assert len(list((uri / "data").iterdir())) == 1


PUBLISHED = """
import os, signal, sys
from graphray.building import builder
from graphray.store import StoreWriter, writer

kill = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "before its lease ends":
    writer.end_lease = kill
else:
    StoreWriter.__exit__ = kill
builder.build(sys.argv[1], sys.argv[2], parts=3, partitioner="hash", workers=2)
"""


@pytest.mark.parametrize("when", ["before its lease ends", "before it has cleaned up"])
def test_what_a_killed_build_had_published_stays(tmp_path: Path, when: str) -> None:
    edges, uri = tmp_path / "e.csv", tmp_path / "s"
    csv.write_csv(pa.table({"src": np.arange(50), "dst": np.arange(50)[::-1]}), edges)
    command = [sys.executable, "-c", PUBLISHED, str(edges), str(uri), when]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert (uri / "spill").exists()
    second = build(edges, uri, parts=3, partitioner="hash", workers=2, if_exists="new_version")
    assert second.versions() == (1, 2)
    for version in (1, 2):
        Store.open(uri, version).verify()
    assert not (uri / "spill").exists()


WAITING = """
import sys
import numpy as np
from graphray.building import builder
from graphray.ingest.spill import SpillWriter

exit, calls = SpillWriter.__exit__, []

def waiting(self, *arguments):
    exit(self, *arguments)
    print("half-way", flush=True)
    sys.stdin.read()

SpillWriter.__exit__ = waiting
builder.build((np.arange(40), (np.arange(40) + 1) % 40), sys.argv[1], workers=1)
"""


def test_what_a_killed_build_left_is_swept_and_a_live_one_is_not(tmp_path: Path) -> None:
    uri = tmp_path / "s"
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, str(uri)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"half-way\n"
            (spill,) = (uri / "spill").iterdir()
            (data,) = (uri / "data").iterdir()
            # 1. While it lives, another build takes nothing of its away.
            first = streamed(EDGES, uri)
            assert spill.exists()
            assert data.exists()
        finally:
            child.send_signal(signal.SIGKILL)
    # 2. Killed, it has published nothing, and the next build cleans up after it.
    assert first.versions() == (1,)
    second = streamed(EDGES, uri, if_exists="new_version")
    assert second.manifest.snapshot_id == first.manifest.snapshot_id
    assert not (uri / "spill").exists()
    assert not data.exists()
    first.verify()
    second.verify()
