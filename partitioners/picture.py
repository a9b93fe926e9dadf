"""A partition as a picture: how full every part is, and what crosses between which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError, missing_dependency
from partitioners.report import Report

_NODES, _EDGES = "#3b76b8", "#c99a2e"


def draw(reports: Sequence[Report], file: str | Path) -> None:
    """Draw a row of two charts for each report.

    Left: nodes and edge ends of every part, over the target. Right: the edges between every two
    parts, as shares of all edges; inner edges are left blank.

    Args:
        reports: what to draw, at least one.
        file: where to; its ending says the format, such as ``.png``, ``.svg``, ``.pdf``.

    Raises:
        MissingDependency: where matplotlib is not installed.
        ArgumentError: where the format is not known.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise missing_dependency("matplotlib", "plot", "a picture of a partition") from error
    figure = Figure(figsize=(11, 3.6 * len(reports)), layout="constrained")
    axes = figure.subplots(len(reports), 2, squeeze=False)
    shares = [_crossing_shares(report) for report in reports]
    # One scale for all, from zero: otherwise a difference of a thousandth would look like a cliff.
    top = max((float(np.nanmax(s)) for s in shares if s.size > 1), default=1.0)
    for (fullness, crossing), report, share in zip(axes, reports, shares, strict=True):
        _draw_fullness(fullness, report)
        _draw_crossing(figure, crossing, report, share, top or 1.0)
    try:
        figure.savefig(file, dpi=140)
    except ValueError as error:
        raise ArgumentError(f"cannot draw to {file}: {error}") from error


def _draw_fullness(axes: Any, report: Report) -> None:
    parts = np.arange(report.parts)
    for shift, amounts, label, colour in (
        (-0.2, report.nodes, "nodes", _NODES),
        (0.2, report.edge_ends, "edge ends", _EDGES),
    ):
        targets = np.maximum(amounts.sum() * report.shares, 1e-9)
        axes.bar(parts + shift, amounts / targets, width=0.4, color=colour, label=label)
    axes.axhline(1.0, color="#52606d", linewidth=1)
    axes.set_xlabel("part")
    axes.set_ylabel("times the target")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title(
        f"{report.partitioner}: balance {report.quality.node_balance:.2f} nodes, "
        f"{report.quality.edge_balance:.2f} edges"
    )
    axes.legend(loc="lower right")


def _crossing_shares(report: Report) -> npt.NDArray[np.float64]:
    """The share of all edges between every two parts; not a number for inner edges."""
    total = max(int(np.triu(report.cut_matrix).sum()), 1)
    shares = report.cut_matrix / total
    np.fill_diagonal(shares, np.nan)
    return shares


def _draw_crossing(
    figure: Any, axes: Any, report: Report, shares: npt.NDArray[np.float64], top: float
) -> None:
    image = axes.imshow(shares, cmap="viridis", vmin=0.0, vmax=top)
    axes.set_xlabel("part")
    axes.set_ylabel("part")
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_major_locator().set_params(integer=True)
    axes.set_title(f"edge cut {report.quality.edge_cut:.1%}, by pair of parts")
    figure.colorbar(image, ax=axes, label="share of all edges")
