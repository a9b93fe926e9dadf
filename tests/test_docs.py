"""The documentation is true: its Python runs, its commands parse, its links lead somewhere."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest

from graphray import errors
from graphray.cli.entry import COMMANDS, GraphRayGroup, main

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

OPTIONAL = {"pyg.md": "torch_geometric"}

each_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)
each_page_to_run = pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.torch] if page.name in OPTIONAL else [])
        for page in PAGES
    ],
    ids=NAMES,
)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def ray(start_cluster: Callable[..., Any]) -> Iterator[None]:
    start_cluster(nodes=1)
    return


@pytest.mark.cluster
@pytest.mark.usefixtures("ray")
@each_page_to_run
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page.name in OPTIONAL:
        pytest.importorskip(OPTIONAL[page.name])
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "documentation"}
    for number, block in enumerate(blocks(page, "python"), 1):
        exec(compile(block, f"{page.name}, block {number}", "exec"), names)


def test_the_pages_have_examples_to_run() -> None:
    assert sum(len(blocks(page, "python")) for page in PAGES) >= 15


@each_page
def test_commands_parse(page: Path) -> None:
    for line in "".join(blocks(page, "sh")).replace("\\\n", "").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["graphray"]:
            assert isinstance(main, GraphRayGroup)
            command = main.get_command(click.Context(main), words[1])
            assert command is not None, line
            command.make_context(words[1], words[2:])


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_linked_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    for page in PAGES:
        assert page.name in index or page.name == "index.md", page.name


def test_every_command_is_documented() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    for name in COMMANDS:
        assert f"graphray {name}" in page


def test_every_error_is_documented_with_its_builtin_parent() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*?)\|", page, re.MULTILINE))
    classes = {
        name: kind
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.GraphRayError) and kind is not errors.GraphRayError
    }
    assert set(rows) == set(classes)
    for name, parent in rows.items():
        own = [base for base in classes[name].__bases__ if base.__module__ == "builtins"]
        inherited = [base for base in classes[name].__mro__ if base.__module__ == "builtins"]
        builtin = (own or inherited)[0]
        expected = "" if builtin is Exception else f"`{builtin.__name__}`"
        assert parent.strip() == expected, name


def test_the_picture_is_well_formed() -> None:
    root = ElementTree.parse(ROOT / "docs" / "architecture.svg").getroot()
    assert root.tag.endswith("svg")
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
