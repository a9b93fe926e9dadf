"""Draws by weight among what a row had at some time.

Entries that can be drawn stand in order of time (`graphray.kernels.derive_times`), with running
sums of their weights beside them. What the row had is a *window* of that order, and a draw among it
is a search for the entry at which the running sum passes a random share of the window's. The
searches of a chunk of rows go in step, one read each, so that their cache misses overlap.

Without replacement, that is done until there are enough distinct entries; where repeats get too
many, the rest are the winners of a race (`graphray.kernels.draw_weighted` says why that is the same
distribution). A window's sum is a difference of two running sums, and only as exact as the larger:
where little is left of it, because what the window leaves out weighed far more, the window is read
from end to end instead.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import GOLDEN, mix64
from graphray.kernels.memory import load, prefetch_once

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CHUNK_ROWS = 16
# Rows of fewer entries per draw start with the race: most tries would be repeats.
_RACE_BELOW = 1.25
# Tries per draw before the rest is left to a race.
_TRIES = 4
# The least share of the running sum at its end that a window has to be for differences to do.
_EXACT_SHARE = 2.0**-20

_11, _32 = np.uint64(11), np.uint64(32)
_SUMS = np.empty(0, np.float64)


class TimedWeights(NamedTuple):
    """Where the entries in order of time are, and what they weigh.

    Attributes:
        cell_bases: ``int64[parts]``, addresses of the cells by edge position: the entry, counted
            from its row's start, as ``uint32`` or in the upper half of ``uint64``.
        cell_like: an array of their dtype.
        sum_bases: ``int64[parts]``, addresses of the running sums in each row, ``float64``.
        weight_bases: ``int64[parts]``, addresses of the weights, in the row's own order.
        weight_like: an array of their dtype.
    """

    cell_bases: Ints
    cell_like: npt.NDArray[Any]
    sum_bases: Ints
    weight_bases: Ints
    weight_like: npt.NDArray[Any]


class _Window(NamedTuple):
    """What one row had.

    Attributes:
        owner: the row's partition.
        first: the position of its first entry.
        begin: the first slot of the window.
        length: how many slots it has.
        below: the running sum before it.
        above: the running sum at its end.
    """

    owner: int
    first: int
    begin: int
    length: int
    below: float
    above: float


class _Searches(NamedTuple):
    """Draws under way.

    Attributes:
        places: ``int64[n]``, where the slot that is found goes; until then the first that it can
            still be stands there.
        lefts: ``int64[n]``, how many more there are that it can be.
        sums: ``int64[n]``, the address of the running sum of slot 0.
        targets: ``float64[n]``, what the running sum has to pass.
    """

    places: Ints
    lefts: Ints
    sums: Ints
    targets: Floats


@kernel
def draw_weighted_window(
    first: Ints,
    starts: Ints,
    lengths: Ints,
    words: npt.NDArray[Any],
    owners: npt.NDArray[np.int32],
    bounds: Ints,
    key: np.uint64,
    replace: bool,
    weights: TimedWeights,
    slots: Ints,
) -> None:
    """Fill every row's draws with slots of its window: positions in the order of time.

    Args:
        first: ``int64[n]``, position of the row's first entry.
        starts: ``int64[n]``, how many entries of the row are before its window.
        lengths: ``int64[n]``, how long the window is; below 1, the row is passed over.
        words: integers ``[n]``, what the row's random stream is keyed by.
        owners: ``int32[n]``, the row's partition.
        bounds: ``int64[n + 1]``, where each row's draws go; without replacement there are no more
            than its window is long, and all of it is taken in order where there are as many.
        key: the key of the hop's random streams.
        replace: whether draws are independent of each other.
        weights: the entries' weights.
        slots: filled, ``int64[bounds[n]]``.
    """
    widest = 0
    for i in range(len(first)):
        if lengths[i] > 0:
            widest = max(widest, bounds[i + 1] - bounds[i])
    room, arrivals = _CHUNK_ROWS * widest, np.empty(widest, np.float64)
    searches = _Searches(
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.float64),
    )
    sums = weights.sum_bases
    for begin in range(0, len(first) + _CHUNK_ROWS, _CHUNK_ROWS):
        for i in range(begin, min(len(first), begin + _CHUNK_ROWS)):
            if lengths[i] > 0:
                at = sums[owners[i]] + (first[i] + starts[i] - 1) * 8
                prefetch_once(at)
                prefetch_once(at + lengths[i] * 8)
        before, end, count = max(0, begin - _CHUNK_ROWS), min(len(first), begin), 0
        for i in range(before, end):
            wanted = bounds[i + 1] - bounds[i]
            if lengths[i] > 0 and (replace or wanted < lengths[i]):
                window = _window(i, first, starts, lengths, owners, weights)
                if _is_searched(window, wanted, replace):
                    state = mix64((np.uint64(words[i]) * GOLDEN) ^ key)
                    count = _begin(
                        window, weights, state, bounds[i], wanted, slots, searches, count
                    )
        _search(searches, count, slots)
        for i in range(before, end):
            drawn = slots[bounds[i] : bounds[i + 1]]
            if lengths[i] <= 0:
                continue
            if not replace and len(drawn) == lengths[i]:
                for j in range(len(drawn)):
                    drawn[j] = first[i] + starts[i] + j
                continue
            window = _window(i, first, starts, lengths, owners, weights)
            state = mix64((np.uint64(words[i]) * GOLDEN) ^ key)
            searched = _is_searched(window, len(drawn), replace)
            if not replace:
                _finish(window, weights, state, searched, drawn, searches, arrivals)
            elif not searched:
                _scan(window, weights, state, drawn)


@inlined
def _window(i: Any, first: Any, starts: Any, lengths: Any, owners: Any, weights: Any) -> Any:
    begin = first[i] + starts[i]
    sums = weights.sum_bases[owners[i]]
    below = load(_SUMS, sums + (begin - 1) * 8) if starts[i] > 0 else 0.0
    above = load(_SUMS, sums + (begin + lengths[i] - 1) * 8)
    return _Window(owners[i], first[i], begin, lengths[i], below, above)


@inlined
def _is_searched(window: Any, wanted: Any, replace: Any) -> Any:
    """Whether draws begin by searching, rather than by reading the window from end to end."""
    is_exact = window.above - window.below >= window.above * _EXACT_SHARE
    return is_exact and (replace or window.length >= _RACE_BELOW * wanted)


@kernel
def _begin(
    window: _Window, weights: TimedWeights, state: np.uint64, place: int, wanted: int,
    slots: Ints, searches: _Searches, count: int,
) -> int:  # fmt: skip
    """Put as many searches as are wanted beside the ``count`` there are; returns how many then."""
    sums = weights.sum_bases[window.owner]
    for j in range(wanted):
        state += GOLDEN
        slots[place + j] = window.begin
        searches.places[count], searches.lefts[count] = place + j, window.length - 1
        searches.sums[count] = sums
        searches.targets[count] = window.below + _uniform(state) * (window.above - window.below)
        count += 1
    prefetch_once(sums + (window.begin + (window.length >> 1) - 1) * 8)
    return count


@kernel
def _search(searches: _Searches, count: int, slots: Ints) -> None:
    """Find the first slot whose running sum is above the target; by rounding there may be none."""
    under_way = count > 0
    while under_way:
        under_way = False
        for k in range(count):
            left = searches.lefts[k]
            if left <= 0:
                continue
            place, half = searches.places[k], (left + 1) >> 1
            # Which half it is, is a coin toss that a branch predictor loses: no branch.
            middle = load(_SUMS, searches.sums[k] + (slots[place] + half - 1) * 8)
            passed: Any = np.int64(middle <= searches.targets[k])
            slots[place] += passed * half
            left -= half
            searches.lefts[k] = left
            prefetch_once(searches.sums[k] + (slots[place] + ((left + 1) >> 1) - 1) * 8)
            under_way |= left > 0


@kernel
def _finish(
    window: _Window, weights: TimedWeights, state: np.uint64, searched: bool, drawn: Ints,
    searches: _Searches, arrivals: Floats,
) -> None:  # fmt: skip
    """Replace repeats among draws that were searched for, or draw all, without replacement."""
    wanted, count = len(drawn), 0
    if searched:
        tries = wanted
        state += GOLDEN * np.uint64(wanted)
        count = _drop_repeats(drawn, 0, wanted)
        while count < wanted and tries < _TRIES * wanted:
            more = min(wanted - count, _TRIES * wanted - tries)
            _search(
                searches, _begin(window, weights, state, count, more, drawn, searches, 0), drawn
            )
            state += GOLDEN * np.uint64(more)
            tries += more
            count = _drop_repeats(drawn, count, more)
    if count < wanted:
        _race(window, weights, state, drawn, count, arrivals)


@inlined
def _uniform(state: Any) -> Any:
    """A number above 0 and below 1."""
    return (np.float64(mix64(state) >> _11) + 0.5) * 2.0**-53


@inlined
def _weight_at(window: Any, weights: Any, slot: Any) -> Any:
    like, cell_like = weights.weight_like, weights.cell_like
    cell = np.uint64(load(cell_like, weights.cell_bases[window.owner] + slot * cell_like.itemsize))
    entry = np.int64(cell >> _32) if cell_like.itemsize == 8 else np.int64(cell)
    address = weights.weight_bases[window.owner] + (window.first + entry) * like.itemsize
    return np.float64(load(like, address))


@kernel
def _scan(window: _Window, weights: TimedWeights, state: np.uint64, slots: Ints) -> None:
    """Independent draws from weights that are added up anew."""
    total = 0.0
    heaviest = 0.0
    for slot in range(window.begin, window.begin + window.length):
        heaviest = max(heaviest, _weight_at(window, weights, slot))
    for slot in range(window.begin, window.begin + window.length):
        total += _weight_at(window, weights, slot) / heaviest
    for j in range(len(slots)):
        state += GOLDEN
        left = _uniform(state) * total
        slot = window.begin - 1
        while left >= 0 and slot < window.begin + window.length - 1:
            slot += 1
            left -= _weight_at(window, weights, slot) / heaviest
        slots[j] = slot


@kernel
def _drop_repeats(slots: Ints, count: int, more: int) -> int:
    """Keep those of some more draws that are new; returns how many there are then."""
    kept: Any = count
    for j in range(count, count + more):
        slot, known = slots[j], False
        for k in range(kept):
            known |= slots[k] == slot
        slots[kept] = slot
        kept += 1 - np.int64(known)
    return kept


@kernel
def _race(
    window: _Window,
    weights: TimedWeights,
    state: np.uint64,
    slots: Ints,
    drawn: int,
    arrivals: Floats,
) -> None:
    """Draw on: the first of the slots not yet drawn to arrive, in their order."""
    wanted, arrived = len(slots), drawn
    for slot in range(window.begin, window.begin + window.length):
        state += GOLDEN
        is_drawn = False
        for k in range(drawn):
            is_drawn |= slots[k] == slot
        if is_drawn:
            continue
        time = -math.log(_uniform(state)) / _weight_at(window, weights, slot)
        if arrived == wanted and time >= arrivals[wanted - 1]:
            continue
        place = arrived if arrived < wanted else wanted - 1
        arrived = place + 1
        while place > drawn and arrivals[place - 1] > time:
            arrivals[place] = arrivals[place - 1]
            slots[place] = slots[place - 1]
            place -= 1
        arrivals[place] = time
        slots[place] = slot
