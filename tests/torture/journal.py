"""What clients did and saw, written down as it happens, also by those that get killed.

A client appends a line to its file before an operation and one after it. An operation without a
second line may have taken effect or not: that is what a client knows that was killed, too. Times
are of the machine's monotonic clock, which is the same for all of its processes.
"""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.simulation.history import History, Operation

_INVOKED, _ENDED = "invoked", "ended"

Outcome = Literal["done", "failed", "unknown", "broken"]
"""Broken: an error that no client should ever see."""


def now_ms() -> float:
    """The time, for histories and faults alike."""
    return time.monotonic() * 1000


class Journal:
    """The file of one client; for one thread.

    Args:
        folder: of the round's journals.
        client: its name, which no other client of the round has.
    """

    def __init__(self, folder: Path, client: str) -> None:
        self._client = client
        self._numbers = itertools.count()
        # A line is handed to the kernel as it ends: it outlives the process.
        self._file = open(folder / f"{client}.jsonl", "a", buffering=1)  # noqa: SIM115

    def invoke(
        self, session: str, kind: str, key: str, value: Any, level: str, after: str | None
    ) -> str:
        """An operation begins; returns its name."""
        name = f"{self._client}:{next(self._numbers)}"
        self._write([_INVOKED, name, now_ms(), session, kind, key, value, level, after])
        return name

    def complete(self, name: str, outcome: Outcome, value: Any, told: str = "") -> None:
        """An operation has ended; what was told of it is for a person."""
        self._write([_ENDED, name, now_ms(), outcome, value, told])

    def close(self) -> None:
        self._file.close()

    def _write(self, line: list[Any]) -> None:
        self._file.write(json.dumps(line) + "\n")


@dataclass
class Told:
    """What the journals of a round hold.

    Attributes:
        history: all operations, in the order in which they began.
        broken: what errors no client should have seen, by operation.
        refused: why operations failed or ended unknown, in words.
    """

    history: History = field(default_factory=History)
    broken: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def read_journals(folder: Path) -> Told:
    """Put the journals of all clients together."""
    told = Told()
    operations: dict[str, Operation] = {}
    given: dict[str, str] = {}
    for line in sorted(_lines(folder), key=lambda line: line[2]):
        if line[0] == _INVOKED:
            _, name, at_ms, session, kind, key, value, level, after = line
            operations[name] = Operation(session, kind, key, _tuples(value), at_ms, level)
            if after is not None:
                given[name] = after
        else:
            _, name, at_ms, outcome, value, why = line
            _end(operations[name], at_ms, outcome, _tuples(value))
            if outcome == "broken":
                told.broken[name] = why
            elif why:
                told.refused.append(why)
    for name, after in given.items():
        operations[name].details = operations.get(after)
    told.history.operations = list(operations.values())
    return told


def count_ended(folder: Path) -> int:
    """How many operations have ended, of all clients."""
    return sum(path.read_text().count(f'["{_ENDED}"') for path in folder.glob("*.jsonl"))


def _lines(folder: Path) -> list[Any]:
    # A line that a kill cut short is of an operation that did not end, as far as anybody knows.
    texts = [text for path in folder.glob("*.jsonl") for text in path.read_text().splitlines(True)]
    return [json.loads(text) for text in texts if text.endswith("\n")]


def _end(operation: Operation, at_ms: float, outcome: Outcome, value: Any) -> None:
    operation.value = value
    if outcome == "done":
        operation.done, operation.completed_ms = True, at_ms
    operation.failed = outcome == "failed"


def _tuples(value: Any) -> Any:
    """JSON knows lists only; the checkers put what was read into sets."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
