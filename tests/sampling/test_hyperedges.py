"""Hyperedge sampling: against the incidences, wherever the rows are."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound
from tests.partly import partly
from tests.sampling.graphs import RandomAssignment

SMALL = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
ROLES = ("head", "tail")

INCIDENCES = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 4), st.sampled_from(ROLES)),
    min_size=1,
    max_size=30,
    unique=True,
)
CAPS = st.sampled_from([1, 2, 3, -1])


def build(folder: Path, incidences: list[tuple[int, int, str]], parts: int) -> Path:
    vertices, hyperedges, roles = zip(*incidences, strict=True)
    table = pa.table(
        {
            "vertex": [f"v{vertex}" for vertex in vertices],
            "hyperedge": [f"h{hyperedge}" for hyperedge in hyperedges],
            "role": list(roles),
        }
    )
    tables = gr.Hypergraph.from_incidence(
        table, vertices=pa.table({"id": [f"v{n}" for n in range(8)]})
    )
    tables.build(folder, parts=parts, partitioner=RandomAssignment(parts))
    return folder


def incidences_of(batch: gr.Batch) -> list[tuple[int, int, str]]:
    relation = ("vertex", "incidence", "hyperedge")
    vertices, hyperedges = batch.edge_index[relation]
    return [
        (int(batch.nodes["vertex"][v][1:]), int(batch.nodes["hyperedge"][h][1:]), role)
        for v, h, role in zip(
            vertices, hyperedges, batch.edge_features("role", relation), strict=True
        )
    ]


@SMALL
@given(
    incidences=INCIDENCES,
    fanout=st.lists(st.tuples(CAPS, CAPS), min_size=1, max_size=3),
    enter=st.sampled_from([None, ["tail"]]),
    members=st.sampled_from([None, ["head"]]),
    parts=st.integers(1, 3),
    data=st.data(),
)
def test_hops_go_to_hyperedges_and_their_members(
    incidences: list[tuple[int, int, str]],
    fanout: list[tuple[int, int]],
    enter: Any,
    members: Any,
    parts: int,
    data: st.DataObject,
) -> None:
    plan = gr.Hyperedges(fanout, enter, members)
    parts = min(parts, len({hyperedge for _, hyperedge, _ in incidences}))
    here = data.draw(st.sets(st.integers(0, parts - 1)))
    with tempfile.TemporaryDirectory() as folder:
        whole = gr.open(build(Path(folder) / "whole", incidences, 1))
        part = partly(gr.open(build(Path(folder) / "part", incidences, parts)), here)
        seeds = ("vertex", ["v0", "v3", "v5"])
        expected = whole.loader(seeds, sampling=plan, rng_seed=1).batch(0, 0)
        batch = part.loader(seeds, sampling=plan, rng_seed=1).batch(0, 0)
        assert batch.digest() == expected.digest()
        found = incidences_of(batch)
        hyperedges = [int(name[1:]) for name in batch.nodes["hyperedge"]]
    assert len(set(found)) == len(found)
    assert set(found) <= set(incidences)
    if set(fanout) == {(-1, -1)}:
        assert set(found) == reached(incidences, len(fanout), enter, members)
    for hyperedge in hyperedges:
        # Somebody drew it, and is in it.
        assert any(h == hyperedge and (not enter or role in enter) for _, h, role in found)
    if len(fanout) == 1 and fanout[0][1] != -1:
        drew = {0, 3, 5}
        for hyperedge, count in Counter(h for _, h, _ in found).items():
            certain = sum(v in drew for v, h, _ in incidences if h == hyperedge)
            assert count <= max(fanout[0][1], certain)


def reached(
    incidences: list[tuple[int, int, str]], hops: int, enter: Any, members: Any
) -> set[tuple[int, int, str]]:
    """All incidences within some hops, by the definition."""
    found: set[tuple[int, int, str]] = set()
    seen, frontier = {0, 3, 5}, {0, 3, 5}
    open_hyperedges: set[int] = set()
    for _ in range(hops):
        drawn = {
            (v, h) for v, h, role in incidences if v in frontier and (not enter or role in enter)
        }
        new = {h for _, h in drawn} - open_hyperedges
        open_hyperedges |= new
        found |= {i for i in incidences if (i[0], i[1]) in drawn}
        found |= {i for i in incidences if i[1] in new and (not members or i[2] in members)}
        frontier = {v for v, _, _ in found} - seen
        seen |= frontier
    return found


def test_members_are_drawn_equally_often(tmp_path: Path) -> None:
    incidences = [(vertex, 0, "head") for vertex in range(8)]
    graph = gr.open(build(tmp_path / "store", incidences, 1))
    plan = gr.Hyperedges([(1, 3)])
    seen: Counter[int] = Counter()
    loader = graph.loader(("vertex", ["v0"]), sampling=plan)
    for epoch in range(500):
        batch = loader.batch(epoch, 0)
        vertices = [vertex for vertex, _, _ in incidences_of(batch)]
        assert len(vertices) == 3
        assert 0 in vertices
        seen.update(vertices)
    assert stats.chisquare([seen[vertex] for vertex in range(1, 8)]).pvalue > 1e-6


def test_hyperedges_can_be_seeds(tmp_path: Path) -> None:
    incidences = [(0, 0, "tail"), (1, 0, "head"), (1, 1, "head"), (2, 1, "tail"), (3, 2, "tail")]
    graph = gr.open(build(tmp_path / "store", incidences, 2))
    one = graph.loader(("hyperedge", ["h0"]), sampling=gr.Hyperedges([(-1, -1)])).batch(0, 0)
    assert set(incidences_of(one)) == set(incidences[:2])
    two = graph.loader(("hyperedge", ["h0"]), sampling=gr.Hyperedges([(-1, -1)] * 2)).batch(0, 0)
    assert set(incidences_of(two)) == set(incidences[:4])
    assert two.num_sampled_nodes == {"vertex": (0, 2, 1), "hyperedge": (1, 0, 1)}
    assert two.num_seeds == 1


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (gr.Hyperedges([]), r"fanout = \[\]"),
        (gr.Hyperedges([5]), r"fanout\[0\] = 5; expected a pair"),  # type: ignore[list-item]
        (gr.Hyperedges([(1, 0)]), r"fanout\[0\]\[1\] = 0"),
        (gr.Hyperedges([(1, 2)], enter_roles="tail"), "enter_roles = 'tail'"),
        (gr.Hyperedges([(1, 2)], member_roles=[1]), "member_roles"),  # type: ignore[list-item]
    ],
)
def test_plans_are_checked(tmp_path: Path, plan: Any, message: str) -> None:
    graph = gr.open(build(tmp_path / "store", [(0, 0, "tail")], 1))
    with pytest.raises(ArgumentError, match=message):
        graph.loader("vertex", sampling=plan)


def test_graphs_are_checked(tmp_path: Path) -> None:
    graph = gr.open(build(tmp_path / "store", [(0, 0, "tail")], 1))
    with pytest.raises(ColumnNotFound, match="it has: role"):
        graph.loader("vertex", sampling=gr.Hyperedges([(1, 2)], ["a"], role_column="part"))
    gr.build((np.array([0]), np.array([1])), tmp_path / "plain")
    with pytest.raises(ArgumentError, match="is no incidence"):
        gr.open(tmp_path / "plain").loader(sampling=gr.Hyperedges([(1, 2)]))
