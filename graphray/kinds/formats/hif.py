"""The Hypergraph Interchange Format (HIF): JSON that hypergraph libraries exchange.

An object with the list ``incidences`` (``edge``, ``node``, and perhaps ``weight``, ``direction``,
``attrs``) and, where there is more to say about them, ``nodes`` and ``edges``; further
``network-type`` and ``metadata``. (Coll et al., "HIF: The hypergraph interchange format for
higher-order networks", Network Science 2025; https://github.com/HIF-org/HIF-standard.)
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import pyarrow as pa

from graphray.errors import InputError
from graphray.ingest.frames import DST, ID, SRC
from graphray.ingest.source import Source
from graphray.ingest.text import TextPath, read_text
from graphray.kinds.formats.records import attribute_columns, id_array
from graphray.kinds.incidence import (
    HYPEREDGE,
    INCIDENCE,
    ROLE,
    VERTEX,
    WEIGHT,
    hypergraph_tables,
)
from graphray.kinds.tables import GraphTables
from graphray.progress import progress

NODE, EDGE, DIRECTION, ATTRS = "node", "edge", "direction", "attrs"
DIRECTIONS = ("head", "tail")
NETWORK_TYPES = ("undirected", "directed", "asc")
_KEYS = {"network-type", "metadata", "incidences", "nodes", "edges"}


def from_hif(hif: TextPath | Mapping[str, Any], *, allow_empty: bool = False) -> GraphTables:
    """A hypergraph in the Hypergraph Interchange Format.

    ``weight`` and ``attrs`` become columns, and ``direction`` the role of an incidence.

    Args:
        hif: the path or URI of a JSON file, or the object that is in one.
        allow_empty: accept hyperedges without vertices.

    Raises:
        InputNotFound: where there is no such file.
        InputError: where it is not HIF, or the hypergraph is wrong; naming the line, or the entry
            of the list.

    Example:
        >>> tables = from_hif({"incidences": [{"edge": "e", "node": 1, "direction": "tail"}]})
        >>> tables.edges[INCIDENCE].to_pydict()
        {'src': [1], 'dst': ['e'], 'role': ['tail']}
    """
    if isinstance(hif, Mapping):
        with progress("reading HIF"):
            return _from_object(hif, "HIF", allow_empty)
    return parse_hif(read_text(hif), os.fspath(hif), allow_empty=allow_empty)


def parse_hif(text: str, label: str, *, allow_empty: bool = False) -> GraphTables:
    """A hypergraph from the content of a HIF file.

    Args:
        text: the content.
        label: what to call it in messages.
        allow_empty: accept hyperedges without vertices.

    Raises:
        InputError: as `from_hif`.
    """
    with progress(f"reading {label}"):
        try:
            hif = json.loads(text)
        except json.JSONDecodeError as error:
            raise InputError(f"is no JSON: {error.msg}", source=label, row=error.lineno) from error
        except (RecursionError, ValueError) as error:
            raise InputError(f"is no JSON that can be read: {error}", source=label) from error
        return _from_object(hif, label, allow_empty)


def to_hif(hypergraph: GraphTables) -> dict[str, Any]:
    """A hypergraph as the object of a HIF file, for ``json.dump``.

    Properties become ``weight`` and ``attrs``; where all roles are "head" or "tail" they become
    ``direction``, and the hypergraph is directed.
    """
    entries = hypergraph.edges[INCIDENCE].rename_columns({SRC: NODE, DST: EDGE})
    roles = set(entries.column(ROLE).to_pylist()) if ROLE in entries.column_names else set()
    directed = bool(roles) and roles <= {*DIRECTIONS, None} and roles != {None}
    if directed:
        entries = entries.rename_columns({ROLE: DIRECTION})
    nodes = hypergraph.nodes[VERTEX].rename_columns({ID: NODE})
    edges = hypergraph.nodes[HYPEREDGE].rename_columns({ID: EDGE})
    return {
        "network-type": "directed" if directed else "undirected",
        "incidences": _to_records(
            entries, (NODE, EDGE, WEIGHT, *([DIRECTION] if directed else []))
        ),
        "nodes": _to_records(nodes, (NODE, WEIGHT)),
        "edges": _to_records(edges, (EDGE, WEIGHT)),
    }


def _from_object(hif: Any, label: str, allow_empty: bool) -> GraphTables:
    if not isinstance(hif, Mapping) or "incidences" not in hif:
        raise InputError("expected an object with the key 'incidences'", source=label)
    unknown = set(hif) - _KEYS
    if unknown:
        raise InputError(
            f"the key {min(unknown, key=str)!r} is none of HIF's; those are: "
            f"{', '.join(sorted(_KEYS))}",
            source=label,
        )
    network_type = hif.get("network-type", "undirected")
    if network_type not in NETWORK_TYPES:
        raise InputError(
            f"the network-type is {network_type!r}; expected {', '.join(NETWORK_TYPES)}",
            source=label,
        )
    if not isinstance(hif.get("metadata", {}), Mapping):
        raise InputError(f"metadata is {hif['metadata']!r}; expected an object", source=label)
    lists = {
        name: _records(hif.get(name, []), required, f"{label} ({name})")
        for name, required in (
            ("incidences", (NODE, EDGE)),
            ("nodes", (NODE,)),
            ("edges", (EDGE,)),
        )
    }
    return hypergraph_tables(
        _source(lists["incidences"], (NODE, EDGE), f"{label} (incidences)"),
        _source(lists["nodes"], (NODE,), f"{label} (nodes)") if "nodes" in hif else None,
        _source(lists["edges"], (EDGE,), f"{label} (edges)") if "edges" in hif else None,
        vertex=NODE,
        hyperedge=EDGE,
        allow_empty=allow_empty,
        lost=_lost(hif, network_type),
    )


def _lost(hif: Mapping[str, Any], network_type: str) -> Iterable[str]:
    if hif.get("metadata"):
        yield "The metadata of the whole hypergraph."
    if network_type == "asc":
        yield "That it is an abstract simplicial complex: only the listed simplices are there."


def _records(value: Any, required: Sequence[str], label: str) -> Sequence[Mapping[str, Any]]:
    """A list of objects of which each has the required keys, and no others than HIF's."""
    if not isinstance(value, list):
        raise InputError(f"expected a list, not {type(value).__name__}", source=label)
    allowed = {*required, WEIGHT, ATTRS, *([DIRECTION] if len(required) == 2 else [])}
    for row, record in enumerate(value):
        problem = _record_problem(record, required, allowed)
        if problem:
            raise InputError(problem, source=label, row=row)
    return value


