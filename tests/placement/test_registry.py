"""Strategies by name, and what the front door lets through of one's own."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from graphray.errors import ArgumentError, PlacementError, StrategyNotFound
from graphray.placement import (
    PlacementOptions,
    PlacementProblem,
    get,
    names,
    plan,
    register,
    registry,
)
from tests.placement.problems import demands, node, nodes

TWO = PlacementProblem(demands([1.0, 1.0]), nodes(3))


@pytest.fixture(autouse=True)
def _forget_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "REGISTRY", replace(registry.REGISTRY, _custom={}))


def returning(value: Any) -> str:
    @register("mine")
    def mine(problem: PlacementProblem) -> Any:
        return value

    return "mine"


@pytest.mark.parametrize("name", sorted(registry.REGISTRY.built_in))
def test_built_in_strategies_bear_their_registered_name(name: str) -> None:
    assert get(name).name == name
    assert name in names()


def test_function_class_and_instance_are_all_strategies() -> None:
    @register("by-class")
    class ByClass:
        name = "by-class"

        def place(self, problem: PlacementProblem) -> list[list[int]]:
            return [[2, 1], [0, 2]]

    assert plan(TWO, "by-class").nodes_of(0) == ("n2", "n1")
    assert plan(TWO, ByClass()).strategy == "by-class"
    assert plan(TWO, returning([[0, 1], [1, 2]])).replicas[0].reason == "new; by 'mine'"
    assert {"by-class", "mine"} <= set(names())


def test_registering_again_replaces_but_never_a_built_in() -> None:
    returning([[0, 1], [0, 1]])
    assert plan(TWO, returning([[1, 2], [1, 2]])).nodes_of(1) == ("n1", "n2")
    with pytest.raises(ArgumentError, match="'pack'"):
        register("pack")


def test_an_entry_point_of_another_package_is_found_and_named_when_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = [
        EntryPoint("theirs", "graphray.placement.packed:Pack", registry.REGISTRY.group),
        EntryPoint("broken", "no_such_module:x", registry.REGISTRY.group),
    ]

    def found(group: str, name: str | None = None) -> list[EntryPoint]:
        return [p for p in points if p.group == group and name in (None, p.name)]

    monkeypatch.setattr("graphray.registry.entry_points", found)
    assert "theirs" in names()
    assert get("theirs").name == "pack"
    with pytest.raises(PlacementError, match=r"broken.*no_such_module"):
        get("broken")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(StrategyNotFound, match=r"'packed'.*balanced, .*pack"):
        get("packed")


@pytest.mark.parametrize(
    "value", [None, 3, [[0, 1]], [[0, 1], [0]], [[0, 1], [0, 3]], [[0, 1], [-1, 0]], [[0, 1], "ab"]]
)
def test_a_wrong_result_names_the_strategy(value: Any) -> None:
    with pytest.raises(PlacementError, match=r"'mine' returned .*a node in 0..2"):
        plan(TWO, returning(value))


def test_a_strategy_that_fails_is_named() -> None:
    @register("mine")
    def mine(problem: PlacementProblem) -> Any:
        raise KeyError("rack")

    with pytest.raises(PlacementError, match="'mine' failed: KeyError: 'rack'") as caught:
        plan(TWO, "mine")
    assert caught.value.fields["strategy"] == "mine"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[0, 0], [1, 2]], "replica 1 of partition 0 on node 'n0', beside another"),
        ([[0, 1], [2, 3]], "replica 1 of partition 1 on node 'n3', which is draining or lacks"),
        ([[0, 1], [0, 4]], "replica 1 of partition 1 on node 'n4', which has no room"),
    ],
)
def test_a_plan_that_may_not_be_is_refused(value: Any, message: str) -> None:
    cluster = (*nodes(3), node("n3", labels={"market": "spot"}), node("n4", memory=0.5))
    options = PlacementOptions(require=({"market": "!spot"},))
    with pytest.raises(PlacementError, match=message):
        plan(PlacementProblem(demands([1.0, 1.0]), cluster, options), returning(value))
