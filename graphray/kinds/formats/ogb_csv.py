"""The CSV layout of the Open Graph Benchmark: a folder ``raw`` of compressed CSV without headers.

One node type: ``edge.csv.gz``, ``num-node-list.csv.gz`` and, per row of nodes or edges,
``node-feat``, ``node-label``, ``node_year`` and the like. Several: ``triplet-type-list.csv.gz``
names the relations, ``relations/<source>___<name>___<destination>/`` has their edges,
``num-node-dict.csv.gz`` the numbers of nodes, ``node-feat/<type>/`` and ``node-label/<type>/`` what
is known of them. Beside ``raw``, ``split/<name>`` divides the labelled nodes into ``train``,
``valid`` and ``test``. (Hu et al., "Open Graph Benchmark", NeurIPS 2020; its ``ogb/io``.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import fs

from graphray.errors import ArgumentError, DanglingEdge, InputError
from graphray.ingest.files import filesystem_of
from graphray.ingest.frames import DST, ID, SRC
from graphray.ingest.text import TextPath
from graphray.kinds.formats.headless_csv import (
    find_csv,
    read_features,
    read_headless,
    read_integers,
    require_csv,
)
from graphray.kinds.tables import GraphTables
from graphray.progress import progress
from graphray.schema import DEFAULT_NODE_TYPE, DEFAULT_RELATION, Relation

SPLIT = "split"
_SPLITS = ("train", "valid", "test")
_SUFFIXES = (".csv.gz", ".csv")


def from_ogb_csv(path: TextPath, *, directed: bool = True) -> GraphTables:
    """A property graph from a data set of the Open Graph Benchmark.

    Nodes are numbered from 0 within their type. ``node-feat`` becomes the column ``feat``,
    ``node-label`` the column ``label``, ``node_year`` the column ``year``, and so on, likewise for
    edges; a split of nodes becomes the column ``split``.

    Args:
        path: the folder that has ``raw`` in it.
        directed: False for data sets whose edges the benchmark adds the other way round as well
            (``add_inverse_edge``), where every relation is within one node type.

    Raises:
        InputNotFound: where a file is missing.
        InputError: where files do not fit together, or hold what they should not; naming file and
            row, counted from 1.
        ArgumentError: where ``directed`` is False and a relation joins two node types.
    """
    root = os.fspath(path).rstrip("/")
    raw = f"{root}/raw"
    if find_csv(f"{raw}/triplet-type-list") is None:
        counts = {
            DEFAULT_NODE_TYPE: _only(read_integers(require_csv(f"{raw}/num-node-list"), 1), raw)
        }
        folders = {DEFAULT_NODE_TYPE: [raw]}
        relations = {DEFAULT_RELATION: raw}
    else:
        table = _with_header(require_csv(f"{raw}/num-node-dict"))
        counts = {name: _only(table.select([name]), raw) for name in table.column_names}
        folders = {name: [f"{raw}/node-feat/{name}", f"{raw}/node-label/{name}"] for name in counts}
        relations = {r: f"{raw}/relations/{'___'.join(r)}" for r in _triplets(raw, counts)}
    if not directed and any(relation.source != relation.destination for relation in relations):
        raise ArgumentError("directed = False; edges between two types of nodes have a direction")
    nodes, edges = {}, {}
    with progress(f"reading {root}", total=len(counts) + len(relations), unit="tables") as bar:
        for name, count in counts.items():
            split = _split_folder(root, name, len(counts) > 1)
            nodes[name] = _node_table(name, count, folders[name], split)
            bar.advance()
        for relation, folder in relations.items():
            edges[relation] = _edge_table(folder, relation, counts)
            bar.advance()
    return GraphTables("property", nodes, edges, frozenset() if directed else frozenset(edges))


def _only(counts: pa.Table, raw: str) -> int:
    """The one number of a list of numbers per graph."""
    if counts.num_rows != 1:
        raise InputError(
            f"the data set has {counts.num_rows} graphs; a store is one graph", source=raw
        )
    count = counts.column(0)[0].as_py()
    if count < 0:
        raise InputError(f"a number of {count}; expected 0 or more", source=raw)
    return count


def _with_header(path: str) -> pa.Table:
    """A row of node types above a row of numbers."""
    table = read_headless(path)
    if table.num_rows != 2:
        raise InputError(f"has {table.num_rows} rows; expected node types and numbers", source=path)
    names = [str(column[0]) for column in table.columns]
    try:
        numbers = [int(str(column[1])) for column in table.columns]
    except ValueError as error:
        raise InputError(f"expected numbers of nodes: {error}", source=path, row=2) from error
    return pa.table({name: [number] for name, number in zip(names, numbers, strict=True)})


def _triplets(raw: str, counts: Iterable[str]) -> list[Relation]:
    path = require_csv(f"{raw}/triplet-type-list")
    table = read_headless(path)
    if table.num_columns != 3:
        raise InputError(f"has {table.num_columns} columns; expected 3", source=path)
    relations = [Relation(*map(str, row.values())) for row in table.to_pylist()]
    for row, relation in enumerate(relations, 1):
        for end in (relation.source, relation.destination):
            if end not in counts:
                raise InputError(
                    f"the node type {end!r} is not in num-node-dict", source=path, row=row
                )
    return relations


def _node_table(name: str, count: int, folders: Iterable[str], split: str | None) -> pa.Table:
    columns = {ID: pa.array(np.arange(count, dtype=np.int64))}
    for folder in folders:
        columns |= _features(folder, "node", count, f"nodes of type {name!r}")
    if split is not None:
        columns[SPLIT] = _split(split, count)
    return pa.table(columns)


def _edge_table(folder: str, relation: Relation, counts: dict[str, int]) -> pa.Table:
    path = require_csv(f"{folder}/edge")
    ends = read_integers(path, 2)
    announced = find_csv(f"{folder}/num-edge-list")
    if announced is not None and _only(read_integers(announced, 1), folder) != ends.num_rows:
        raise InputError(f"there are {ends.num_rows} edges in {path}", source=announced, row=1)
    for column, name in zip(ends.columns, (relation.source, relation.destination), strict=True):
        ids = column.to_numpy()
        outside = np.flatnonzero((ids < 0) | (ids >= counts[name]))
        if len(outside):
            raise DanglingEdge(
                f"the edge names {name} {ids[outside[0]]}; there are {counts[name]}, from 0",
                source=path,
                row=int(outside[0]) + 1,
            )
    features = _features(folder, "edge", ends.num_rows, f"edges of relation {relation}")
    return pa.table({SRC: ends.column(0), DST: ends.column(1), **features})


def _features(folder: str, of: str, rows: int, what: str) -> dict[str, pa.Array]:
    """The columns of all files ``node-*``, ``node_*`` (or ``edge...``) in a folder."""
    columns = {}
    for name in _names(folder):
        stem = next((name.removesuffix(s) for s in _SUFFIXES if name.endswith(s)), None)
        if stem is not None and stem[: len(of) + 1] in (f"{of}-", f"{of}_"):
            columns[stem[len(of) + 1 :]] = read_features(f"{folder}/{name}", rows, what)
    return columns


def _names(folder: str) -> list[str]:
    filesystem, inner = filesystem_of(folder)
    selector = fs.FileSelector(inner, allow_not_found=True)
    return sorted(info.base_name for info in filesystem.get_file_info(selector))


def _split_folder(root: str, node_type: str, typed: bool) -> str | None:
    """Where the only split of the data set keeps the nodes of a type; None where it has none."""
    schemes = _names(f"{root}/split")
    if len(schemes) != 1:
        return None
    folder = f"{root}/split/{schemes[0]}" + (f"/{node_type}" if typed else "")
    return folder if find_csv(f"{folder}/train") else None


def _split(folder: str, count: int) -> pa.Array:
    names: npt.NDArray[np.object_] = np.full(count, None, object)
    for part in _SPLITS:
        path = require_csv(f"{folder}/{part}")
        rows = read_integers(path, 1).column(0).to_numpy()
        outside = np.flatnonzero((rows < 0) | (rows >= count))
        if len(outside):
            raise InputError(
                f"names node {rows[outside[0]]}; there are {count}, from 0",
                source=path,
                row=int(outside[0]) + 1,
            )
        names[rows] = part
    return pa.array(names, pa.large_string())
