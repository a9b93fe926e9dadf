"""Random walks: many walkers, each a step at a time, over the partitions that are mapped.

A step costs two reads that miss the cache: the row's bounds, and one of its entries. Walkers are
independent, so a pass moves every walker of a block that is under way by one step, in three phases
of which each asks for what the next will read, a chunk of walkers apart (as in
`graphray.kernels.neighbors`). A block is small enough that its paths stay in the cache until they
are done. Walkers that wait or have ended are off the list, so that no phase asks about them.

The random words of a walker are ``mix64(key + n * GOLDEN)`` with n odd for where step ``n // 2``
leads and even for whether it sets out from the seed again: a function of the walker's key and the
step. So any process that has the row can make the step, and walkers may be handed on at any time.

A walk may follow several adjacencies in turn (a metapath), given as a row each of the tables.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import GOLDEN, below, mix64
from graphray.kernels.memory import load_int64, load_uint32, prefetch, prefetch_once
from graphray.kernels.rows import NARROW_BYTES, Rows, entry_at

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

NOWHERE = -1
"""What stands in a path behind the end of its walk."""

_32 = np.uint64(32)
_CHUNK = 16
_BLOCK = 256

# What stands for a walker's row, or its next entry, where that is not an address.
_WAITS, _ENDS = 0, 1


class _Scratch(NamedTuple):
    """What a pass knows of the walkers that are under way, in the order of the list.

    Attributes:
        walkers: the list: ``int64[_BLOCK]``, their numbers.
        owners: ``int64[_BLOCK]``, whose the row is that each is at.
        addresses: ``int64[_BLOCK]``, of the row's bounds, then of the entry to follow.
        coins: ``uint64[_BLOCK]``, what is left of the random word when it has chosen the entry.
    """

    walkers: Ints
    owners: Ints
    addresses: Ints
    coins: Words


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
    scratch = _Scratch(
        np.empty(_BLOCK, np.int64),
        np.empty(_BLOCK, np.int64),
        np.empty(_BLOCK, np.int64),
        np.empty(_BLOCK, np.uint64),
    )
    is_weighted: Any = rows.alias_bases.any()
    for begin in range(0, len(paths), _BLOCK):
        count = 0
        for i in range(begin, min(len(paths), begin + _BLOCK)):
            if 0 <= made[i] < paths.shape[1] - 1:
                needed[i] = paths[i, made[i]]
                scratch.walkers[count] = i
                count += 1
        while count > 0:
            count = _advance_once(
                count, paths, made, needed, keys, restart_below, rows, is_weighted, scratch
            )


@kernel
def _advance_once(
    count: int, paths: Ints, made: Ints, needed: Ints, keys: Words, restart_below: np.uint64,
    rows: Rows, is_weighted: bool, scratch: _Scratch,
) -> int:  # fmt: skip
    """Move the ``count`` walkers on the list by a step; returns how many are on it then."""
    walkers, addresses, coins = scratch.walkers, scratch.addresses, scratch.coins
    last, cycle, left = paths.shape[1] - 1, len(rows.widths), 0
    for ahead in range(0, count + 2 * _CHUNK, _CHUNK):
        for k in range(ahead, min(count, ahead + _CHUNK)):
            i = walkers[k]
            turn = 0 if cycle == 1 else made[i] % cycle
            if restart_below > 0 and turn == 0 and restart_word(keys[i], made[i]) < restart_below:
                needed[i] = paths[i, 0]
            scratch.owners[k], addresses[k] = _row_bounds(needed[i], turn, rows)
            prefetch(addresses[k])
        for k in range(max(0, ahead - _CHUNK), min(count, ahead)):
            i = walkers[k]
            turn = 0 if cycle == 1 else made[i] % cycle
            if addresses[k] != _WAITS:
                word = step_word(keys[i], made[i])
                addresses[k], coins[k] = _entry(
                    addresses[k], scratch.owners[k], turn, word, rows, is_weighted
                )
                prefetch_once(addresses[k])
        for k in range(max(0, ahead - 2 * _CHUNK), min(count, ahead - _CHUNK)):
            i, entry = walkers[k], addresses[k]
            if entry == _WAITS:
                continue
            if entry == _ENDS:
                made[i] = ~made[i]
                continue
            width = rows.widths[0 if cycle == 1 else made[i] % cycle]
            node = (
                _alias_neighbor(entry, width, coins[k]) if is_weighted else entry_at(entry, width)
            )
            made[i] += 1
            needed[i] = paths[i, made[i]] = node
            if made[i] < last:
                walkers[left] = i
                left += 1
    return left


@inlined
def _row_bounds(node: Any, turn: Any, rows: Any) -> Any:
    """Whose a row is, and the address of its bounds, or `_WAITS`."""
    offsets = rows.node_offsets
    # As `owner_of`, without a view of the row of the table.
    owner: Any = 0
    parts = offsets.shape[1] - 1
    while parts > 1:
        half = parts >> 1
        owner += half * np.int64(offsets[turn, owner + half] <= node)
        parts -= half
    base = rows.indptr_bases[turn, owner]
    return owner, base + node * 8 * np.int64(base != 0)


@inlined
def _entry(bounds: Any, owner: Any, turn: Any, word: Any, rows: Any, is_weighted: Any) -> Any:
    """The address of the entry or cell that a word chooses, or `_ENDS`; and the coin left over."""
    start = load_int64(bounds)
    degree = load_int64(bounds + 8) - start
    position = rows.edge_offsets[turn, owner] + start + below(word, degree)
    width = rows.widths[turn]
    if is_weighted:
        address = rows.alias_bases[turn, owner] + position * _cell_bytes(width)
    else:
        address = rows.neighbor_bases[turn, owner] + position * width
    coin = (word * np.uint64(degree)) >> _32
    return (address if degree > 0 else np.int64(_ENDS)), coin


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
