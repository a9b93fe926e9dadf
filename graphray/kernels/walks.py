"""Random walks: many walkers, each a step at a time, over the partitions that are mapped.

A step costs two reads that miss the cache: the row's bounds, and one of its entries. Walkers are
independent, so a pass moves every walker of a block by one step, in three phases of which each asks
for what the next will read, a chunk of walkers apart (as in `graphray.kernels.neighbors`). A block
is small enough that its paths stay in the cache until they are done.

The random words of a walker are ``mix64(key + n * GOLDEN)`` with n odd for where step ``n // 2``
leads and even for whether it sets out from the seed again: a function of the walker's key and the
step. So any process that has the row can make the step, and walkers may be handed on at any time.

A walk may follow several adjacencies in turn (a metapath), given as a row each of the tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import GOLDEN, below, mix64
from graphray.kernels.memory import load_int64, load_uint32, prefetch
from graphray.kernels.neighbors import owner_of
from graphray.kernels.rows import NARROW_BYTES, Rows, entry_at

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

NOWHERE = -1
"""What stands in a path behind the end of its walk."""

_32 = np.uint64(32)
_CHUNK = 16
_BLOCK = 256

# What a walker's next entry is, where that is not an address.
_WAITS, _ENDS = 0, 1


@inlined
def step_word(key: Any, made: Any) -> Any:
    """The random word that says where the step after ``made`` steps leads."""
    return mix64(key + GOLDEN * np.uint64(2 * made + 1))


@inlined
def restart_word(key: Any, made: Any) -> Any:
    """The random word that says whether the step after ``made`` steps is one from the seed."""
    return mix64(key + GOLDEN * np.uint64(2 * made + 2))


@kernel
def walker_keys(stable: Ints, occurrence: Ints, walks_per_seed: int, key: np.uint64) -> Words:
    """The key of every walker's random stream.

    Args:
        stable: ``int64[n]``, the seeds' stable ids.
        occurrence: ``int64[n]``, how often each seed stood in the list before.
        walks_per_seed: how many walkers start at each.
        key: the key of all of them.

    Returns:
        ``uint64[n * walks_per_seed]``, the walkers of a seed side by side.
    """
    keys = np.empty(len(stable) * walks_per_seed, np.uint64)
    for i in range(len(stable)):
        seed_key = mix64((np.uint64(stable[i]) * GOLDEN) ^ key)
        for walk in range(walks_per_seed):
            number = np.uint64(occurrence[i] * walks_per_seed + walk)
            keys[i * walks_per_seed + walk] = mix64(seed_key + (number + np.uint64(1)) * GOLDEN)
    return keys


@kernel
def advance_walks(
    paths: Ints, made: Ints, needed: Ints, keys: Words, restart_below: np.uint64, rows: Rows
) -> None:
    """Take every walker as far as the rows that are mapped lead it.

    Step s follows adjacency ``s % cycle``. At the beginning of a round of the cycle a walk may set
    out from its seed again. It is over where there is no entry to follow.

    Args:
        paths: ``int64[walkers, length + 1]``, global ids; column 0 is where each started, and
            column ``made`` where it is. Filled from there on; entries behind the end stay.
        made: ``int64[walkers]``, the steps each has made; advanced. Less than ``length`` where it
            waits for a row that is not mapped; ``~steps`` where it is at a dead end.
        needed: filled for those that wait with the node whose row that is, ``int64[walkers]``.
        keys: ``uint64[walkers]``.
        restart_below: a walk sets out from its seed again where its restart word is below this.
        rows: the adjacencies to follow in turn.
    """
    owners, entries = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    coins = np.empty(_BLOCK, np.uint64)
    for begin in range(0, len(paths), _BLOCK):
        block = slice(begin, min(len(paths), begin + _BLOCK))
        _advance_block(
            paths[block], made[block], needed[block], keys[block], restart_below, rows,
            owners, entries, coins,
        )  # fmt: skip


@kernel
def _advance_block(
    paths: Ints, made: Ints, needed: Ints, keys: Words, restart_below: np.uint64, rows: Rows,
    owners: Ints, entries: Ints, coins: Words,
) -> None:  # fmt: skip
    """The same for a block of walkers; ``owners``, ``entries`` and ``coins`` are scratch memory."""
    count = len(paths)
    moved = True
    while moved:
        moved = False
        for begin in range(0, count + 2 * _CHUNK, _CHUNK):
            chunk = begin, min(count, begin + _CHUNK)
            _ask_for_bounds(paths, made, needed, keys, restart_below, rows, chunk, owners)
            chunk = max(0, begin - _CHUNK), min(count, begin)
            _ask_for_entries(made, needed, keys, rows, chunk, owners, entries, coins)
            chunk = max(0, begin - 2 * _CHUNK), min(count, begin - _CHUNK)
            moved |= _move(paths, made, rows, chunk, entries, coins)


@kernel
def _ask_for_bounds(
    paths: Ints, made: Ints, needed: Ints, keys: Words, restart_below: np.uint64, rows: Rows,
    chunk: tuple[int, int], owners: Ints,
) -> None:  # fmt: skip
    """Find out whose the walkers' rows are, and prefetch the bounds of those that are mapped."""
    length, cycle = paths.shape[1] - 1, len(rows.widths)
    for i in range(chunk[0], chunk[1]):
        step = made[i]
        owners[i] = -1
        if step < 0 or step >= length:
            continue
        turn = 0 if cycle == 1 else step % cycle
        again = turn == 0 and restart_word(keys[i], step) < restart_below
        needed[i] = paths[i, 0 if again else step]
        owner = owner_of(rows.node_offsets[turn], needed[i])
        if rows.indptr_bases[turn, owner] != 0:
            owners[i] = owner
            prefetch(rows.indptr_bases[turn, owner] + needed[i] * 8)


