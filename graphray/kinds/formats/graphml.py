"""GraphML, read as it streams by, so that every complaint names a line.

Read are nodes and edges with their data, keys with types and defaults, and whether edges are
directed. Ports and the data of the graph itself are passed over; nested graphs and hyperedges are
refused. (Brandes et al., "GraphML progress report", Graph Drawing 2001;
http://graphml.graphdrawing.org.)
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.parsers import expat

import pyarrow as pa

from graphray.errors import InputError
from graphray.ingest.frames import DST, ID, SRC
from graphray.ingest.graph import assemble
from graphray.ingest.inputs import EdgeInput
from graphray.ingest.source import Source
from graphray.ingest.text import TextPath, read_text
from graphray.kinds.formats.input_graph import tables_of
from graphray.kinds.formats.records import attribute_columns
from graphray.kinds.tables import GraphTables
from graphray.progress import progress
from graphray.schema import DEFAULT_NODE_TYPE, DEFAULT_RELATION

Domain = Literal["node", "edge"]
EDGE_ID = "edge_id"
_TYPES = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.large_string(),
}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def from_graphml(path: TextPath) -> GraphTables:
    """A property graph from a GraphML file; ids are strings, data becomes columns.

    An edge's own id, where there is one, becomes the column ``edge_id``.

    Raises:
        InputNotFound: where there is no such file.
        InputError: where it is no GraphML, a value is not of its key's type, an edge names a node
            that is not there, or some edges are directed and others are not; naming the line.
    """
    return parse_graphml(read_text(path), os.fspath(path))


def parse_graphml(text: str, label: str) -> GraphTables:
    """A property graph from the content of a GraphML file.

    Args:
        text: the content.
        label: what to call it in messages.

    Raises:
        InputError: as `from_graphml`.

    Example:
        >>> tables = parse_graphml(
        ...     '<graphml><graph edgedefault="directed"><node id="a"/><node id="b"/>'
        ...     '<edge source="a" target="b"/></graph></graphml>', "two.graphml")
        >>> tables.nodes["node"].column("id").to_pylist()
        ['a', 'b']
    """
    reader = _Reader(label)
    with progress(f"reading {label}"):
        reader.parse(text)
    nodes = _Source(reader.nodes, f"{label} (nodes)").table((ID,), reader.keys_of("node"))
    edges = _Source(reader.edges, f"{label} (edges)").table((SRC, DST), reader.keys_of("edge"))
    known = {node.ids[0] for node in reader.nodes}
    for edge in reader.edges:
        for end in edge.ids:
            if end not in known:
                raise InputError(
                    f"the edge names node {end!r}, which is not there", source=label, row=edge.line
                )
    relation = {DEFAULT_RELATION: EdgeInput(edges, SRC, DST)}
    directed = {DEFAULT_RELATION: reader.directed is not False}
    return tables_of(assemble(relation, {DEFAULT_NODE_TYPE: nodes}, directed, "error"))


@dataclass(frozen=True)
class _Key:
    """A declared attribute: its column, type and default."""

    name: str
    domain: str
    dtype: str
    default: Any = None


@dataclass(frozen=True)
class _Element:
    """A node or edge as it stood in the file."""

    line: int
    ids: tuple[str, ...]
    values: dict[str, Any] = field(default_factory=dict)


class _Reader:
    """Takes the events of the XML parser; see `parse`."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.nodes: list[_Element] = []
        self.edges: list[_Element] = []
        self.directed: bool | None = None
        self._default_directed = True
        self._keys: dict[str, _Key] = {}
        self._path: list[str] = []
        self._element: _Element | None = None
        self._key: str | None = None
        self._text: list[str] | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def parse(self, text: str) -> None:
        """Read the whole text; raises InputError."""
        try:
            self._parser.Parse(text.encode(), True)
        except expat.ExpatError as error:
            problem = f"is no XML: {expat.ErrorString(error.code)}"
            raise InputError(problem, source=self.label, row=error.lineno) from error
        except (UnicodeError, LookupError) as error:
            raise self._problem(f"its encoding cannot be read: {error}") from error

    def keys_of(self, domain: Domain) -> list[_Key]:
        """The keys that nodes, or edges, may have."""
        return [key for key in self._keys.values() if key.domain in (domain, "all")]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if not self._path and name != "graphml":
            raise self._problem(f"the outermost element is {name!r}; expected 'graphml'")
        start = {
            "key": self._start_key,
            "graph": self._start_graph,
            "node": self._start_node,
            "edge": self._start_edge,
            "data": self._start_data,
            "default": self._start_default,
            "hyperedge": self._start_hyperedge,
        }.get(name)
        if start is not None:
            start(attributes)
        self._path.append(name)

    def _start_key(self, attributes: dict[str, str]) -> None:
        identifier = self._attribute(attributes, "key", "id")
        dtype = attributes.get("attr.type", "string")
        if dtype not in _TYPES:
            raise self._problem(f"the type {dtype!r} is none of {', '.join(_TYPES)}")
        name = attributes.get("attr.name", identifier)
        self._keys[identifier] = _Key(name, attributes.get("for", "all"), dtype)
        self._key = identifier

    def _start_graph(self, attributes: dict[str, str]) -> None:
        if "graph" in self._path:
            raise self._problem("a graph within a graph is not read; bring them as several files")
        self._default_directed = attributes.get("edgedefault", "directed") != "undirected"

    def _start_node(self, attributes: dict[str, str]) -> None:
        self._element = _Element(self._line, (self._attribute(attributes, "node", "id"),))
        self.nodes.append(self._element)

    def _start_edge(self, attributes: dict[str, str]) -> None:
        ends = tuple(self._attribute(attributes, "edge", end) for end in ("source", "target"))
        said = attributes.get("directed")
        if said is not None and said not in _TRUTH:
            raise self._problem(f"directed is {said!r}; expected true or false")
        directed = self._default_directed if said is None else _TRUTH[said]
        if self.directed not in (None, directed):
            raise self._problem(
                "the edge is directed and others are not, or the reverse; bring them as two files"
            )
        self.directed = directed
        own = {EDGE_ID: attributes["id"]} if "id" in attributes else {}
        self._element = _Element(self._line, ends, dict(own))
        self.edges.append(self._element)

    def _start_data(self, attributes: dict[str, str]) -> None:
        self._key = self._attribute(attributes, "data", "key")
        self._text = []

    def _start_default(self, attributes: dict[str, str]) -> None:
        self._text = []

    def _start_hyperedge(self, attributes: dict[str, str]) -> None:
        raise self._problem("hyperedges are not read from GraphML; see graphray.Hypergraph")

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        name = self._path.pop()
        if name in ("node", "edge"):
            self._element = None
        elif name == "default" and self._key in self._keys:
            key = self._keys[self._key]
            value = self._value(key)
            self._keys[self._key] = _Key(key.name, key.domain, key.dtype, value)
        elif name == "data" and self._element is not None and self._path[-1] in ("node", "edge"):
            if self._key not in self._keys:
                raise self._problem(f"the key {self._key!r} is not declared")
            key = self._keys[self._key]
            self._element.values[key.name] = self._value(key)
        if name in ("data", "default"):
            self._text = None

    def _value(self, key: _Key) -> Any:
        """What the element that ends here holds, in the type of its key."""
        text = "".join(self._text or ())
        if key.dtype == "string":
            return text
        text = text.strip()
        try:
            value = _TRUTH[text.lower()] if key.dtype == "boolean" else _number(text, key.dtype)
            return pa.scalar(value, _TYPES[key.dtype]).as_py()
        except (KeyError, ValueError, OverflowError, pa.ArrowException) as error:
            raise self._problem(f"{key.name!r} is {text!r}, which is no {key.dtype}") from error

    def _attribute(self, attributes: dict[str, str], element: str, name: str) -> str:
        if name not in attributes:
            raise self._problem(f"the element {element!r} lacks {name!r}")
        return attributes[name]

    @property
    def _line(self) -> int:
        return self._parser.CurrentLineNumber

    def _problem(self, message: str) -> InputError:
        return InputError(message, source=self.label, row=self._line)


def _number(text: str, dtype: str) -> int | float:
    return int(text) if dtype in ("int", "long") else float(text)


@dataclass(frozen=True)
class _Source:
    """Elements on the way to a table."""

    elements: list[_Element]
    label: str

    def table(self, ids: tuple[str, ...], keys: list[_Key]) -> Source:
        """A row per element: its ids, its data by name, defaults where it has none."""
        columns = {
            name: pa.array([element.ids[i] for element in self.elements], pa.large_string())
            for i, name in enumerate(ids)
        }
        rows = [element.values for element in self.elements]
        if any(EDGE_ID in row for row in rows):
            columns |= attribute_columns([{EDGE_ID: r.get(EDGE_ID)} for r in rows], ids, self.label)
        for key in keys:
            if key.name in columns:
                raise InputError(
                    f"two keys have the name {key.name!r}, or it is taken; rename one",
                    source=self.label,
                )
            values = [row.get(key.name, key.default) for row in rows]
            columns[key.name] = pa.array(values, _TYPES[key.dtype])
        return Source.of(pa.table(columns), self.label)
