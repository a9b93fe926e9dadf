"""Where random numbers come from: streams that are functions of what is sampled, and nothing else.

The draws of a row are keyed by (rng_seed, epoch, batch, hop, relation and direction, stable id), so
a batch is the same from any process, at any time, under any partitioning, after any crash. The
kernels add the stable id; this module makes the rest of the key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.schema import Direction, Relation

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class BatchStream:
    """The random streams of one batch."""

    rng_seed: int
    epoch: int
    batch: int

    def hop_key(self, hop: int, relation_word: int) -> int:
        """The 64-bit key under which the rows of one hop along one relation are drawn."""
        key = 0
        for word in (self.rng_seed, self.epoch, self.batch, hop, relation_word):
            key = mix64(key ^ ((word + _GOLDEN) & _MASK))
        return key


def mix64(word: int) -> int:
    """`graphray.kernels.hashing.mix64`, for single Python integers."""
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
    return word ^ (word >> 31)


def relation_word(relation: Relation, direction: Direction) -> int:
    """64 bits that stand for a relation, independent of its place in the schema."""
    name = "\0".join((*relation, direction)).encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little")


def purpose_word(purpose: str) -> int:
    """64 bits that stand for draws other than along a relation, such as of negative edges."""
    return int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little")


def epoch_order(count: int, rng_seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """The order in which a shuffled epoch visits its seeds: a permutation of ``range(count)``."""
    bits = np.random.Philox(key=[rng_seed & _MASK, epoch])
    return np.random.Generator(bits).permutation(count)
