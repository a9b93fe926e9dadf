"""64-bit hashes: of counters, for random streams, and of ids, for the id index.

`mix64` is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
Generators", OOPSLA 2014, section 5), a bijection on 64-bit words. Strings are hashed eight bytes at
a time through it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_LOW_32 = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_GOLDEN, _WORD = int(GOLDEN), 2**64 - 1


@inlined
def mix64(word: Any) -> Any:
    """Scramble a 64-bit word; a bijection, so distinct words stay distinct."""
    word = (word ^ (word >> _S30)) * _MULTIPLY_1
    word = (word ^ (word >> _S27)) * _MULTIPLY_2
    return word ^ (word >> _S31)


@inlined
def below(word: Any, bound: Any) -> Any:
    """A uniform integer in ``[0, bound)`` from a 64-bit word, for ``bound <= 2**32``.

    The upper half of the 96-bit product (Lemire, "Fast Random Integer Generation in an Interval",
    2019, without the rejection: at 64 bits of randomness the bias is below ``bound / 2**64``).
    """
    wide = np.uint64(bound)
    carried = ((word & _LOW_32) * wide) >> _32
    return np.int64(((word >> _32) * wide + carried) >> _32)


def hash_word(word: int) -> int:
    """What `hash_words` returns for a single word, ``0 <= word < 2**64``.

    A point read hashes one word at a time. To call a kernel, whose code has left the processor's
    caches since the last read, takes ten times as long as a few operations of the interpreter.

    >>> hash_word(7) == int(hash_words(np.array([7], np.uint64))[0])
    True
    """
    word = (word + _GOLDEN) & _WORD
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
    return word ^ (word >> 31)


@kernel
def hash_words(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The hash of each 64-bit word, as ``uint64[n]``."""
    out = np.empty(len(words), np.uint64)
    for i in range(len(words)):
        out[i] = mix64(words[i] + GOLDEN)
    return out


@kernel
def hash_strings(
    offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint64]:
    """The hash of each string of an Arrow layout.

    Args:
        offsets: ``int64[n + 1]``; string i is the bytes ``offsets[i] : offsets[i + 1]``.
        data: ``uint8[:]``.

    Returns:
        ``uint64[n]``.
    """
    out = np.empty(len(offsets) - 1, np.uint64)
    for i in range(len(out)):
        start, stop = offsets[i], offsets[i + 1]
        state = mix64(np.uint64(stop - start) + GOLDEN)
        word = np.uint64(0)
        filled = np.uint64(0)
        for j in range(start, stop):
            word |= np.uint64(data[j]) << (filled * np.uint64(8))
            filled += np.uint64(1)
            if filled == np.uint64(8):
                state = mix64((state ^ word) + GOLDEN)
                word = np.uint64(0)
                filled = np.uint64(0)
        if filled:
            state = mix64((state ^ word) + GOLDEN)
        out[i] = state
    return out
