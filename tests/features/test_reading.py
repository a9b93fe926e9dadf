"""Properties read from partly mapped graphs equal those of the table that was built."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

import graphray as gr
from graphray.errors import ColumnNotFound, NodeNotFound
from graphray.reading.gather import node_columns
from graphray.reading.ragged import RaggedArray
from tests.features.stores import NODES, PARTS, PLAIN, WIDTH, build, node_table
from tests.partly import calls_of, partly

DTYPES = {"x": "float32", "half": "float16", "label": "int16", "flag": "bool", "sparse": "int64"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    return build(tmp_path_factory.mktemp("reading") / "store")


@pytest.fixture(scope="module")
def truth() -> dict[str, list[object]]:
    return node_table().to_pydict()


SUBSETS = [parts for count in range(PARTS + 1) for parts in combinations(range(PARTS), count)]


@pytest.mark.parametrize("mapped_parts", SUBSETS)
def test_every_column_from_wherever_it_is(
    opened: gr.Graph, truth: dict[str, list[object]], mapped_parts: tuple[int, ...]
) -> None:
    graph = partly(opened, mapped_parts)
    ids = np.random.default_rng(len(mapped_parts)).integers(0, NODES, 200)
    calls_of(graph)
    found = graph.features(ids, PLAIN)
    for column in PLAIN:
        values = found[column].tolist()
        if column in ("sparse", "rare"):
            values = [None if None in row else row for row in values]
        expected = [truth[column][i] for i in ids]
        if column == "x":
            assert np.array_equal(values, np.array(expected, np.float32))
        else:
            assert values == expected, column


@pytest.mark.parametrize("mapped_parts", [(), (1,), (0, 1, 2)])
def test_dtypes_do_not_depend_on_the_rows(opened: gr.Graph, mapped_parts: tuple[int, ...]) -> None:
    """Neither on how many there are, nor on whether there are nulls among them."""
    graph = partly(opened, mapped_parts)
    for ids in ([], [1], [0], range(NODES)):
        found = graph.features(list(ids), PLAIN)
        assert {name: str(found[name].dtype) for name in DTYPES} == DTYPES
        assert found["x"].shape == (len(ids), WIDTH)
        assert found["title"].dtype == object
        assert isinstance(found["tags"], RaggedArray)
        assert found["tags"].values.dtype == np.int32


def test_an_owner_is_called_once_for_all_columns(opened: gr.Graph) -> None:
    graph = partly(opened, [1])
    gids = np.random.default_rng(1).permutation(NODES)
    node_columns(graph.access, "node", PLAIN, gids)
    assert calls_of(graph) == [0, 2]
    start, stop = graph.access.book.node_range("node", 1)
    node_columns(graph.access, "node", PLAIN, gids[(gids >= start) & (gids < stop)])
    assert calls_of(graph) == []


def test_a_whole_mapped_partition_is_not_copied(opened: gr.Graph) -> None:
    start, stop = opened.access.book.node_range("node", 2)
    gids = np.arange(start, stop)
    whole = [node_columns(opened.access, "node", ["x"], gids)["x"] for _ in range(2)]
    assert np.shares_memory(*whole)
    assert not whole[0].flags.writeable
    part = node_columns(opened.access, "node", ["x"], gids[1:])["x"]
    assert not np.shares_memory(whole[0], part)
    assert np.array_equal(whole[0][1:], part)
    assert part.flags.writeable


def test_wide_columns_are_gathered_in_threads(opened: gr.Graph) -> None:
    """Enough rows that there is work for more than one."""
    ids = np.random.default_rng(2).integers(0, NODES, 500_000)
    few = opened.features(np.arange(NODES), "x")
    assert np.array_equal(opened.features(ids, "x"), few[ids])


def test_what_is_not_there_is_named(opened: gr.Graph) -> None:
    with pytest.raises(ColumnNotFound, match=r"'y'.*it has: x, half"):
        opened.features([1], ["x", "y"])
    with pytest.raises(NodeNotFound, match=str(NODES)):
        opened.features([1, NODES], "x")
    batch = next(iter(opened.loader([1, 2], [2])))
    with pytest.raises(ColumnNotFound, match="'y'"):
        batch.features(["x", "y"])


def test_a_batch_reads_several_columns_at_once(opened: gr.Graph) -> None:
    graph = partly(opened, [0])
    batch = next(iter(graph.loader(np.arange(20), [5], rng_seed=1)))
    ids = batch.nodes
    calls_of(graph)
    found = batch.features(["x", "tags"])
    assert len(calls_of(graph)) == 2
    assert np.array_equal(found["x"], opened.features(ids, "x"))
    assert found["tags"].tolist() == opened.features(ids, "tags").tolist()
