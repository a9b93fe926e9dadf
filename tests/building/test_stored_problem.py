"""Reading a store back gives what its build was given, and the partition it was given."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.building.stored_problem import stored_problem
from graphray.store import Store
from partitioners.problem import PartitionProblem
from tests.sampling.graphs import NEAR, RandomAssignment, build_store, plain_graphs
from tests.sampling.twin import PlainGraph


@settings(max_examples=25)
@given(graph=plain_graphs(), parts=st.integers(1, 4), scatter=st.integers(0, 9))
def test_a_store_read_back_is_what_was_built(graph: PlainGraph, parts: int, scatter: int) -> None:
    parts = min(parts, *graph.counts.values())
    with tempfile.TemporaryDirectory() as folder:
        store = build_store(graph, Path(folder), parts, scatter)
        problem, assignment = stored_problem(Store.open(store))
    first = dict(zip(problem.type_names, problem.type_offsets, strict=False))
    for edges in problem.edges:
        relation = edges.relation
        sources = (edges.sources - first[relation.source]).tolist()
        destinations = (edges.destinations - first[relation.destination]).tolist()
        found = list(zip(sources, destinations, strict=True))
        expected = graph.edges[relation]
        if relation == NEAR:
            found, expected = [set(f) for f in found], [set(e) for e in expected]  # type: ignore[misc]
        assert found == expected
    for name, count in graph.counts.items():
        assert problem.columns[name]["x"].to_pylist() == [[i, -i] for i in range(count)]
    scattered = RandomAssignment(scatter).partition(problem, parts, rng_seed=0)
    assert np.array_equal(assignment, scattered)


def test_an_empty_relation_is_legal(tmp_path: Path) -> None:
    gr.build((np.zeros(0, np.int64), np.zeros(0, np.int64)), tmp_path / "s", nodes=np.arange(3))
    problem, assignment = stored_problem(Store.open(tmp_path / "s"))
    assert isinstance(problem, PartitionProblem)
    assert len(problem.edges[0].sources) == 0
    assert assignment.tolist() == [0, 0, 0]
