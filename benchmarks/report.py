"""What a benchmark hands back, and the three forms it is shown in: table, JSON, README section.

A row is one measured figure; where it has a reference, that was measured in the same run, and the
ratio of the two is what counts.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

PACKAGES = (
    "graphray",
    "numpy",
    "numba",
    "pyarrow",
    "ray",
    "pymetis",
    "networkx",
    "torch",
    "torch_geometric",
    "pyg-lib",
    "dgl",
)
HEADINGS = ("what", "value", "reference", "ratio", "target", "met")


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Attributes:
        name: what was measured.
        value: in ``unit``; None where it could not be measured, and ``reference`` says why.
        unit: such as "M edges/s" or "s".
        reference: what it is compared with.
        reference_value: the reference in the same unit, measured in the same run.
        ratio: ``value / reference_value``.
        target: what the ratio has to reach.
        met: whether it does.
        at_most: the target is an upper bound rather than a lower one.
    """

    name: str
    value: float | None
    unit: str
    reference: str | None = None
    reference_value: float | None = None
    ratio: float | None = None
    target: float | None = None
    met: bool | None = None
    at_most: bool = False

    def to_json(self) -> dict[str, Any]:
        """The row as the JSON file has it."""
        return {key: value for key, value in vars(self).items() if key != "at_most"}

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of `HEADINGS`."""
        value = "-" if self.value is None else f"{_number(self.value)} {self.unit}"
        reference = self.reference or ""
        if self.reference_value is not None:
            reference += f": {_number(self.reference_value)}"
        sign = "≤" if self.at_most else "≥"
        return (
            self.name,
            value,
            reference,
            "" if self.ratio is None else f"{self.ratio:.2f}",
            "" if self.target is None else f"{sign} {self.target:g}",
            "" if self.met is None else ("yes" if self.met else "no"),
        )


def compared(
    name: str,
    value: float,
    unit: str,
    reference: str,
    reference_value: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """A figure beside its reference, with at most one bound on their ratio.

    >>> compared("in process", 24.0, "M edges/s", "gather bound", 48.0, at_least=0.4).met
    True
    """
    ratio = value / reference_value
    target = at_least if at_most is None else at_most
    met = None
    if target is not None:
        met = ratio >= target if at_most is None else ratio <= target
    return Row(
        name,
        value,
        unit,
        reference,
        reference_value,
        ratio,
        target,
        met,
        at_most=at_most is not None,
    )


def skipped(name: str, unit: str, why: str) -> Row:
    """The row of a peer that could not be measured here.

    >>> skipped("pyg-lib", "M edges/s", "not installed").cells()[:3]
    ('pyg-lib', '-', 'skipped: not installed')
    """
    return Row(name, None, unit, f"skipped: {why}")


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(terse=True),
    }


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter, of those that are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def as_json(rows: Sequence[Row]) -> dict[str, Any]:
    """The one object that ``--json`` writes."""
    return {
        "machine": machine(),
        "versions": versions(),
        "results": [row.to_json() for row in rows],
    }


def print_table(title: str, rows: Sequence[Row], console: Console) -> None:
    """Draw the rows on a terminal."""
    table = Table(title=title, title_justify="left")
    for heading, justify in zip(HEADINGS, ("left", "right", "left", *["right"] * 3), strict=True):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*row.cells())
    console.print(table)


def as_markdown(rows: Sequence[Row], day: date) -> str:
    """The rows as a table for the README, under a line on where they were measured."""
    host, found = machine(), versions()
    packages = ", ".join(f"{name} {number}" for name, number in found.items())
    lines = [
        f"Measured {day.isoformat()} on {host['cores']} cores of {host['cpu']}, "
        f"{host['memory_bytes'] / 2**30:.0f} GiB: {packages}.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
        *("| " + " | ".join(row.cells()) + " |" for row in rows),
    ]
    return "\n".join(lines)


def rewrite_section(page: str, name: str, body: str) -> str:
    """The page with the text between its two markers of that name replaced, or added at its end.

    >>> print(rewrite_section("<!-- a:begin -->old<!-- a:end -->", "a", "new"))
    <!-- a:begin -->
    new
    <!-- a:end -->
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    section = f"{begin}\n{body}\n{end}"
    if begin not in page or end not in page:
        return f"{page.rstrip()}\n\n## {name.capitalize()}\n\n{section}\n"
    before, rest = page.split(begin, 1)
    return before + section + rest.split(end, 1)[1]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
