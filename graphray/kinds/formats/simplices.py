"""Timestamped simplices in three files, as in Benson et al.'s collection of higher-order data.

``NAME-nverts.txt`` has the number of vertices of each simplex, a line each; ``NAME-simplices.txt``
their vertices, all in a row, a line each; ``NAME-times.txt`` a time per simplex. Beside them
``NAME-node-labels.txt`` may name vertices: ``<vertex> <label>``. (Benson, Abebe, Schaub, Jadbabaie
and Kleinberg, "Simplicial closure and higher-order link prediction", PNAS 2018.)
"""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import fs

from graphray.errors import InputError, InputNotFound
from graphray.ingest.files import filesystem_of
from graphray.ingest.frames import ID
from graphray.ingest.source import Source
from graphray.ingest.text import TextPath, file_exists, lines_of, read_text
from graphray.kinds.incidence import HYPEREDGE, VERTEX, hypergraph_tables
from graphray.kinds.tables import GraphTables
from graphray.progress import progress

TIME, LABEL = "time", "label"
_NVERTS, _SIMPLICES, _TIMES, _LABELS = (
    "-nverts.txt",
    "-simplices.txt",
    "-times.txt",
    "-node-labels.txt",
)


def from_simplices(path: TextPath) -> GraphTables:
    """A hypergraph from the three files of a simplex data set.

    Args:
        path: the folder they are in, or their common beginning, such as
            ``email-Enron/email-Enron``.

    Returns:
        A hyperedge per simplex, numbered from 0, with its ``time`` where there is a file of times;
        vertices with the column ``label`` where there is a file of labels.

    Raises:
        InputNotFound: where a file is missing.
        InputError: where the files do not fit together, or a line does not hold what it should;
            naming file and line.
    """
    prefix = _prefix(os.fspath(path))
    with progress(f"reading {prefix}", total=2, unit="files") as bar:
        sizes = _integers(prefix + _NVERTS)
        bar.advance()
        members = _integers(prefix + _SIMPLICES)
    _check_sizes(sizes, len(members), prefix)
    hyperedge = np.repeat(np.arange(len(sizes)), sizes)
    _refuse_repeats(hyperedge, members, prefix + _SIMPLICES)
    hyperedges = {ID: pa.array(np.arange(len(sizes)))}
    if file_exists(prefix + _TIMES):
        hyperedges[TIME] = pa.array(_times(prefix, len(sizes)))
    incidence = pa.table({VERTEX: members, HYPEREDGE: hyperedge})
    return hypergraph_tables(
        Source.of(incidence, prefix + _SIMPLICES, first_row=1),
        _labels(prefix + _LABELS) if file_exists(prefix + _LABELS) else None,
        Source.of(pa.table(hyperedges), prefix + _NVERTS, first_row=1),
    )


def _prefix(path: str) -> str:
    filesystem, inner = filesystem_of(path)
    if filesystem.get_file_info(inner).type != fs.FileType.Directory:
        return path
    names = [info.base_name for info in filesystem.get_file_info(fs.FileSelector(inner))]
    found = sorted(name for name in names if name.endswith(_NVERTS))
    if len(found) != 1:
        raise InputNotFound(
            f"has {len(found)} files *{_NVERTS} instead of one"
            + (f" ({', '.join(found)}); name one of them without its ending" if found else ""),
            source=path,
        )
    return f"{path.rstrip('/')}/{found[0].removesuffix(_NVERTS)}"


def _integers(path: str) -> npt.NDArray[np.int64]:
    """A file of one integer a line."""
    lines = pa.array([line.text.strip() for line in lines_of(read_text(path))], pa.large_string())
    good = pc.match_substring_regex(lines, r"^-?[0-9]{1,18}$")
    row = pc.index(good, False).as_py()
    if row >= 0:
        raise InputError(f"{lines[row].as_py()!r} is no integer", source=path, row=row + 1)
    return lines.cast(pa.int64()).to_numpy()


def _check_sizes(sizes: npt.NDArray[np.int64], num_members: int, prefix: str) -> None:
    empty = np.flatnonzero(sizes < 1)
    if len(empty):
        raise InputError(
            f"a simplex of {sizes[empty[0]]} vertices; every one has at least 1",
            source=prefix + _NVERTS,
            row=int(empty[0]) + 1,
        )
    # As Python integers: the sum of what a broken file says may not fit into 64 bits.
    announced = sum(sizes.tolist())
    if announced != num_members:
        raise InputError(
            f"the simplices have {announced} vertices together, but {prefix + _SIMPLICES} has "
            f"{num_members}",
            source=prefix + _NVERTS,
            row=len(sizes),
        )


def _refuse_repeats(
    hyperedge: npt.NDArray[np.int64], members: npt.NDArray[np.int64], path: str
) -> None:
    order = np.lexsort((members, hyperedge))
    same = (np.diff(hyperedge[order]) == 0) & (np.diff(members[order]) == 0)
    if same.any():
        row = int(order[1:][same].min())
        raise InputError(
            f"vertex {members[row]} is in simplex {hyperedge[row]} twice", source=path, row=row + 1
        )


def _times(prefix: str, num_simplices: int) -> npt.NDArray[np.int64]:
    times = _integers(prefix + _TIMES)
    if len(times) != num_simplices:
        raise InputError(
            f"has {len(times)} times, but {prefix + _NVERTS} has {num_simplices} simplices",
            source=prefix + _TIMES,
            row=min(len(times), num_simplices) + 1,
        )
    return times


def _labels(path: str) -> Source:
    ids, labels = [], []
    for line in lines_of(read_text(path)):
        vertex, _, label = line.text.strip().partition(" ")
        digits = vertex.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            raise InputError(
                f"expected a vertex and its label, not {line.text!r}", source=path, row=line.number
            )
        ids.append(int(vertex))
        labels.append(label)
    table = pa.table({ID: pa.array(ids, pa.int64()), LABEL: pa.array(labels, pa.large_string())})
    return Source.of(table, path, first_row=1)
