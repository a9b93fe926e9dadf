"""Answers of several partitions, put together in the order in which was asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.changes.queries import Nodes, Rows
from graphray.ids import UserIds

Ints = npt.NDArray[np.int64]


def join_nodes(
    count: int, pieces: Sequence[tuple[Ints, Nodes]]
) -> tuple[npt.NDArray[np.bool_], pa.RecordBatch]:
    """What was asked about nodes.

    Args:
        count: about how many nodes.
        pieces: which of them an answer is about, and the answer. Of several answers about one node,
            one at most says that it exists.

    Returns:
        Which nodes exist, ``bool[count]``, and a row for each of those, in their order.
    """
    exists = np.zeros(count, np.bool_)
    found = [rows[answer.exists] for rows, answer in pieces]
    for rows in found:
        exists[rows] = True
    return exists, _in_order(found, [answer.columns for _, answer in pieces])


def join_rows(count: int, pieces: Sequence[tuple[Ints, Rows]]) -> Rows:
    """What was asked about adjacency rows; see `join_nodes`."""
    if len(pieces) == 1 and len(pieces[0][0]) == count and _is_rising(pieces[0][0]):
        return pieces[0][1]  # About all nodes, in their order.
    exists = np.zeros(count, np.bool_)
    lengths = np.zeros(count, np.int64)
    for rows, answer in pieces:
        there = rows[answer.exists]
        exists[there] = True
        lengths[there] = np.diff(answer.offsets)[answer.exists]
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    # Where each entry of each answer goes: rows of nodes that do not exist are empty.
    places = [
        np.repeat(offsets[rows] - answer.offsets[:-1], np.diff(answer.offsets))
        + np.arange(len(answer.edge))
        for rows, answer in pieces
    ]
    order = np.argsort(np.concatenate([np.empty(0, np.int64), *places]))
    answers = [answer for _, answer in pieces]
    return Rows(
        exists,
        offsets,
        _taken([answer.far_part for answer in answers], order),
        _taken([answer.far_stable for answer in answers], order),
        _taken_ids([answer.far_ids for answer in answers], order),
        _taken([answer.edge for answer in answers], order),
        _in_order(places, [answer.columns for answer in answers]),
    )


def _in_order(places: Sequence[Ints], batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """The rows of all batches, each at its place."""
    if len(batches) == 1 and _is_rising(places[0]):
        return batches[0]
    filled = [batch for batch in batches if batch.num_columns]
    if not filled:
        return pa.record_batch([], schema=pa.schema([]))
    order = pa.array(np.argsort(np.concatenate(places)))
    table = pa.Table.from_batches(filled)
    columns = [table.column(i).combine_chunks().take(order) for i in range(table.num_columns)]
    return pa.record_batch(columns, schema=table.schema)


def _is_rising(places: Ints) -> bool:
    return len(places) <= 1 or bool((places[1:] > places[:-1]).all())


def _taken(arrays: Sequence[npt.NDArray[Any]], order: Ints) -> npt.NDArray[Any]:
    return np.concatenate([*arrays])[order] if arrays else np.empty(0, np.int64)


def _taken_ids(ids: Sequence[UserIds], order: Ints) -> UserIds:
    if ids and not isinstance(ids[0], np.ndarray):
        return pa.concat_arrays(ids).take(pa.array(order))
    return _taken([np.asarray(some) for some in ids], order)
