"""What clients did and saw: the only thing that most checkers look at."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any


@dataclass
class Operation:
    """One operation of one session.

    Attributes:
        session: whose; a session has one operation under way at a time.
        kind: "append", "read", ...
        key: what it is about.
        value: what was written; for a read, what came back.
        level: of a read.
        invoked_ms, completed_ms: simulated time; `inf` where the outcome is not known.
        done: whether it completed and was successful.
        failed: whether it certainly had no effect.
    """

    session: str
    kind: str
    key: str
    value: Any
    invoked_ms: float
    level: str = "strong"
    completed_ms: float = inf
    done: bool = False
    failed: bool = False
    details: Any = None


class History:
    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def invoke(self, operation: Operation) -> Operation:
        self.operations.append(operation)
        return operation

    def of_kind(self, *kinds: str) -> list[Operation]:
        return [op for op in self.operations if op.kind in kinds]
