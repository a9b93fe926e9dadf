"""DGL's CSV layout (``dgl.data.CSVDataset``): a ``meta.yaml`` and the CSV files that it names.

Each entry of ``node_data`` has a ``file_name`` and perhaps its ``ntype`` and ``node_id_field``;
each of ``edge_data`` an ``etype`` of three names, a ``src_id_field`` and a ``dst_id_field``. A cell
may hold a list of numbers. (https://www.dgl.ai/dgl_docs/guide/data-loadcsv.html)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from graphray.errors import InputError
from graphray.ingest.files import read_files
from graphray.ingest.frames import DST, ID, SRC
from graphray.ingest.graph import assemble
from graphray.ingest.inputs import EdgeInput
from graphray.ingest.source import Source
from graphray.ingest.text import TextPath, read_text
from graphray.kinds.formats.input_graph import tables_of
from graphray.kinds.tables import GraphTables
from graphray.schema import DEFAULT_NODE_TYPE, DEFAULT_RELATION, Relation

META = "meta.yaml"
_NUMBER_LIST = r"^\s*[-+]?[0-9.eE+-]+(\s*,\s*[-+]?[0-9.eE+-]+)+\s*$"


def from_dgl_csv(path: TextPath) -> GraphTables:
    """A property graph from a folder in DGL's CSV layout.

    Args:
        path: the folder that has ``meta.yaml`` in it.

    Returns:
        Further columns as properties; cells that hold lists of numbers, all of one length, become a
        column of vectors.

    Raises:
        InputNotFound: where a file is missing.
        InputError: where ``meta.yaml`` is not understood, a file is wrong, or the data set has
            several graphs; naming file, row and column.
    """
    folder = os.fspath(path).rstrip("/")
    label = f"{folder}/{META}"
    meta = _meta(read_text(label), label)
    if meta.get("separator", ",") != ",":
        raise InputError("only the separator ',' is read", source=label)
    tables: dict[str, Source] = {}
    for entry in _entries(meta, "node_data", label):
        name = entry.get("ntype", DEFAULT_NODE_TYPE)
        if not isinstance(name, str) or name in tables:
            raise InputError(
                f"ntype {name!r} is no name, or stands in node_data twice", source=label
            )
        tables[name] = _renamed(_read(folder, entry, label), {_field(entry, "node_id", label): ID})
    relations: dict[Relation, EdgeInput] = {}
    for entry in _entries(meta, "edge_data", label):
        relation = _relation(entry.get("etype", list(DEFAULT_RELATION)), label)
        if relation in relations:
            raise InputError(f"etype {relation} stands in edge_data twice", source=label)
        source = _renamed(
            _read(folder, entry, label),
            {_field(entry, "src_id", label): SRC, _field(entry, "dst_id", label): DST},
        )
        relations[relation] = EdgeInput(source, SRC, DST)
    return tables_of(assemble(relations, tables, dict.fromkeys(relations, True), "error"))


def _meta(text: str, label: str) -> Mapping[str, Any]:
    try:
        meta = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        row = None if error.problem_mark is None else error.problem_mark.line + 1
        raise InputError(f"is no YAML: {error.problem}", source=label, row=row) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"is no YAML: {error}", source=label) from error
    if not isinstance(meta, Mapping):
        raise InputError("expected the keys 'node_data' and 'edge_data'", source=label)
    return meta


def _entries(meta: Mapping[str, Any], key: str, label: str) -> list[Mapping[str, Any]]:
    entries = meta.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise InputError(f"{key!r} is no list of entries such as file_name: ...", source=label)
    return entries


def _relation(etype: Any, label: str) -> Relation:
    if not (isinstance(etype, list) and len(etype) == 3 and all(isinstance(e, str) for e in etype)):
        raise InputError(f"etype {etype!r}; expected [source, name, destination]", source=label)
    return Relation(*etype)


def _field(entry: Mapping[str, Any], name: str, label: str) -> str:
    field = entry.get(f"{name}_field", name)
    if not isinstance(field, str):
        raise InputError(f"{name}_field is {field!r}; expected the name of a column", source=label)
    return field


def _read(folder: str, entry: Mapping[str, Any], label: str) -> Source:
    name = entry.get("file_name")
    if not isinstance(name, str):
        raise InputError(f"file_name is {name!r}; expected the name of a CSV file", source=label)
    source = read_files(f"{folder}/{name}")
    graph_id = entry.get("graph_id_field", "graph_id")
    if graph_id in source.table.column_names:
        graphs = pc.count_distinct(source.table.column(graph_id)).as_py()
        if graphs > 1:
            raise source.problem(f"has {graphs} graphs; a store is one graph", column=str(graph_id))
        source = Source(source.table.drop_columns([graph_id]), source.pieces)
    return source


def _renamed(source: Source, fields: Mapping[str, str]) -> Source:
    """The id columns first and under our names, then the others with their vectors parsed."""
    table = source.table
    for name in fields:
        if name not in table.column_names:
            raise source.problem(
                f"there is no such column; it has: {', '.join(table.column_names)}", column=name
            )
    columns = {ours: table.column(theirs) for theirs, ours in fields.items()}
    for name in table.column_names:
        if name in fields:
            continue
        if name in columns:
            raise source.problem("the name of this column is taken; rename it", column=name)
        columns[name] = _vectors(source, name)
    return Source(pa.table(columns), source.pieces)


def _vectors(source: Source, name: str) -> pa.ChunkedArray | pa.Array:
    """A column of cells like ``"0.1, 0.2"`` as vectors of 32-bit floats; others as they are."""
    column = source.table.column(name)
    if not pa.types.is_string(column.type) or len(column) == 0:
        return column
    if not pc.all(pc.fill_null(pc.match_substring_regex(column, _NUMBER_LIST), False)).as_py():
        return column
    lists = pc.split_pattern(column, ",").combine_chunks()
    lengths = pc.list_value_length(lists).to_numpy()
    ragged = np.flatnonzero(lengths != lengths[0])
    if len(ragged):
        row = int(ragged[0])
        raise source.problem(
            f"a list of {lengths[row]} numbers; the first row has {lengths[0]}",
            row=row,
            column=name,
        )
    try:
        numbers = pc.utf8_trim_whitespace(lists.flatten()).cast(pa.float32())
    except pa.ArrowInvalid as error:
        raise source.problem(f"a list that is not of numbers: {error}", column=name) from error
    return pa.FixedSizeListArray.from_arrays(numbers, int(lengths[0]))