def _record_problem(record: Any, required: Sequence[str], allowed: set[str]) -> str | None:
    if not isinstance(record, Mapping):
        return f"expected an object, not {type(record).__name__}"
    for key in required:
        if key not in record:
            return f"the key {key!r} is missing"
    for key in record:
        if key not in allowed:
            return f"the key {key!r} is none of HIF's; put it into 'attrs'"
    if not isinstance(record.get(ATTRS, {}), Mapping):
        return f"'attrs' is {type(record[ATTRS]).__name__}; expected an object"
    if record.get(DIRECTION, DIRECTIONS[0]) not in DIRECTIONS:
        return f"the direction is {record[DIRECTION]!r}; expected 'head' or 'tail'"
    weight = record.get(WEIGHT, 0)
    if isinstance(weight, bool) or not isinstance(weight, Real):
        return f"the weight is {weight!r}; expected a number"
    return None


def _source(records: Sequence[Mapping[str, Any]], ids: Sequence[str], label: str) -> Source:
    columns = {name: id_array([record[name] for record in records], label, name) for name in ids}
    rows = [_properties(record, label, row) for row, record in enumerate(records)]
    taken = (*ids, ID, SRC, DST)
    return Source.of(pa.table({**columns, **attribute_columns(rows, taken, label)}), label)


def _properties(record: Mapping[str, Any], label: str, row: int) -> dict[Any, Any]:
    """The attributes of a record, with its own keys among them under the names of our columns."""
    own = {WEIGHT: record.get(WEIGHT), ROLE: record.get(DIRECTION)}
    own = {name: value for name, value in own.items() if value is not None}
    attrs = record.get(ATTRS, {})
    both = own.keys() & attrs.keys()
    if both:
        raise InputError(
            f"'attrs' has {both.pop()!r} as well as the record itself; drop one",
            source=label,
            row=row,
        )
    return {**own, **attrs}


def _to_records(table: pa.Table, own: Sequence[str]) -> list[dict[str, Any]]:
    records = []
    for row in table.to_pylist():
        present = {name: value for name, value in row.items() if value is not None}
        record = {name: value for name, value in present.items() if name in own}
        attrs = {name: value for name, value in present.items() if name not in own}
        records.append({**record, ATTRS: attrs} if attrs else record)
    return records
