"""bfloat16 columns: their bits survive Arrow files, builds, calls and nulls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import graphray as gr
from graphray.bfloat16 import as_bits, bfloat16_array, from_bits, is_bfloat16, type_words
from graphray.errors import ArgumentError, MissingDependency
from graphray.reading.column_values import plain_values
from graphray.reading.gather import node_column, to_arrow
from tests.partly import partly

BITS = np.random.default_rng(1).integers(0, 2**16, (60, 3)).astype(np.uint16)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    folder = tmp_path_factory.mktemp("bfloat16")
    vectors, scalars = bfloat16_array(BITS), bfloat16_array(BITS[:, 0])
    nodes = pa.table(
        {
            "id": np.arange(60),
            "x": vectors,
            "y": scalars,
            "holes": scalars.take(pa.array([i if i % 4 else None for i in range(60)])),
        }
    )
    pq.write_table(nodes, folder / "nodes.parquet")
    pairs = np.array([np.arange(60), (np.arange(60) + 1) % 60])
    gr.build(pairs, folder / "store", nodes=folder / "nodes.parquet", parts=3, partitioner="hash")
    return gr.open(folder / "store")


def bits_of(graph: gr.Graph, column: str) -> np.ndarray:
    gids = np.argsort(graph.node_ids())
    array = node_column(graph.access, "node", column, gids)
    values = plain_values(array, is_bits=True)
    assert isinstance(values, np.ndarray)
    return values


@pytest.mark.parametrize("mapped_parts", [(), (1,), (0, 1, 2)])
def test_the_bits_come_back(graph: gr.Graph, mapped_parts: tuple[int, ...]) -> None:
    seen = partly(graph, mapped_parts)
    assert np.array_equal(bits_of(seen, "x"), BITS)
    assert np.array_equal(bits_of(seen, "y"), BITS[:, 0])
    holes = bits_of(seen, "holes")
    present = np.arange(60) % 4 != 0
    assert np.array_equal(holes[present], BITS[present, 0])
    assert np.isnan((holes[~present].astype(np.uint32) << 16).view(np.float32)).all()


def test_the_schema_says_bfloat16(graph: gr.Graph) -> None:
    words = {column.name: column.dtype for column in graph.schema.node_type("node").columns}
    assert words["y"] == words["holes"] == "bfloat16"
    assert is_bfloat16(words["x"])
    column = to_arrow(node_column(graph.access, "node", "x", np.arange(60)), words["x"])
    assert type_words(column.type).endswith("bfloat16>[3]")


def test_a_node_has_plain_numbers(graph: gr.Graph) -> None:
    floats = (BITS.astype(np.uint32) << 16).view(np.float32)
    for number in (4, 5):
        properties = graph.node(number).properties
        assert np.array_equal(properties["x"], floats[number], equal_nan=True)
        assert np.array_equal(properties["y"], floats[number, 0], equal_nan=True)
        assert (properties["holes"] is None) == (number % 4 == 0)


def test_numpy_gets_the_dtype_of_ml_dtypes(graph: gr.Graph) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    found = graph.features(np.arange(60), "x")
    assert found.dtype == ml_dtypes.bfloat16
    assert np.array_equal(found.view(np.uint16), BITS)
    again = as_bits(bfloat16_array(found)).flatten().to_numpy()
    assert np.array_equal(again, BITS.reshape(-1))


def test_without_ml_dtypes_the_error_says_what_to_install(
    graph: gr.Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(MissingDependency, match=r"graphray\[bfloat16\]"):
        graph.features([1], "x")


@pytest.mark.parametrize("kind", [pa.list_, pa.large_list, lambda values: pa.list_(values, 2)])
def test_lists_of_bfloat16_and_their_bits(kind: type) -> None:
    scalar = bfloat16_array(BITS[:, 0]).type
    bits = pa.array([[1, 2], None, [3, 4]], kind(pa.uint16()))
    column = bits.cast(kind(scalar))
    words = type_words(column.type)
    assert is_bfloat16(words)
    assert as_bits(column).equals(bits)
    assert from_bits(bits, words).equals(column)


def test_other_words_are_no_bfloat16() -> None:
    assert not any(map(is_bfloat16, ["uint16", "string", "list<item: halffloat>"]))


@pytest.mark.parametrize("values", [np.ones(3), [1, 2], np.zeros((2, 2, 2), np.uint16)])
def test_other_values_are_refused(values: object) -> None:
    with pytest.raises(ArgumentError, match=r"bfloat16|shape"):
        bfloat16_array(values)


def test_plain_arrow_reads_the_bits(graph: gr.Graph) -> None:
    """In a process that knows nothing of GraphRay's type."""
    store = Path(graph.status().uri)
    (file, *_) = sorted(store.rglob("part-00000/nodes/node.arrow"))
    code = (
        "import pyarrow as pa, sys; "
        "t = pa.ipc.open_file(pa.memory_map(sys.argv[1])).read_all(); "
        "print(t.schema.field('y').type)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "uint16"
