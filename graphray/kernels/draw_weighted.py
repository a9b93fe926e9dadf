"""Weighted draws; rows, streams and addresses are those of `graphray.kernels.neighbors`.

With replacement, a draw is one random word and one read of the alias table
(`graphray.kernels.derive_weights`): the word's product with the row's length has the column in its
upper half and an independent coin in its lower.

Without replacement, that is done until there are enough *distinct* entries: what is left after the
repeats are dropped are draws one after another, each in proportion to weight among the entries that
are left. Where repeats get too many (rows of few entries, or one that outweighs the rest) the
remaining draws are the winners of a race among the entries not yet drawn: entry i arrives after an
exponential time of rate w_i, and the first arrivals in their order have the same distribution
(Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006, whose keys
``u ** (1 / w)`` are these times under a falling function). A row's draws stand in the order in
which they were drawn, or, where all that can be drawn is taken, in the row's.

As in uniform draws, cache lines are asked for some draws before they are read.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import GOLDEN, below, mix64
from graphray.kernels.memory import load, prefetch_once

Ints = npt.NDArray[np.int64]
Addresses = npt.NDArray[np.int64]

# How many draws ahead of being read cache lines are asked for.
_DRAWS_AHEAD = 48
# Rows of fewer entries per draw start with the race: most tries would be repeats.
_RACE_BELOW = 1.25
# Tries per draw before the rest is left to a race.
_TRIES = 4

_1, _5, _32 = np.uint64(1), np.uint64(5), np.uint64(32)
_LOW_32 = np.uint64(0xFFFFFFFF)
_11 = np.uint64(11)
_WORDS = np.empty(0, np.uint64)


@inlined
def _alias_draw(table: Any, degree: Any, word: Any, neighbors: Any) -> Any:
    """The entry of a row that a random word draws, counted from its start, and the neighbour there.

    ``table`` is the address of the row's first cell.
    """
    column = below(word, degree)
    cell = table + column * _cell_bytes(neighbors)
    first, second = load(_WORDS, cell), load(_WORDS, cell + 8)
    coin = (word * np.uint64(degree)) >> _32
    # A coin toss that a branch predictor loses, so it is none.
    own: Any = np.int64(coin < first >> _32)
    other = 1 - own
    entry = own * column + other * np.int64(first & _LOW_32)
    if neighbors.itemsize == 4:
        return entry, np.int64((second >> (np.uint64(other) << _5)) & _LOW_32)
    return entry, np.int64(load(_WORDS, cell + 8 + other * 8))


@inlined
def _cell_bytes(neighbors: Any) -> Any:
    # A constant of the compiled kernel, see `graphray.kernels.derive_weights.cell_words`.
    return 16 if neighbors.itemsize == 4 else 24


@kernel
def draw_weighted_with_replacement(
    first: Ints,
    degrees: Ints,
    words: npt.NDArray[Any],
    owners: npt.NDArray[np.int32],
    bounds: Ints,
    key: np.uint64,
    alias_bases: Addresses,
    positions: Ints,
    neighbors: npt.NDArray[Any],
) -> None:
    """Fill every row's draws with entries of the row, each independent of the others.

    Args:
        first: ``int64[n]``, position of the row's first entry.
        degrees: ``int64[n]``, the row's length; below 1, the row is passed over.
        words: integers ``[n]``, what the row's random stream is keyed by.
        owners: ``int32[n]``, the row's partition.
        bounds: ``int64[n + 1]``, where each row's draws go.
        key: the key of the hop's random streams.
        alias_bases: ``int64[parts]``, addresses of the alias tables' cells by edge position.
        positions: filled with edge positions, ``int64[bounds[n]]``.
        neighbors: filled with global ids, ``uint32`` or ``int64`` as stored.
    """
    width = _cell_bytes(neighbors)
    count, ahead = len(first), 0
    for i in range(count):
        while ahead < count and bounds[ahead] < bounds[i] + _DRAWS_AHEAD:
            if degrees[ahead] > 0:
                state = mix64((np.uint64(words[ahead]) * GOLDEN) ^ key)
                table = alias_bases[owners[ahead]] + first[ahead] * width
                for _ in range(bounds[ahead], bounds[ahead + 1]):
                    state += GOLDEN
                    prefetch_once(table + below(mix64(state), degrees[ahead]) * width)
            ahead += 1
        if degrees[i] > 0:
            state = mix64((np.uint64(words[i]) * GOLDEN) ^ key)
            table = alias_bases[owners[i]] + first[i] * width
            for at in range(bounds[i], bounds[i + 1]):
                state += GOLDEN
                entry, neighbor = _alias_draw(table, degrees[i], mix64(state), neighbors)
                positions[at] = first[i] + entry
                neighbors[at] = neighbor


@kernel
def draw_weighted(
    first: Ints,
    degrees: Ints,
    words: npt.NDArray[Any],
    owners: npt.NDArray[np.int32],
    drawable: npt.NDArray[np.uint32],
    bounds: Ints,
    key: np.uint64,
    alias_bases: Addresses,
    weight_bases: Addresses,
    weight_like: npt.NDArray[Any],
    neighbor_bases: Addresses,
    positions: Ints,
    neighbors: npt.NDArray[Any],
) -> None:
    """Fill every row's draws with distinct entries of the row.

    Args:
        first: as for `draw_weighted_with_replacement`, as are the arguments not named here.
        degrees: as above.
        words: as above.
        owners: as above.
        drawable: ``uint32[n]``, how many entries of the row have a weight above 0.
        bounds: as above; a row has room for no more draws than it has drawable entries.
        key: as above.
        alias_bases: as above.
        weight_bases: ``int64[parts]``, addresses of the weights by edge position.
        weight_like: an array of the weights' dtype.
        neighbor_bases: ``int64[parts]``, addresses of the neighbours by edge position.
        positions: as above.
        neighbors: as above.
    """
    count, width = len(first), _cell_bytes(neighbors)
    widest = 0
    for i in range(count):
        if degrees[i] > 0:
            widest = max(widest, bounds[i + 1] - bounds[i])
    arrivals = np.empty(widest, np.float64)
    ahead = 0
    for i in range(count):
        while ahead < count and bounds[ahead] < bounds[i] + _DRAWS_AHEAD:
            wanted = bounds[ahead + 1] - bounds[ahead]
            if degrees[ahead] > 0 and wanted > 0:
                if wanted == drawable[ahead] or degrees[ahead] < _RACE_BELOW * wanted:
                    owner, start = owners[ahead], first[ahead]
                    prefetch_once(weight_bases[owner] + start * weight_like.itemsize)
                    prefetch_once(neighbor_bases[owner] + start * neighbors.itemsize)
                else:
                    state = mix64((np.uint64(words[ahead]) * GOLDEN) ^ key)
                    table = alias_bases[owners[ahead]] + first[ahead] * width
                    for _ in range(wanted):
                        state += GOLDEN
                        prefetch_once(table + below(mix64(state), degrees[ahead]) * width)
            ahead += 1
        start, degree, at = first[i], degrees[i], bounds[i]
        wanted = bounds[i + 1] - at
        if degree <= 0 or wanted == 0:
            continue
        weights, drawn = weight_bases[owners[i]], 0
        if wanted == drawable[i]:
            _take_drawable(weights, weight_like, start, degree, positions, at)
        else:
            state = mix64((np.uint64(words[i]) * GOLDEN) ^ key)
            if degree >= _RACE_BELOW * wanted:
                table = alias_bases[owners[i]] + start * width
                # Bits of the entries drawn, modulo 64: most tries need no look at the list.
                seen = np.uint64(0)
                for _ in range(_TRIES * wanted):
                    state += GOLDEN
                    entry, neighbor = _alias_draw(table, degree, mix64(state), neighbors)
                    # Written in any case; a repeat is overwritten by the next draw.
                    positions[at + drawn], neighbors[at + drawn] = start + entry, neighbor
                    bit = _1 << np.uint64(entry & 63)
                    if seen & bit == 0 or not _count(positions, at, drawn, start + entry):
                        drawn += 1
                        seen |= bit
                    if drawn == wanted:
                        break
            if drawn < wanted:
                _race(
                    weights, weight_like, start, degree, state, positions, at, drawn, wanted,
                    arrivals,
                )  # fmt: skip
        base = neighbor_bases[owners[i]]
        for draw in range(at + drawn, at + wanted):
            neighbors[draw] = load(neighbors, base + positions[draw] * neighbors.itemsize)


@inlined
def _count(positions: Any, at: Any, drawn: Any, position: Any) -> Any:
    """How often a position is among those drawn, 0 or 1."""
    found: Any = 0
    for k in range(at, at + drawn):
        found += np.int64(positions[k] == position)
    return found


@kernel
def _take_drawable(
    weights: int,
    weight_like: npt.NDArray[Any],
    start: int,
    degree: int,
    positions: Ints,
    at: int,
) -> None:
    for position in range(start, start + degree):
        if load(weight_like, weights + position * weight_like.itemsize) > 0:
            positions[at] = position
            at += 1


@kernel
def _race(
    weights: int,
    weight_like: npt.NDArray[Any],
    start: int,
    degree: int,
    state: np.uint64,
    positions: Ints,
    at: int,
    drawn: int,
    wanted: int,
    arrivals: npt.NDArray[np.float64],
) -> None:
    """Draw on: the first of the entries not yet drawn to arrive, in their order."""
    arrived = drawn
    for position in range(start, start + degree):
        state += GOLDEN
        weight = load(weight_like, weights + position * weight_like.itemsize)
        if weight <= 0:
            continue
        uniform = (np.float64(mix64(state) >> _11) + 0.5) * 2.0**-53
        # -log(u) is at least 1 - u, which settles most entries of a long row.
        if arrived == wanted and 1 - uniform >= arrivals[wanted - 1] * weight:
            continue
        time = -math.log(uniform) / weight
        if arrived == wanted and time >= arrivals[wanted - 1]:
            continue
        if _count(positions, at, drawn, position):
            continue
        place = arrived if arrived < wanted else wanted - 1
        arrived = place + 1
        while place > drawn and arrivals[place - 1] > time:
            arrivals[place] = arrivals[place - 1]
            positions[at + place] = positions[at + place - 1]
            place -= 1
        arrivals[place] = time
        positions[at + place] = position
