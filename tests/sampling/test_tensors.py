"""Columns as torch tensors: dtypes kept, bfloat16 too, nothing mapped written through."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from graphray.bfloat16 import bfloat16_array, type_words
from graphray.errors import ArgumentError
from graphray.shard import as_shard_array

torch = pytest.importorskip("torch")
tensors = pytest.importorskip("graphray.sampling.tensors")

pytestmark = pytest.mark.torch


def tensor_of(column: pa.Array) -> object:
    return tensors.column_tensor(as_shard_array(column), type_words(column.type), "x")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int64", "uint8"])
def test_dtypes_are_kept(dtype: str) -> None:
    values = np.arange(5).astype(dtype)
    found = tensor_of(pa.array(values))
    assert found.dtype == getattr(torch, dtype)
    assert found.tolist() == values.tolist()


def test_bfloat16_needs_no_other_package() -> None:
    expected = torch.randn(7, 3).to(torch.bfloat16)
    found = tensor_of(bfloat16_array(expected))
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, expected)


def test_lists_are_nested_tensors() -> None:
    found = tensor_of(pa.array([[1.0, 2.0], [], [3.0]], pa.list_(pa.float32())))
    assert [row.tolist() for row in found.unbind()] == [[1.0, 2.0], [], [3.0]]
    assert found.dtype == torch.float32


def test_strings_stay_a_list() -> None:
    assert tensor_of(pa.array(["a", None])) == ["a", None]


def test_null_integers_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"'x' has nulls.*filled"):
        tensor_of(pa.array([1, None]))


def test_what_is_mapped_is_copied_before_it_can_be_written() -> None:
    column = pa.array(np.zeros(3))
    tensor_of(column).add_(1)
    assert column.to_pylist() == [0, 0, 0]
