"""Without what Ray Data needs the calls say what to install."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import graphray as gr
from graphray.errors import MissingDependency

CALLS: list[Callable[[gr.Graph], Any]] = [
    lambda graph: graph.to_ray_dataset(fanout=[1]),
    lambda graph: graph.nodes_dataset(),
    lambda graph: graph.edges_dataset(),
]


@pytest.mark.parametrize("call", CALLS, ids=["batches", "nodes", "edges"])
def test_the_extra_is_named(
    call: Callable[[gr.Graph], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = gr.open(gr.build(([0, 1], [1, 0]), tmp_path / "store").uri)
    for module in ("batches", "tables"):
        monkeypatch.delitem(sys.modules, f"graphray.ray_data.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(MissingDependency, match=r"pip install 'graphray\[data\]'"):
        call(graph)
