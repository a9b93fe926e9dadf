"""No bytes, and no Python values, make a reader do anything but read them or refuse them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import ArgumentError, InputError
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.knowledge import KnowledgeGraph
from graphray.kinds.metagraph import Metagraph
from graphray.kinds.tables import GraphTables
from tests.fuzz.targets import TARGETS, Target, check


@st.composite
def nearly_right(draw: st.DrawFn, target: Target) -> bytes:
    """A file that is right, but for some pieces that are taken out, doubled, put in or changed."""
    data = draw(st.sampled_from(target.seeds))
    word = st.binary(max_size=4)
    if target.words:
        word |= st.sampled_from(target.words)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 12)))
        put_in = draw(st.sampled_from([b"", data[start:end] * 2]) | word)
        data = data[:start] + put_in + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_right_is_read(name: str) -> None:
    for seed in TARGETS[name].seeds:
        assert TARGETS[name].run(seed) is not None


# pyarrow cannot show a row that is not UTF-8, and says so beside the error that it raises.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_read_or_refused(name: str) -> None:
    target = TARGETS[name]

    @given(nearly_right(target) | st.binary(max_size=60))
    @settings(max_examples=30)
    def run(data: bytes) -> None:
        target.run(data)

    run()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.tuples(inner, inner, inner)
        | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
    ),
    max_leaves=10,
)
IDS = st.text(max_size=2) | st.integers(0, 3) | VALUES
FROM_VALUES: dict[str, tuple[Callable[[Any], GraphTables], st.SearchStrategy[Any]]] = {
    "sets": (
        Hypergraph.from_sets,
        st.dictionaries(st.text(max_size=2), st.lists(IDS, max_size=3), max_size=3) | VALUES,
    ),
    "hif": (
        Hypergraph.from_hif,
        st.dictionaries(st.sampled_from(["incidences", "nodes", "edges", "metadata"]), VALUES),
    ),
    "metanodes": (
        Metagraph.from_sets,
        st.dictionaries(st.text(max_size=2), st.lists(IDS, max_size=3), max_size=3) | VALUES,
    ),
    "edges of metanodes": (
        lambda edges: Metagraph.from_sets({"a": ["b"]}, edges),
        st.lists(st.tuples(IDS, IDS) | VALUES, max_size=3),
    ),
    "triples": (
        KnowledgeGraph.from_triples,
        st.lists(st.tuples(IDS, st.text(max_size=2), IDS) | VALUES, max_size=4),
    ),
}


@pytest.mark.parametrize("name", FROM_VALUES)
def test_any_values_are_read_or_refused(name: str) -> None:
    read, values = FROM_VALUES[name]

    @given(values)
    @settings(max_examples=60)
    def run(value: Any) -> None:
        try:
            tables = read(value)
        except (InputError, ArgumentError):
            return
        check(tables)

    run()
