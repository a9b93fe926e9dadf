"""hMETIS ``.hgr`` files, which hypergraph partitioners read and write.

After comments (``%``) the first line has the number of hyperedges, that of vertices, and perhaps a
format: 1 where hyperedges have weights, 10 where vertices have, 11 for both. A line per hyperedge
follows, its weight first, then its vertices, which count from 1; then a line per vertex with its
weight. (Karypis and Kumar, "hMETIS 1.5: A Hypergraph Partitioning Package", 1998, section 4.1.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from graphray.errors import InputError
from graphray.ingest.frames import ID
from graphray.ingest.source import Source
from graphray.ingest.text import Line, TextPath, lines_of, read_text
from graphray.kinds.incidence import HYPEREDGE, VERTEX, WEIGHT, hypergraph_tables
from graphray.kinds.tables import GraphTables
from graphray.progress import progress

_HYPEREDGE_WEIGHTS, _VERTEX_WEIGHTS = 1, 10
_FORMATS = (0, 1, 10, 11)
_DIGITS_MAX = 18  # What has more does not fit into 64 bits.
# A damaged first line must not make this process ask for all memory there is.
_VERTICES_PER_BYTE_MAX = 100


def from_hmetis(path: TextPath) -> GraphTables:
    """A hypergraph from an hMETIS file; vertices and hyperedges count from 1, as in the file.

    Weights become the column ``weight`` of hyperedges, and of vertices.

    Raises:
        InputNotFound: where there is no such file.
        InputError: where the file does not hold what its first line announces, a hyperedge is empty
            or names a vertex twice or out of range; naming the line.
    """
    return parse_hmetis(read_text(path), os.fspath(path))


def parse_hmetis(text: str, label: str) -> GraphTables:
    r"""A hypergraph from the content of an hMETIS file.

    Args:
        text: the content.
        label: what to call it in messages.

    Raises:
        InputError: as `from_hmetis`.

    Example:
        >>> tables = parse_hmetis("2 3 1\n5 1 2\n7 2 3\n", "net.hgr")
        >>> tables.nodes["hyperedge"].to_pydict()
        {'id': [1, 2], 'weight': [5, 7]}
    """
    lines = (line for line in lines_of(text) if not line.text.lstrip().startswith("%"))
    header = _header(lines, label)
    if header.num_vertices > _VERTICES_PER_BYTE_MAX * len(text):
        raise InputError(
            f"the first line announces {header.num_vertices} vertices, but the file has only "
            f"{len(text)} characters",
            source=label,
        )
    sizes, pins, weights = _hyperedges(lines, header, label)
    vertex_weights = _vertex_weights(lines, header, label)
    _refuse_more(lines, label)
    vertices = {ID: pa.array(np.arange(1, header.num_vertices + 1))}
    hyperedges = {ID: pa.array(np.arange(1, header.num_hyperedges + 1))}
    if header.weighted_hyperedges:
        hyperedges[WEIGHT] = pa.array(weights, pa.int64())
    if header.weighted_vertices:
        vertices[WEIGHT] = pa.array(vertex_weights, pa.int64())
    hyperedge_of_pin = np.repeat(np.arange(1, header.num_hyperedges + 1), sizes)
    incidence = pa.table({VERTEX: pa.array(pins, pa.int64()), HYPEREDGE: hyperedge_of_pin})
    return hypergraph_tables(
        Source.of(incidence, f"{label} (incidences)"),
        Source.of(pa.table(vertices), f"{label} (vertices)"),
        Source.of(pa.table(hyperedges), f"{label} (hyperedges)"),
    )


class _Header(NamedTuple):
    num_hyperedges: int
    num_vertices: int
    format: int

    @property
    def weighted_hyperedges(self) -> bool:
        return self.format % 10 == 1

    @property
    def weighted_vertices(self) -> bool:
        return self.format >= _VERTEX_WEIGHTS


def _header(lines: Iterator[Line], label: str) -> _Header:
    first = next((line for line in lines if line.text.strip()), None)
    if first is None:
        raise InputError(
            "the file is empty; expected the numbers of hyperedges and vertices", source=label
        )
    numbers = _numbers(first, label)
    if len(numbers) not in (2, 3):
        raise InputError(
            f"the first line has {len(numbers)} numbers; expected how many hyperedges and vertices "
            "there are, and perhaps the format",
            source=label,
            row=first.number,
        )
    header = _Header(numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else 0)
    if header.format not in _FORMATS:
        raise InputError(
            f"the format is {header.format}; expected 0, 1 (hyperedges have weights), 10 (vertices "
            "have), or 11 (both)",
            source=label,
            row=first.number,
        )
    return header


def _hyperedges(
    lines: Iterator[Line], header: _Header, label: str
) -> tuple[list[int], list[int], list[int]]:
    """The size of every hyperedge, the vertices of all in a row, and the weights."""
    sizes: list[int] = []
    pins: list[int] = []
    weights: list[int] = []
    with progress(f"reading {label}", total=header.num_hyperedges, unit="hyperedges") as bar:
        for _ in range(header.num_hyperedges):
            line = _expect(lines, label, "hyperedges", len(sizes), header.num_hyperedges)
            numbers = _numbers(line, label)
            if header.weighted_hyperedges:
                weights.extend(numbers[:1])
                numbers = numbers[1:]
            _check_pins(numbers, header.num_vertices, line, label)
            sizes.append(len(numbers))
            pins.extend(numbers)
            bar.advance()
    return sizes, pins, weights


def _check_pins(vertices: list[int], num_vertices: int, line: Line, label: str) -> None:
    if not vertices:
        raise InputError("the hyperedge is empty; drop it", source=label, row=line.number)
    if min(vertices) < 1 or max(vertices) > num_vertices:
        wrong = next(v for v in vertices if not 1 <= v <= num_vertices)
        raise InputError(
            f"vertex {wrong}; the first line announces vertices 1..{num_vertices}",
            source=label,
            row=line.number,
        )
    if len(set(vertices)) < len(vertices):
        twice = next(v for i, v in enumerate(vertices) if v in vertices[:i])
        raise InputError(f"vertex {twice} is in the hyperedge twice", source=label, row=line.number)


def _vertex_weights(lines: Iterator[Line], header: _Header, label: str) -> list[int]:
    weights: list[int] = []
    if not header.weighted_vertices:
        return weights
    for _ in range(header.num_vertices):
        line = _expect(lines, label, "vertex weights", len(weights), header.num_vertices)
        numbers = _numbers(line, label)
        if len(numbers) != 1:
            raise InputError(
                f"has {len(numbers)} numbers; expected the weight of vertex {len(weights) + 1}",
                source=label,
                row=line.number,
            )
        weights.extend(numbers)
    return weights


def _expect(lines: Iterator[Line], label: str, what: str, found: int, announced: int) -> Line:
    line = next(lines, None)
    if line is None:
        raise InputError(
            f"ends after {found} {what}; the first line announces {announced}", source=label
        )
    return line


def _refuse_more(lines: Iterator[Line], label: str) -> None:
    more = next((line for line in lines if line.text.strip()), None)
    if more is not None:
        raise InputError(
            "the file goes on after all that its first line announces",
            source=label,
            row=more.number,
        )


def _numbers(line: Line, label: str) -> list[int]:
    words = line.text.split()
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) <= _DIGITS_MAX):
            raise InputError(
                f"{word!r} is no number from 0 up to {10**_DIGITS_MAX - 1}",
                source=label,
                row=line.number,
            )
    return [int(word) for word in words]
