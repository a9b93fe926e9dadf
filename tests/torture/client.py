"""A client: a connection of its own, hence a session of its own, and a journal.

What an operation's errors say of its outcome is the contract of the public calls: a refusal has
changed nothing, an indeterminate write may have. Anything else is *broken* and fails the round.
"""

from __future__ import annotations

import json
import os
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import graphray as gr
from graphray.errors import (
    ChangeRefused,
    ClusterError,
    ConflictError,
    GraphRayError,
    LockLost,
    LockNotAcquired,
    WriteIndeterminate,
)
from tests.torture.journal import Journal, Outcome

if TYPE_CHECKING:
    from tests.torture.workloads import Workload

# Shorter than some faults, so that outcomes are left unknown, and longer than a failover.
POLICY = gr.CallPolicy(deadline_s=8.0, try_timeout_s=0.5)
PAUSE_S = 0.01
_RECONNECT_S = 0.2
_REFUSED = (ConflictError, ChangeRefused, LockLost, LockNotAcquired, ClusterError)


@dataclass
class Pending:
    """An operation under way; whoever carries it out sets what it saw.

    Attributes:
        name: of the operation.
        value: what was written, or read.
        outcome: how it ended, once it has.
    """

    name: str
    value: Any
    outcome: Outcome | None = None


class Client:
    """Runs workloads in one thread until it is told to stop.

    Args:
        graph: the name of the running graph.
        folder: of the round's journals.
        name: of the client.
        rng_seed: for what it does.
    """

    def __init__(self, graph: str, folder: Path, name: str, rng_seed: int) -> None:
        self.name = name
        self.rng = Random(rng_seed)
        self._graph_name = graph
        self._board = TokenBoard(folder / "tokens", name)
        self._journal = Journal(folder, name)
        self._sessions = 0
        self._values = rng_seed * 1_000_000
        self._graph: gr.Graph | None = None

    def run(self, workloads: Sequence[Workload], stop: threading.Event) -> None:
        """One operation after the other."""
        weights = [workload.weight for workload in workloads]
        while not stop.is_set():
            if self._graph is None and not self._connect():
                stop.wait(_RECONNECT_S)
                continue
            self.rng.choices(workloads, weights)[0].operate(self)
            stop.wait(self.rng.expovariate(1 / PAUSE_S))
        self._journal.close()

    @property
    def graph(self) -> gr.Graph:
        """The graph, in this client's present session."""
        assert self._graph is not None
        return self._graph

    def next_value(self) -> int:
        """A number that nobody else writes."""
        self._values += 1
        return self._values

    @contextmanager
    def operation(
        self, kind: str, key: str, value: Any = (), level: str = "strong", after: str | None = None
    ) -> Iterator[Pending]:
        """Note one operation and how it ended; no error of it gets out."""
        session = f"{self.name}.{self._sessions}"
        pending = Pending(self._journal.invoke(session, kind, key, value, level, after), value)
        told = ""
        try:
            yield pending
            pending.outcome = "done"
        except WriteIndeterminate as error:
            pending.outcome, told = "unknown", _story(error)
        except _REFUSED as error:
            pending.outcome, told = "failed", _story(error)
        except Exception:  # noqa: BLE001 - whatever it is, it fails the round
            pending.outcome, told = "broken", traceback.format_exc(limit=-4)
        self._journal.complete(pending.name, pending.outcome, pending.value, told)
        self._after(pending.name, pending.outcome)

    def given_token(self) -> tuple[str, str] | None:
        """A token that another client has handed over: the operation it stood after, and itself."""
        return self._board.take(self.rng)

    def _after(self, name: str, outcome: Outcome) -> None:
        if outcome == "done":
            self._board.put(name, self.graph.read("eventual").token.to_text())
        elif outcome != "failed":
            # A session whose write is still open may not go on: its next one might overtake it.
            self._graph = None

    def _connect(self) -> bool:
        try:
            self._graph = gr.connect(self._graph_name, policy=POLICY)
        except GraphRayError:
            return False
        self._sessions += 1
        return True


class TokenBoard:
    """Where clients of all processes leave their tokens for each other: a file for each.

    Args:
        folder: the board.
        client: whose tokens are put up.
    """

    def __init__(self, folder: Path, client: str) -> None:
        self._folder = folder
        self._client = client

    def put(self, operation: str, token: str) -> None:
        """Leave the newest token, in one step."""
        path = self._folder / f"{self._client}.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps([operation, token]))
        os.replace(temporary, path)

    def take(self, rng: Random) -> tuple[str, str] | None:
        """The newest token of some other client."""
        others = sorted(p for p in self._folder.glob("*.json") if p.stem != self._client)
        if not others:
            return None
        operation, token = json.loads(rng.choice(others).read_text())
        return operation, token


def _story(error: GraphRayError) -> str:
    return f"{type(error).__name__}: {error}"
