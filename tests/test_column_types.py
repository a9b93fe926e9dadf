"""Every type that a column can have is found again from its name."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.bfloat16 import BFloat16Type, type_words
from graphray.column_types import _SIMPLE, arrow_type
from graphray.errors import ArgumentError

PLAIN = st.sampled_from([*_SIMPLE.values(), BFloat16Type()]) | st.sampled_from(
    [
        pa.timestamp("us", "Europe/Berlin"),
        pa.decimal128(12, 3),
        pa.decimal256(40, -2),
        pa.binary(16),
    ]
)


def nested(inner: st.SearchStrategy[pa.DataType]) -> st.SearchStrategy[pa.DataType]:
    names, some = st.sampled_from(["item", "a", "b c"]), inner.filter(lambda t: t != pa.null())
    field = st.builds(pa.field, names, some, st.booleans())
    return st.one_of(
        st.builds(pa.list_, field),
        st.builds(pa.large_list, field),
        st.builds(pa.list_, field, st.integers(1, 9)),
        st.builds(pa.struct, st.lists(field, max_size=3)),
    )


@given(st.recursive(PLAIN, nested, max_leaves=4))
def test_a_type_is_found_from_its_name(dtype: pa.DataType) -> None:
    words = type_words(dtype)
    assert type_words(arrow_type(words)) == words


def test_lists_of_bfloat16() -> None:
    assert arrow_type("fixed_size_list<item: bfloat16>[4]") == pa.list_(BFloat16Type(), 4)


@pytest.mark.parametrize("words", ["", "float9", "list<item>", "map<string, int32>"])
def test_what_is_no_type(words: str) -> None:
    with pytest.raises(ArgumentError, match="is no type"):
        arrow_type(words)
