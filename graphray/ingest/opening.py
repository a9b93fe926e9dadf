"""Opening what a user passed as streams: the same forms as `graphray.ingest.inputs`, unread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphray.bfloat16 import empty_table
from graphray.executor import Executor
from graphray.ingest.file_stream import FileStream
from graphray.ingest.files import find_files
from graphray.ingest.inputs import endpoint_columns, is_paths, read_edges, read_nodes
from graphray.ingest.source import Source
from graphray.ingest.streams import Stream, TableStream


@dataclass(frozen=True)
class EdgeStream:
    """The edges of one relation, to be read in batches.

    Attributes:
        stream: the table.
        src: the column of source ids.
        dst: the column of destination ids.
        directed: what the input says itself; None where it says nothing.
        source_nodes: nodes on the source side that the input brings along, or None.
        destination_nodes: likewise on the destination side.
    """

    stream: Stream
    src: str
    dst: str
    directed: bool | None = None
    source_nodes: Source | None = None
    destination_nodes: Source | None = None


def open_edges(
    edges: Any,
    name: str,
    *,
    src: str | None,
    dst: str | None,
    batch_bytes: int,
    executor: Executor,
) -> EdgeStream:
    """Open the edges of one relation; arguments and errors are those of `read_edges`.

    ``batch_bytes`` is about how much of a text is parsed at once, and ``executor`` takes the first
    look at files.
    """
    if not is_paths(edges):
        read = read_edges(edges, name, src, dst)
        return EdgeStream(
            TableStream(read.source),
            read.src,
            read.dst,
            read.directed,
            read.source_nodes,
            read.destination_nodes,
        )
    stream = FileStream(find_files(edges), batch_bytes, executor)
    columns = endpoint_columns(Source.of(empty_table(stream.schema), stream.label), src, dst)
    return EdgeStream(stream, *columns)


def open_nodes(nodes: Any, name: str, *, batch_bytes: int, executor: Executor) -> Stream:
    """Open a node table; arguments and errors are those of `read_nodes`."""
    if not is_paths(nodes):
        return TableStream(read_nodes(nodes, name))
    stream = FileStream(find_files(nodes), batch_bytes, executor)
    if not stream.schema.names:
        raise Source.of(empty_table(stream.schema), stream.label).problem(
            "there are no columns; a node table has its ids in one"
        )
    return stream
