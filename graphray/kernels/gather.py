"""Gathers over many partitions by base address (see `graphray.kernels.memory`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.memory import copy_bytes, load, prefetch, prefetch_once
from graphray.kernels.neighbors import owner_of

Ints = npt.NDArray[np.int64]

# How far ahead of being read cache lines are asked for; see `graphray.kernels.neighbors`.
_ROWS_AHEAD = 32
_DRAWS_AHEAD = 48


@kernel
def gather_rows(
    indices: Ints, owners: npt.NDArray[np.int32], bases: Ints, values: npt.NDArray[Any]
) -> None:
    """One value per row.

    Args:
        indices: ``int64[n]``, global ids or positions.
        owners: ``int32[n]``, the partition of each.
        bases: ``int64[parts]``, addresses; rows of partitions with a 0 are left as they are.
        values: filled, ``[n]`` of the stored dtype.
    """
    width = values.itemsize
    for i in range(len(indices)):
        ahead = i + _ROWS_AHEAD
        if ahead < len(indices):
            prefetch(bases[owners[ahead]] + indices[ahead] * width)
        if bases[owners[i]]:
            values[i] = load(values, bases[owners[i]] + indices[i] * width)


@kernel
def gather_draws(
    positions: Ints,
    bounds: Ints,
    owners: npt.NDArray[np.int32],
    bases: Ints,
    values: npt.NDArray[Any],
) -> None:
    """One value per draw, for the rows whose partitions have an address.

    Args:
        positions: ``int64[draws]``, edge positions.
        bounds: ``int64[n + 1]``, the draws of each row.
        owners: ``int32[n]``, the partition of each row.
        bases: ``int64[parts]``, addresses; rows of partitions with a 0 are left as they are.
        values: filled, ``[draws]`` of the stored dtype.
    """
    width = values.itemsize
    ahead = 0
    for row in range(len(owners)):
        while ahead < len(owners) and bounds[ahead] < bounds[row] + _DRAWS_AHEAD:
            base = bases[owners[ahead]]
            for at in range(bounds[ahead], bounds[ahead + 1]):
                prefetch_once(base + positions[at] * width)
            ahead += 1
        base = bases[owners[row]]
        if base:
            for at in range(bounds[row], bounds[row + 1]):
                values[at] = load(values, base + positions[at] * width)


@kernel
def gather_from_owners(
    gids: npt.NDArray[Any], offsets: Ints, bases: Ints, values: npt.NDArray[Any]
) -> None:
    """One value per node, of whatever partition it is; all are mapped.

    Args:
        gids: global ids ``[n]``, repeats allowed.
        offsets: ``int64[parts + 1]``, the book's ranges of their type.
        bases: ``int64[parts]``, addresses, shifted so that global ids index them.
        values: filled, ``[n]`` of the stored dtype.
    """
    width = values.itemsize
    for i in range(len(gids)):
        gid = np.int64(gids[i])
        values[i] = load(values, bases[owner_of(offsets, gid)] + gid * width)


@kernel
def gather_spans(firsts: Ints, counts: Ints, values: npt.NDArray[Any]) -> None:
    """Runs of values, end to end.

    Args:
        firsts: ``int64[n]``, the address of each run's first value.
        counts: ``int64[n]``, how long each is.
        values: filled, ``[sum(counts)]`` of the stored dtype.
    """
    width, to = values.itemsize, values.ctypes.data
    for i in range(len(firsts)):
        if i + 1 < len(firsts):
            prefetch(firsts[i + 1])
        copy_bytes(to, firsts[i], counts[i] * width)
        to += counts[i] * width


@kernel
def gather_entries(firsts: Ints, counts: Ints, entries: Ints, values: npt.NDArray[Any]) -> None:
    """The values of some entries of rows.

    Args:
        firsts: ``int64[n]``, the address of each row's first value.
        counts: ``int64[n]``, how many of its values are wanted.
        entries: ``int64[m]``, which, counted from the row's first, row after row.
        values: filled, ``[m]`` of the stored dtype.
    """
    at = 0
    for row in range(len(firsts)):
        for _ in range(counts[row]):
            values[at] = load(values, firsts[row] + entries[at] * values.itemsize)
            at += 1