@kernel
def _ask_for_entries(
    made: Ints, needed: Ints, keys: Words, rows: Rows,
    chunk: tuple[int, int], owners: Ints, entries: Ints, coins: Words,
) -> None:  # fmt: skip
    """Choose an entry of every row, or the cell of its alias table, and prefetch it."""
    cycle = len(rows.widths)
    for i in range(chunk[0], chunk[1]):
        owner, step = owners[i], made[i]
        if owner < 0:
            entries[i] = _WAITS
            continue
        turn = 0 if cycle == 1 else step % cycle
        bound = rows.indptr_bases[turn, owner] + needed[i] * 8
        start = load_int64(bound)
        degree = load_int64(bound + 8) - start
        if degree == 0:
            entries[i] = _ENDS
            continue
        word = step_word(keys[i], step)
        position = rows.edge_offsets[turn, owner] + start + below(word, degree)
        if rows.alias_bases[turn, owner] == 0:
            entries[i] = rows.neighbor_bases[turn, owner] + position * rows.widths[turn]
        else:
            entries[i] = rows.alias_bases[turn, owner] + position * _cell_bytes(rows.widths[turn])
            # What is left of the word when its upper part has chosen the column.
            coins[i] = (word * np.uint64(degree)) >> _32
        prefetch(entries[i])


@kernel
def _move(
    paths: Ints, made: Ints, rows: Rows, chunk: tuple[int, int], entries: Ints, coins: Words
) -> bool:
    """Read the entries; returns whether any walker has moved."""
    cycle = len(rows.widths)
    is_weighted = rows.alias_bases.any()
    moved = False
    for i in range(chunk[0], chunk[1]):
        entry, step = entries[i], made[i]
        if entry == _WAITS:
            continue
        if entry == _ENDS:
            made[i] = ~step
            continue
        turn = 0 if cycle == 1 else step % cycle
        if is_weighted:
            paths[i, step + 1] = _alias_neighbor(entry, rows.widths[turn], coins[i])
        else:
            paths[i, step + 1] = entry_at(entry, rows.widths[turn])
        made[i] = step + 1
        moved = True
    return moved


@inlined
def _cell_bytes(width: Any) -> Any:
    return 16 if width == NARROW_BYTES else 24


@inlined
def _alias_neighbor(cell: Any, width: Any, coin: Any) -> Any:
    """The neighbour that a cell and a coin of 32 bits say."""
    other = np.int64(coin >= np.uint64(load_int64(cell)) >> _32)
    if width == NARROW_BYTES:
        return np.int64(load_uint32(cell + 8 + other * 4))
    return load_int64(cell + 8 + other * 8)
