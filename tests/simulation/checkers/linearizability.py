"""Looks for an order of the operations that explains every answer and contradicts no clock.

The search of Wing and Gong ("Testing and Verifying Concurrent Objects", JPDC 1993): take any
operation that was invoked before every operation still to be placed had returned, see whether the
sequential model gives its answer, and go on; turn back where nothing fits. Two additions make it
fast: a state that was already reached with the same set of operations is not tried again (Lowe,
"Testing for linearizability", 2017), and each key is checked by itself, which is exact, since
linearizability is local (Horn and Kroening, "Faster linearizability checking via
P-compositionality", 2015; Porcupine does the same).

An operation whose outcome is not known may take effect at any time after it was invoked, or never.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.simulation.history import Operation

Step = Callable[[Any, Operation], tuple[bool, Any]]


@dataclass(frozen=True)
class Violation:
    """What a checker found.

    Attributes:
        rule: what is broken.
        what: for a person.
    """

    rule: str
    what: str


def list_step(state: tuple[int, ...], operation: Operation) -> tuple[bool, tuple[int, ...]]:
    """The sequential model of a list: an append always fits, a read has to return all of it."""
    if operation.kind == "append":
        return True, (*state, operation.value)
    return operation.value == state, state


def check_linearizable(
    operations: Iterable[Operation], step: Step = list_step, start: Any = ()
) -> list[Violation]:
    """Check every key by itself.

    Args:
        operations: appends (or writes), and the strong reads.
        step: the sequential model: ``(fits, next state)``.
        start: its first state, hashable.
    """
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        if not operation.failed:
            by_key[operation.key].append(operation)
    return [
        Violation("linearizable", f"no order explains the operations on {key!r}: {_tell(ops)}")
        for key, ops in sorted(by_key.items())
        if not _is_linearizable(_without_unseen(ops), step, start)
    ]


def _without_unseen(operations: list[Operation]) -> list[Operation]:
    """Without operations of unknown outcome that no answer shows: they may never have happened."""
    shown: set[Any] = set()
    for operation in operations:
        if operation.done and isinstance(operation.value, tuple):
            shown.update(operation.value)
    return [op for op in operations if op.done or (op.kind != "read" and op.value in shown)]


def _is_linearizable(operations: list[Operation], step: Step, start: Any) -> bool:
    ops = sorted(operations, key=lambda op: op.invoked_ms)
    completed = sum(1 << i for i, op in enumerate(ops) if op.done)
    placed, state = 0, start
    tried: set[tuple[int, Any]] = set()
    # Each step of the way: what was placed and the state before it, and what else may come there.
    way: list[tuple[int, Any, list[int]]] = [(placed, state, _candidates(ops, placed))]
    while way:
        placed, state, candidates = way[-1]
        if placed & completed == completed:
            return True
        if not candidates:
            way.pop()
            continue
        index = candidates.pop()
        fits, following = step(state, ops[index])
        reached = placed | 1 << index
        if fits and (reached, following) not in tried:
            tried.add((reached, following))
            way.append((reached, following, _candidates(ops, reached)))
    return False


def _candidates(ops: list[Operation], placed: int) -> list[int]:
    """Operations that may come next: invoked before the first return among those not yet placed."""
    first_return_ms = min(
        (op.completed_ms for i, op in enumerate(ops) if not placed >> i & 1), default=0.0
    )
    found = []
    for i, op in enumerate(ops):
        if op.invoked_ms > first_return_ms:
            break
        if not placed >> i & 1:
            found.append(i)
    # Taken from the end: what returned first is the likeliest to come first.
    found.sort(key=lambda i: -ops[i].completed_ms)
    return found


def _tell(operations: list[Operation]) -> str:
    told = [
        f"{op.session} {op.kind} {op.value} [{op.invoked_ms:.1f}, {op.completed_ms:.1f}]"
        for op in sorted(operations, key=lambda op: op.invoked_ms)
    ]
    return "; ".join(told[:60])
