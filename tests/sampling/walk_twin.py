"""The slow twin of the walkers: plain Python over rows in canonical order."""

from __future__ import annotations

from graphray.sampling.streams import BatchStream, mix64, purpose_word
from tests.sampling.twin import GOLDEN, MASK

Rows = list[list[int]]


def walk(
    rows: list[Rows],
    seed: int,
    length: int,
    number: int,
    rng_seed: int,
    restart: float = 0.0,
    p: float = 1.0,
    q: float = 1.0,
) -> list[int]:
    """One walk in stable ids, shorter than ``length + 1`` where it came to a dead end.

    Args:
        rows: for each relation that is followed in turn, every node's neighbours.
        seed: where it starts.
        length: its steps.
        number: which of the seed's walks it is.
        rng_seed: of the call.
        restart: the probability that a round sets out from the seed again.
        p: of node2vec.
        q: likewise.
    """
    key = _walker_key(seed, number, rng_seed)
    path = [seed]
    for step in range(length):
        turn = step % len(rows)
        again = turn == 0 and _word(key, 2 * step + 2) < int(restart * 2**64)
        row = rows[turn][seed if again else path[-1]]
        if not row:
            break
        if (p, q) == (1, 1) or step == 0:
            path.append(row[(_word(key, 2 * step + 1) * len(row)) >> 64])
        else:
            path.append(_second_order(rows[0], path[-2], row, _word(key, 2 * step + 1), p, q))
    return path


def _second_order(rows: Rows, before: int, row: list[int], state: int, p: float, q: float) -> int:
    back, away = 1 / p, 1 / q
    largest = max(1.0, away)
    excess = row.count(before) * max(0.0, back - largest)
    while True:
        words = [_word(state, n) for n in (1, 2, 3)]
        state = (state + 3 * GOLDEN) & MASK
        if _fraction(words[0]) * (len(row) * largest + excess) < excess:
            return before
        drawn = row[(words[1] * len(row)) >> 64]
        weight = back if drawn == before else 1.0 if drawn in rows[before] else away
        if _fraction(words[2]) * largest < weight:
            return drawn


def _walker_key(seed: int, number: int, rng_seed: int) -> int:
    key = BatchStream(rng_seed, 0, 0).hop_key(0, purpose_word("walks"))
    return _word(mix64(((seed * GOLDEN) & MASK) ^ key), number + 1)


def _word(key: int, number: int) -> int:
    return mix64((key + number * GOLDEN) & MASK)


def _fraction(word: int) -> float:
    return (word >> 11) * 2.0**-53
