import json
from datetime import date
from pathlib import Path

from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks.registry import benchmark
from benchmarks.report import (
    Row,
    as_json,
    as_markdown,
    compared,
    rewrite_section,
    skipped,
)

ROW_KEYS = {"name", "value", "unit", "reference", "reference_value", "ratio", "target", "met"}


def test_a_lower_bound_is_met_at_equality_and_missed_below():
    assert compared("a", 6.0, "s", "b", 10.0, at_least=0.6).met is True
    assert compared("a", 5.9, "s", "b", 10.0, at_least=0.6).met is False


def test_an_upper_bound_is_met_at_equality_and_missed_above():
    assert compared("a", 13.0, "s", "b", 10.0, at_most=1.3).met is True
    assert compared("a", 13.1, "s", "b", 10.0, at_most=1.3).met is False


def test_no_target_leaves_target_and_met_open():
    row = compared("a", 6.0, "s", "b", 12.0)
    assert (row.ratio, row.target, row.met) == (0.5, None, None)


def test_json_has_the_three_keys_and_rows_of_eight():
    rows = [compared("a", 6.0, "s", "b", 12.0, at_least=1.0), skipped("c", "s", "not installed")]
    found = json.loads(json.dumps(as_json(rows)))
    assert set(found) == {"machine", "versions", "results"}
    assert all(set(row) == ROW_KEYS for row in found["results"])
    assert found["results"][1]["value"] is None
    assert "not installed" in found["results"][1]["reference"]
    assert found["versions"]["python"]
    assert found["machine"]["memory_bytes"] > 0


def test_markdown_has_one_line_per_row():
    rows = [Row("a", 1.0, "s"), compared("b", 2.0, "s", "a", 4.0, at_most=1.0)]
    text = as_markdown(rows, date(2026, 1, 2))
    assert "2026-01-02" in text
    assert text.splitlines()[-1] == "| b | 2 s | a: 4 | 0.50 | ≤ 1 | yes |"


def test_rewriting_a_section_keeps_the_rest_and_is_idempotent():
    page = "# Top\n\n<!-- x:begin -->\nold\n<!-- x:end -->\n\ntail\n"
    once = rewrite_section(page, "x", "new")
    assert once == "# Top\n\n<!-- x:begin -->\nnew\n<!-- x:end -->\n\ntail\n"
    assert rewrite_section(once, "x", "new") == once


def test_a_missing_section_is_added_at_the_end():
    page = rewrite_section("# Top\n", "x", "new")
    assert page.startswith("# Top\n")
    assert rewrite_section(page, "x", "newer").count("x:begin") == 1


def test_the_command_writes_json_and_the_readme(tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text("# Benchmarks\n")
    monkeypatch.setattr(command, "README", readme)
    monkeypatch.setattr(command, "benchmark", lambda name: lambda quick: [Row(name, 1.0, "s")])
    target = tmp_path / "out.json"
    result = CliRunner().invoke(command.main, ["sampling", "--json", str(target), "--readme"])
    assert result.exit_code == 0, result.output
    assert json.loads(target.read_text())["results"][0]["name"] == "sampling"
    assert "| sampling | 1 s |" in readme.read_text()


def test_quick_figures_never_reach_the_readme():
    result = CliRunner().invoke(command.main, ["sampling", "--quick", "--readme"])
    assert result.exit_code == 2
    assert "full-size" in result.output


def test_the_list_names_every_benchmark():
    output = CliRunner().invoke(command.main, ["--list"]).output
    assert all(name in output for name in command.DESCRIPTIONS)


def test_the_registry_holds_exactly_the_modules_that_run():
    folder = Path(command.__file__).parent
    modules = {p.stem for p in folder.glob("*.py") if "\ndef run(quick: bool)" in p.read_text()}
    assert modules == set(command.DESCRIPTIONS)
    assert all(callable(benchmark(name)) for name in modules)
