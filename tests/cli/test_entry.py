"""The group: help, exit codes, errors without tracebacks, and what importing it brings in."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from graphray.cli.entry import COMMANDS, main
from tests.cli.conftest import Run

CALL = "from graphray.cli import main; main(prog_name='graphray')"


def test_help_of_the_group_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from graphray.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print({'ray', 'numba', 'numpy', 'pyarrow', 'networkx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_groups_help_says_what_each_command_says(name: str) -> None:
    command = importlib.import_module(f"graphray.cli.{name}").command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert (command.help or "").splitlines()[0] == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_shows_an_example_on_a_line_of_its_own(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert any(line.startswith(f"    graphray {name}") for line in result.output.splitlines())


def test_every_option_is_explained_or_speaks_for_itself() -> None:
    for name in COMMANDS:
        command = importlib.import_module(f"graphray.cli.{name}").command
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help or isinstance(option.type, click.Choice), (name, option.name)


def test_a_users_mistake_is_one_line_without_a_traceback(run: Run, tmp_path: Path) -> None:
    result = run("info", tmp_path / "absent")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: there is no store at")
    assert "Traceback" not in result.output
    assert len(result.stderr.splitlines()) == 1


def test_debug_adds_the_traceback(run: Run, tmp_path: Path) -> None:
    result = run("--debug", "info", tmp_path / "absent")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert "error: there is no store at" in result.stderr


@pytest.mark.parametrize("arguments", [["wrong"], ["info"], ["down"], ["build", "edges.csv"]])
def test_wrong_usage_exits_with_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_an_interrupt_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("graphray.cli.info.Store.open", interrupt)
    result = CliRunner().invoke(main, ["info", "store"])
    assert result.exit_code == 130
    assert result.stderr == "interrupted\n"


def test_exit_codes_reach_the_shell(tmp_path: Path) -> None:
    def code(*arguments: str) -> int:
        command = [sys.executable, "-c", CALL, *arguments]
        return subprocess.run(command, capture_output=True, cwd=tmp_path).returncode

    assert [code("--version"), code("info", "absent"), code("info", "--wrong")] == [0, 1, 2]
