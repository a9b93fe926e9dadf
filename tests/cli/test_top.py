"""The live view: what stands on its screen, whatever the height of the window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from graphray.cli import top
from graphray.cli.top import screen
from graphray.console.source import Machine, Overview, ReplicaLoad
from graphray.errors import GraphNotRunning
from graphray.status import CacheStatus, GraphStatus, ReplicaStatus
from tests.cli.conftest import Run

HEIGHT = 20


def overview(parts: int = 40) -> Overview:
    replicas = [
        ReplicaStatus(part, copy, "serving", f"node-{copy}", 100 + part)
        for part in range(parts)
        for copy in range(2)
    ]
    replicas[-1] = ReplicaStatus(parts - 1, 1, "unreachable", reason="did not answer [in time]")
    status = GraphStatus(
        "papers", "store", 3, "s", parts, {"paper": 1234}, {"cites": 5678}, tuple(replicas)
    )
    machines = tuple(
        Machine(f"node-{i}", "10.0.0.1", f"host-{i}", i == 0, 4, 1, {}) for i in (0, 1)
    )
    return Overview(status, "property", (), machines)


def drawn(shown: Overview, trouble: str = "") -> str:
    console = Console(width=100, height=HEIGHT, record=True, file=None)
    with console.capture() as captured:
        console.print(screen(shown, HEIGHT, trouble))
    return captured.get()


def test_what_does_not_serve_stands_first_and_the_screen_is_never_fuller_than_the_window() -> None:
    shown = drawn(overview())
    lines = shown.splitlines()
    assert "degraded" in lines[0]
    assert "1,234 nodes, 5,678 edges, 40 partitions, version 3, 79/80 replicas serving" in lines[1]
    assert "unreachable" in lines[3]
    assert "did not answer [in time]" in lines[3]
    assert "host-0" in lines[4]
    assert lines[-1].split() == ["...", str(80 - (len(lines) - 4)), "more"]
    assert len(lines) <= HEIGHT


def test_caches_warnings_and_trouble_are_shown() -> None:
    few = overview(parts=2)
    cache = CacheStatus("node-0", "paper", ("year",), 10, 2048, "degree", 3, 1)
    status = replace(few.status, caches=(cache,), warnings=("replicas share a node",))
    shown = drawn(replace(few, status=status), trouble="no graph runs; trying again")
    assert shown.startswith("no graph runs; trying again\n")
    assert "warning: replicas share a node" in shown
    assert "75%" in shown


def test_load_is_shown_where_it_is_measured() -> None:
    few = overview(parts=2)
    assert "calls/s" not in drawn(few)
    shown = drawn(replace(few, load=(ReplicaLoad(0, 0, 1234.4, 5, 2.25),)))
    assert "calls/s" in shown
    assert "1,234" in shown


def test_it_goes_on_while_the_graph_is_away_until_it_is_interrupted(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = [overview(2), GraphNotRunning("no graph 'papers' runs"), overview(2)]
    screens: list[str] = []

    class Source:
        title = "papers"

        def __init__(self, name: str) -> None:
            assert name == "papers"

        def overview(self) -> Overview:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    def pause(seconds: float) -> None:
        assert seconds == 0.5
        if not answers:
            raise KeyboardInterrupt

    def see(shown: Overview, height: int, trouble: str = "") -> str:
        screens.append(trouble)
        return trouble

    monkeypatch.setattr(top, "require_ray", lambda purpose: None)
    monkeypatch.setattr(top, "RunningSource", Source)
    monkeypatch.setattr(top.time, "sleep", pause)
    monkeypatch.setattr(top, "screen", see)
    assert run("top", "papers", "--interval", 0.5).exit_code == 0
    assert screens == ["", "no graph 'papers' runs; trying again", ""]


def test_json_is_for_once(run: Run) -> None:
    ended = run("top", "papers", "--json")
    assert ended.exit_code == 2
    assert "--json needs --once" in ended.stderr
