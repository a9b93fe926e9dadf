"""The registry, and what the front door lets through."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError, PartitionerError, StrategyNotFound
from partitioners import Partitioner, PartitionProblem, assign, get, names, register, registry
from tests.partitioners.graphs import homogeneous, problems

BUILT_IN = sorted(registry.REGISTRY.built_in)
ANY_GRAPH = ("hash", "knowledge", "metis", "multilevel", "random", "range", "semantic", "streaming")
PATH = homogeneous(4, [(0, 1), (1, 2), (2, 3)])


@pytest.fixture(autouse=True)
def _forget_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "REGISTRY", replace(registry.REGISTRY, _custom={}))


def returning(value: Any) -> Partitioner:
    @register("mine")
    def mine(problem: PartitionProblem, parts: int, *, rng_seed: int) -> Any:
        return value

    return get("mine")


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_partitioners_bear_their_registered_name(name: str) -> None:
    assert get(name).name == name
    assert name in names()


@pytest.mark.parametrize("name", ANY_GRAPH)
@given(data=st.data(), problem=problems(), rng_seed=st.integers(0, 2**70))
def test_general_partitioners_assign_every_graph(
    name: str, data: st.DataObject, problem: PartitionProblem, rng_seed: int
) -> None:
    parts = data.draw(st.integers(1, max(1, problem.num_nodes)))
    assignment = assign(name, problem, parts, rng_seed)
    assert assignment.dtype == np.int32
    assert assignment.shape == (problem.num_nodes,)
    assert ((assignment >= 0) & (assignment < parts)).all()
    np.testing.assert_array_equal(assignment, assign(name, problem, parts, rng_seed))


def test_function_class_and_instance_are_all_partitioners() -> None:
    @register("by-class")
    class ByClass:
        name = "by-class"

        def partition(self, problem: PartitionProblem, parts: int, *, rng_seed: int) -> Any:
            return np.full(problem.num_nodes, rng_seed, np.int32)

    assert assign("by-class", PATH, 2, 1).tolist() == [1, 1, 1, 1]
    assert assign(ByClass(), PATH, 2, 0).tolist() == [0, 0, 0, 0]
    assert assign(returning([0, 1, 0, 1]), PATH, 2, 0).tolist() == [0, 1, 0, 1]
    assert {"by-class", "mine"} <= set(names())


def test_registering_again_replaces_but_never_a_built_in() -> None:
    returning([0] * 4)
    returning([1] * 4)
    assert assign("mine", PATH, 2, 0).tolist() == [1] * 4
    with pytest.raises(ArgumentError, match="'metis'"):
        register("metis")


def test_an_entry_point_of_another_package_is_found_and_named_when_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = [
        EntryPoint("theirs", "partitioners.ranged:Range", registry.REGISTRY.group),
        EntryPoint("broken", "no_such_module:x", registry.REGISTRY.group),
    ]

    def found(group: str, name: str | None = None) -> list[EntryPoint]:
        return [p for p in points if p.group == group and name in (None, p.name)]

    monkeypatch.setattr("graphray.registry.entry_points", found)
    assert "theirs" in names()
    assert assign("theirs", PATH, 2, 0).tolist() == [0, 0, 1, 1]
    with pytest.raises(PartitionerError, match=r"broken.*no_such_module"):
        get("broken")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(StrategyNotFound, match=r"'mettis'.*hash, .*metis"):
        get("mettis")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([0, 1, 0], r"shape \(3,\)"),
        ([[0, 1], [0, 1]], r"shape \(2, 2\)"),
        ([[0, 1], [0]], "no array"),
        ([0.0, 1.0, 0.0, 1.0], "float64"),
        ([0.0, np.nan, 0.0, 1.0], "nan for node 1"),
        (["0", "1", "0", "1"], "dtype <U1"),
        ([True, False, True, False], "bool"),
        (None, r"shape \(\)"),
        ([0, 1, 2, 2], r"partition 2 for node 2 \(2 such nodes\)"),
        ([0, -1, 0, 1], "partition -1 for node 1"),
        (np.array([0, 2**32, 0, 1]), "partition 4294967296 for node 1"),
    ],
)
def test_a_wrong_result_names_the_partitioner_and_what_it_returned(
    value: Any, message: str
) -> None:
    with pytest.raises(PartitionerError, match=f"'mine' returned.*{message}"):
        assign(returning(value), PATH, 2, 0)


@pytest.mark.parametrize("parts", [0, -1, 5, 2.0, "2"])
def test_parts_out_of_range(parts: Any) -> None:
    with pytest.raises(ArgumentError, match=r"parts = .*1 to 4"):
        assign("hash", PATH, parts, 0)


@pytest.mark.parametrize("rng_seed", [-1, None, 0.5])
def test_rng_seed_out_of_range(rng_seed: Any) -> None:
    with pytest.raises(ArgumentError, match="rng_seed"):
        assign("hash", PATH, 2, rng_seed)


def test_what_is_no_partitioner_is_refused() -> None:
    with pytest.raises(ArgumentError, match="partitioner = 3"):
        assign(3, PATH, 2, 0)  # type: ignore[arg-type]
    with pytest.raises(PartitionerError, match="'mine' is 3"):
        register("mine")(3)  # type: ignore[type-var]


def test_an_empty_graph_has_one_partition() -> None:
    empty = homogeneous(0, [])
    assert assign("hash", empty, 1, 0).shape == (0,)
    with pytest.raises(ArgumentError, match="0 nodes"):
        assign("hash", empty, 2, 0)
