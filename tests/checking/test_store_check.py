"""A sound store has no problems; each kind of damage is found where it is.

Damage is done to a table and written with a checksum that holds, as a faulty writer would.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graphray.checking.store_check import check_store
from graphray.shard import edges_table, index_table, nodes_table, rows_table
from graphray.store import Place, Store, StoreWriter
from tests.changes.fold_twin import CITES, COLUMNS, NEAR, TYPES, Twin

Damage = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    twin = Twin.drawn(Random(1), parts=3, edges_max=90)
    for name in [*TYPES] * 25:
        twin.add_node(name, len(twin.nodes[name]), twin.rng.randrange(3))
    twin.columns = tuple(COLUMNS)
    for things in [*twin.nodes.values(), *twin.edges.values()]:
        for thing in things.values():
            thing.seeds = {column: twin.rng.randrange(1000) for column in COLUMNS}
    for _ in range(90):
        twin.add_edge(NEAR, len(twin.edges[NEAR]))
        twin.add_edge(CITES, len(twin.edges[CITES]))
    return twin.build(tmp_path_factory.mktemp("checked") / "store")


def damaged(store: Store, path: Path, table: str, damage: Damage, part: int = 1) -> Store:
    """A copy of the store in which one table is another."""
    with StoreWriter(Place(path), store.version) as writer:
        for file in store.manifest.files:
            content = pa.Table.from_batches([store.shard(file.part).table(file.table)])
            if (file.part, file.table) == (part, table):
                columns = {
                    name: content[name].to_numpy().copy()
                    for name in content.column_names
                    if name.startswith("@") or name == "int"
                }
                damage(columns)
                for name, values in columns.items():
                    at = content.schema.get_field_index(name)
                    dtype = content.schema.field(name).type
                    content = content.set_column(at, name, pa.array(values, dtype))
            writer.write(file.part, file.table, content)
        writer.publish(store.schema, store.book, dict(store.manifest.build))
    return Store.open(path)


def set_at(column: str, change: Callable[[Any], None]) -> Damage:
    return lambda columns: change(columns[column])


def swap(values: Any) -> None:
    values[[0, 1]] = values[[1, 0]]


def bump(values: Any) -> None:
    values[3] += 1


def far(values: Any) -> None:
    values[2] = 10**6


DAMAGES = {
    "stable ids do not rise": (nodes_table("paper"), set_at("@stable", swap)),
    "does not lead to exactly": (index_table("paper"), set_at("@gid", swap)),
    "keys fall": (index_table("author"), set_at("@key", swap)),
    "leads to a node that there is not": (edges_table(CITES, "out"), set_at("@neighbor", far)),
    "bounds do not rise": (rows_table(NEAR, "in"), set_at("@indptr", far)),
    "other values there": (edges_table(CITES, "in"), set_at("int", bump)),
    "is not in the row of its other end": (edges_table(NEAR, "in"), set_at("@edge", bump)),
}


def test_a_sound_store(store: Store) -> None:
    report = check_store(store)
    assert report.is_sound, report.problems
    assert report.files == len(store.manifest.files)
    assert report.entries > 300


@pytest.mark.parametrize("what", DAMAGES)
def test_damage_is_found(store: Store, tmp_path: Path, what: str) -> None:
    table, damage = DAMAGES[what]
    report = check_store(damaged(store, tmp_path / "bad", table, damage))
    found = [p for p in report.problems if what in p.what]
    assert (1, table) in [(p.part, p.table) for p in found], report.problems
    assert all(p.path.startswith("data/") for p in report.problems)


def test_order_within_a_row(store: Store, tmp_path: Path) -> None:
    key = rows_table(CITES, "in"), edges_table(CITES, "in")
    indptr = np.asarray(store.shard(1).table(key[0])["@indptr"])
    row = int(np.flatnonzero(np.diff(indptr) > 1)[0])
    first = int(indptr[row])

    def swap_entries(columns: dict[str, Any]) -> None:
        for values in columns.values():
            values[[first, first + 1]] = values[[first + 1, first]]

    report = check_store(damaged(store, tmp_path / "bad", key[1], swap_entries))
    (found,) = [p for p in report.problems if "canonical order" in p.what]
    assert (found.part, found.table, found.row) == (1, key[1], first + 1)


def test_files_that_are_gone_or_changed(store: Store, tmp_path: Path) -> None:
    copied = damaged(store, tmp_path / "bad", nodes_table("paper"), lambda columns: None)
    first, second = copied.manifest.files[:2]
    (tmp_path / "bad" / first.path).unlink()
    content = bytearray((tmp_path / "bad" / second.path).read_bytes())
    content[-20] ^= 1
    (tmp_path / "bad" / second.path).write_bytes(content)
    problems = check_store(Store.open(tmp_path / "bad")).problems
    assert {(p.path, "missing" in p.what or "checksum" in p.what) for p in problems} == {
        (first.path, True),
        (second.path, True),
    }
