from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.replication.packing import pack
from graphray.replication.version_vector import VersionVector

vectors = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 5)).map(VersionVector)


@given(vectors, vectors, vectors)
def test_merging_is_a_join(a: VersionVector, b: VersionVector, c: VersionVector) -> None:
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(a) == a
    assert a.merge(b).covers(a)
    assert a.merge(b).covers(b)
    assert a.covers(b) == (a.merge(b) == a)


@given(vectors)
def test_tokens_travel(a: VersionVector) -> None:
    assert VersionVector.from_bytes(a.to_bytes()) == a
    assert VersionVector.from_text(a.to_text()) == a


@pytest.mark.parametrize("text", ["", "!", "AAAA", "bm90IGEgdG9rZW4="])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="not a token"):
        VersionVector.from_text(text)


def test_a_packed_value_that_is_no_vector_is_refused() -> None:
    with pytest.raises(ArgumentError, match="no map"):
        VersionVector.from_bytes(pack([1, 2]))
