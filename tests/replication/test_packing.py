from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import StoreCorrupt
from graphray.replication.packing import pack, unpack

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(values)
def test_what_was_packed_comes_back(value: Any) -> None:
    assert unpack(pack(value)) == value


@given(values, st.data())
def test_damage_is_an_error_or_another_value(value: Any, data: st.DataObject) -> None:
    packed = bytearray(pack(value))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(StoreCorrupt):
        unpack(bytes(packed))


@given(values)
def test_what_is_cut_short_is_an_error(value: Any) -> None:
    with pytest.raises(StoreCorrupt):
        unpack(pack(value)[:-1])


def test_foreign_types_are_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        pack({"x": object()})
