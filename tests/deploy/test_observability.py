"""Metrics, their documentation, the alerts and the dashboard speak of the same things."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from graphray.errors import ArgumentError
from graphray.metrics import METRICS, Metric

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "observability"
BY_SERIES = {series: metric for metric in METRICS for series in metric.series}
GIVEN_BY_PROMETHEUS = {"le"}

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
        Metric("graphray_x", "histogram", "", ("graph",))


def test_the_documentation_lists_exactly_these() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(graphray_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", page, re.MULTILINE)
    found = [
        (name, kind, tuple(re.findall(r"`(\w+)`", labels)), text)
        for name, kind, labels, text in rows
    ]
    assert found == [(m.name, m.kind, m.labels, m.help) for m in METRICS]


def test_every_metric_that_the_code_exports_is_in_the_list() -> None:
    names = {metric.name for metric in METRICS}
    for folder in ("graphray", "actors"):
        for file in (ROOT / folder).rglob("*.py"):
            calls = re.findall(r"(?:Counter|Gauge|Histogram)\(\s*\"(\w+)\"", file.read_text())
            assert set(calls) <= names, file


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
