"""Reports: sums that have to agree, a clock that is passed in, a picture that is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphray.errors import ArgumentError
from graphray.schema import DEFAULT_RELATION
from partitioners.picture import draw
from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.report import report, run_and_report


@pytest.fixture
def problem() -> PartitionProblem:
    rng = np.random.default_rng(0)
    ends = rng.integers(0, 50, (2, 400))
    return PartitionProblem(
        ("node",), np.array([0, 50]), (EdgeSet(DEFAULT_RELATION, ends[0], ends[1]),)
    )


def test_the_matrix_holds_every_edge_once(problem: PartitionProblem) -> None:
    assignment = np.random.default_rng(1).integers(0, 3, 50).astype(np.int32)
    found = report(problem, assignment, 3, "drawn")
    edges = problem.edges[0]
    for a in range(3):
        for b in range(3):
            ends = assignment[edges.sources], assignment[edges.destinations]
            either = (ends[0] == a) & (ends[1] == b) | (ends[0] == b) & (ends[1] == a)
            assert found.cut_matrix[a, b] == np.count_nonzero(either)
    assert np.triu(found.cut_matrix, 1).sum() == found.quality.cut_edges
    assert found.edge_ends.sum() == 2 * 400
    assert found.nodes.sum() == 50
    assert found.seconds is None


def test_time_is_taken_from_the_clock(problem: PartitionProblem) -> None:
    ticks = iter([10.0, 12.5])
    assignment, found = run_and_report(problem, "range", 5, clock=lambda: next(ticks))
    assert found.seconds == 2.5
    assert found.to_json()["parts"] == 5
    assert sorted(np.bincount(assignment)) == sorted(found.nodes)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_is_drawn(problem: PartitionProblem, tmp_path: Path, ending: str) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / f"parts.{ending}"
    reports = [run_and_report(problem, "range", parts)[1] for parts in (1, 4)]
    draw(reports, file)
    start = file.read_bytes()[:6]
    assert start in (b"\x89PNG\r\n", b"<?xml ")


def test_an_unknown_format_is_refused(problem: PartitionProblem, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ArgumentError, match=r"parts\.txt"):
        draw([run_and_report(problem, "range", 2)[1]], tmp_path / "parts.txt")
