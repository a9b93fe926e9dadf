from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.ids import string_buffers
from graphray.kernels.hashing import hash_strings, hash_word, hash_words

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix64_twin(word: int) -> int:
    """SplitMix64's finaliser on Python integers."""
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return word ^ (word >> 31)


def string_twin(text: str) -> int:
    data = text.encode()
    state = mix64_twin((len(data) + GOLDEN) & MASK)
    for at in range(0, len(data), 8):
        word = int.from_bytes(data[at : at + 8], "little")
        state = mix64_twin(((state ^ word) + GOLDEN) & MASK)
    return state


def test_words_are_the_outputs_of_splitmix64_for_seed_zero() -> None:
    # The first outputs of the generator with seed 0, as its authors' C code prints them.
    counters = np.array([0, GOLDEN, (2 * GOLDEN) & MASK], np.uint64)
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert hash_words(counters).tolist() == expected


@settings(deadline=None)
@given(st.integers(0, MASK))
def test_a_single_word_is_hashed_as_one_of_many(word: int) -> None:
    assert hash_word(word) == int(hash_words(np.array([word, 0], np.uint64))[0])


@settings(deadline=None)
@given(st.lists(st.integers(0, MASK)))
def test_words_match_the_twin(words: list[int]) -> None:
    expected = [mix64_twin((word + GOLDEN) & MASK) for word in words]
    assert hash_words(np.array(words, np.uint64)).tolist() == expected


@settings(deadline=None)
@given(st.lists(st.text(max_size=30)), st.integers(0, 3))
def test_strings_match_the_twin_in_slices_too(texts: list[str], skip: int) -> None:
    array = pa.array(texts, pa.large_string())[skip:]
    expected = [string_twin(text) for text in texts[skip:]]
    assert hash_strings(*string_buffers(array)).tolist() == expected


@settings(deadline=None)
@given(st.integers(1, 40))
def test_zero_bytes_count(length: int) -> None:
    array = pa.array(["\0" * n for n in range(length)], pa.large_string())
    assert len(set(hash_strings(*string_buffers(array)).tolist())) == length
