"""``graphray console``: what it serves, to whom, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graphray.cli import console
from graphray.console.stored import StoreSource
from tests.cli.conftest import Run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the console was asked to serve; it is ended at once, as by Ctrl-C."""
    calls: list[tuple[Any, ...]] = []

    async def serve(
        source: Any, host: str, port: int, hosts: Any, ready: Callable[[str], None]
    ) -> None:
        calls.append((source, host, port, hosts))
        ready(f"http://{host}:{port}/")
        raise KeyboardInterrupt

    monkeypatch.setattr(console, "serve", serve)
    return calls


@pytest.fixture
def store(run: Run, files: Any) -> str:
    run("build", "edges.csv", "store")
    return "store"


def test_a_store_is_explored_without_a_cluster(
    run: Run, store: str, served: list[tuple[Any, ...]]
) -> None:
    ended = run("console", "--store", store, "--port", 4242, "--allow-host", "graphs.example")
    assert ended.exit_code == 0
    assert "The console is at http://127.0.0.1:4242/" in ended.stdout
    assert "warning" not in ended.stderr
    ((source, host, port, hosts),) = served
    assert isinstance(source, StoreSource)
    assert source.title.endswith("/store")
    assert (host, port, hosts) == ("127.0.0.1", 4242, ("graphs.example",))


@pytest.mark.parametrize(("host", "warned"), [("::1", False), ("localhost", False), ("::", True)])
def test_whoever_opens_it_to_others_is_warned(
    run: Run, store: str, served: list[tuple[Any, ...]], host: str, warned: bool
) -> None:
    ended = run("console", "--store", store, "--host", host)
    assert ("can read the graph" in ended.stderr) is warned
    assert served


@pytest.mark.parametrize("words", [[], ["papers", "--store", "store"]])
def test_a_name_or_a_store_is_needed_and_not_both(run: Run, words: list[str]) -> None:
    ended = run("console", *words)
    assert ended.exit_code == 2
    assert "name of a running graph, or --store PATH" in ended.stderr


def test_a_store_that_is_not_there_is_told(run: Run, served: list[tuple[Any, ...]]) -> None:
    ended = run("console", "--store", "absent")
    assert ended.exit_code == 1
    assert "there is no store at" in ended.stderr
    assert not served
