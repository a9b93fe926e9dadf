"""``graphray events`` and ``release`` without a cluster: what is printed, followed, and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from graphray.cli import events as command
from graphray.errors import GraphNotRunning
from graphray.events import KINDS, Event, EventLog, Happening
from tests.cli.conftest import Run

DEAD = Happening(
    kind="replica-dead",
    what="replica 1 of partition 0 is dead",
    cause="its process has ended",
    action="Ray makes it anew",
    part=0,
    replica=1,
)
CAME = Happening(kind="node-joined", what="node n1 is there", node_id="n1")


class Watched:
    """A graph with events, whose catalog is away at some looks."""

    def __init__(self, looks: list[list[Happening] | None]) -> None:
        self._looks: Iterator[list[Happening] | None] = iter(looks)
        self._log = EventLog(1, 100)

    def events(self, since: int) -> tuple[Event, ...]:
        happened = next(self._looks, None)
        if happened is None:
            raise GraphNotRunning("the catalog is away")
        for happening in happened:
            self._log.append(happening, at_unix_s=0.0)
        return self._log.since(since)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[list[Happening] | None]:
    """What happens before each look; after as many of them, Ctrl-C."""
    found: list[list[Happening] | None] = []
    watched = Watched(found)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) >= len(found):
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "require_ray", lambda purpose: None)
    monkeypatch.setattr(command, "connect", lambda name, policy: watched)
    monkeypatch.setattr(command.time, "sleep", sleep)
    return found


def test_events_are_printed_for_people(run: Run, looks: list[list[Happening] | None]) -> None:
    looks += [[DEAD, CAME]]
    first, action, second = run("events", "g").stdout.splitlines()
    assert "error    replica-dead" in first
    assert first.endswith("replica 1 of partition 0 is dead: its process has ended")
    assert action.strip() == "Ray makes it anew"
    assert first.index("replica 1") == action.index("Ray") == second.index("node n1")


def test_following_shows_each_event_once_and_ends_cleanly(
    run: Run, looks: list[list[Happening] | None]
) -> None:
    looks += [[CAME], [DEAD], None, None, [CAME]]
    result = run("events", "g", "--follow", "--json")
    assert result.exit_code == 0
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(event["number"], event["kind"]) for event in shown] == [
        (1, "node-joined"),
        (2, "replica-dead"),
        (3, "node-joined"),
    ]
    assert result.stderr == "the catalog is away; trying again\n"


def test_a_filter_does_not_hold_back_what_comes_later(
    run: Run, looks: list[list[Happening] | None]
) -> None:
    looks += [[CAME], [CAME, DEAD], [CAME]]
    result = run("events", "g", "--follow", "--kind", "replica-dead", "--since", 0)
    assert len([line for line in result.stdout.splitlines() if "replica-dead" in line]) == 1
    assert "node-joined" not in result.stdout


def test_it_teaches(run: Run) -> None:
    listed = run("events", "--list-kinds").stdout
    for kind in KINDS.values():
        assert f"{kind.name} " in listed
        assert kind.meaning in listed
    assert "graphray events papers --follow" in run("events", "--help").stdout
    refused = run("events", "g", "--kind", "nonsense")
    assert refused.exit_code == 2
    assert "'replica-hung'" in refused.stderr


@pytest.mark.parametrize("replica", ["3", "3/", "a/b", "3/1/2", "-1/0"])
def test_what_is_no_replica_is_refused(run: Run, replica: str) -> None:
    refused = run("release", "g", replica)
    assert refused.exit_code == 2
    assert "release --help" in refused.stderr
