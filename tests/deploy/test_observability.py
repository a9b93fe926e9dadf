"""Metrics, their documentation, the alerts and the dashboard speak of the same things."""

from __future__ import annotations

import ast
import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import TypeGuard

import pytest
import yaml

from graphray import metrics
from graphray.errors import ArgumentError
from graphray.metrics import METRICS, Metric

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "observability"
NAMES = {name: value for name, value in vars(metrics).items() if isinstance(value, Metric)}
BY_SERIES = {series: metric for metric in METRICS for series in metric.series}
GIVEN_BY_PROMETHEUS = {"le"}
EXPORTING_ACTORS = {
    "census.py": "catalog",
    "states_desk.py": "catalog",
    "member.py": "replica",
    "replica_calls.py": "replica",
    "replica_readings.py": "replica",
}

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"
)


def alert_rules() -> list[dict[str, str]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return group["rules"]


def expressions() -> list[str]:
    panels = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    shown = [target["expr"] for panel in panels for target in panel["targets"]]
    return shown + [rule["expr"] for rule in alert_rules()]


def test_names_and_labels_are_what_prometheus_takes() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"graphray(_[a-z]+)+", metric.name)
        assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", label) for label in metric.labels)
        assert not metric.name.endswith("_total"), "Ray adds it"
        assert list(metric.boundaries) == sorted(set(metric.boundaries))
        assert all(bound > 0 for bound in metric.boundaries)


def test_a_histogram_needs_boundaries() -> None:
    with pytest.raises(ArgumentError, match="'graphray_x'"):
        Metric("graphray_x", "histogram", "", ("graph",), "client")


def test_the_documentation_lists_exactly_these() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    row = r"^\| `(graphray_\w+)` \| (\w+) \| (.*?) \| (\w+) \| (.*) \|$"
    found = [
        (name, kind, tuple(re.findall(r"`(\w+)`", labels)), by, text)
        for name, kind, labels, by, text in re.findall(row, page, re.MULTILINE)
    ]
    assert found == [(m.name, m.kind, m.labels, m.by, m.help) for m in METRICS]


def test_every_metric_is_exported_by_whom_the_list_says() -> None:
    exported: dict[str, set[str]] = {}
    for folder, by in (("graphray", "client"), ("actors", "")):
        for file in (ROOT / folder).rglob("*.py"):
            for name in _imported_metrics(file):
                exported.setdefault(name, set()).add(by or EXPORTING_ACTORS[file.name])
    # What the autoscaler exports comes with it.
    listed = {name: {metric.by} for name, metric in NAMES.items() if metric.by != "autoscaler"}
    assert exported == listed


def _imported_metrics(file: Path) -> list[str]:
    imports = [node for node in ast.walk(ast.parse(file.read_text())) if _is_of_metrics(node)]
    return [alias.name for node in imports for alias in node.names if alias.name in NAMES]


def _is_of_metrics(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and node.module == "graphray.metrics"


def test_nobody_else_makes_metrics() -> None:
    for folder in ("graphray", "actors"):
        for file in (ROOT / folder).rglob("*.py"):
            is_exporter = file == ROOT / "graphray" / "client" / "exporter.py"
            assert is_exporter or "ray.util.metrics" not in file.read_text(), file


@pytest.mark.parametrize("expression", expressions())
def test_alerts_and_panels_ask_for_series_that_there_are(expression: str) -> None:
    series = re.findall(r"ray_graphray_\w+", expression)
    assert series
    labels = {label for name in series for label in BY_SERIES[name].labels} | GIVEN_BY_PROMETHEUS
    grouped = {
        label.strip()
        for group in re.findall(r"\bby \(([^)]*)\)", expression)
        for label in group.split(",")
    }
    filtered = set(re.findall(r"(\w+)\s*(?:=~|!=|=)\s*\"", expression))
    assert grouped | filtered <= labels


def test_every_alert_is_documented_and_tested() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    tested = [
        case
        for test in yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
        for case in test["alert_rule_test"]
    ]
    names = {rule["alert"] for rule in alert_rules()}
    assert set(re.findall(r"^\| `(GraphRay\w+)`", page, re.MULTILINE)) == names
    assert {case["alertname"] for case in tested if case.get("exp_alerts")} == names
    assert {case["alertname"] for case in tested if not case.get("exp_alerts")} == names


def test_the_dashboard_is_what_its_description_makes() -> None:
    made = runpy.run_path(str(FOLDER / "dashboard.py"))["dashboard"]()
    assert json.loads((FOLDER / "dashboard.json").read_text()) == made
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in made["panels"]]
    assert len(set(places)) == len(places)


@needs_promtool
@pytest.mark.parametrize(
    "command",
    ["check rules alerts.yml", "test rules alerts_test.yml", "check config prometheus.yml"],
)
def test_promtool_accepts_them(command: str) -> None:
    done = subprocess.run(
        ["promtool", *command.split()], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
