"""What each session, and each chain of causes, is promised, checked over lists.

- *read your writes*: a read shows what this session appended before;
- *monotonic reads*: a read shows all that an earlier read of this session showed;
- *monotonic writes*: appends of one session to one key lie in its order;
- *causal*: a read shows every append that came before it through sessions' orders, through reads of
  what others had appended, and through tokens that were handed over (Ahamad et al., "Causal
  memory", 1995). *Writes follow reads* is part of it.
- at every level: what is shown was appended, and any two answers about a key agree on its order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import Operation

READ_YOUR_WRITES = {"session", "causal", "strong"}
MONOTONIC_READS = {"monotonic", "session", "causal", "strong"}


def check_sessions(operations: Iterable[Operation]) -> list[Violation]:
    """Check every guarantee that the level of each read promises."""
    ops = list(operations)
    by_session: dict[str, list[Operation]] = defaultdict(list)
    for op in ops:
        by_session[op.session].append(op)
    found = _check_prefixes(ops)
    for name, own in sorted(by_session.items()):
        found += _check_one_session(name, own)
    found += _check_monotonic_writes(ops)
    found += _check_causal(ops)
    return found


def _completed_reads(ops: Iterable[Operation]) -> list[Operation]:
    return [op for op in ops if op.kind == "read" and op.done]


def _check_prefixes(ops: list[Operation]) -> list[Violation]:
    appended: dict[str, set[int]] = defaultdict(set)
    for op in ops:
        if op.kind == "append":
            appended[op.key].add(op.value)
    longest: dict[str, tuple[int, ...]] = {}
    found = []
    for op in sorted(_completed_reads(ops), key=lambda op: -len(op.value)):
        known = longest.setdefault(op.key, op.value)
        if op.value != known[: len(op.value)]:
            found.append(Violation("one order", f"{op.key}: {op.value} and {known}"))
        if len(set(op.value)) != len(op.value):
            found.append(Violation("applied once", f"{op.key}: {op.value}"))
        if not set(op.value) <= appended[op.key]:
            found.append(Violation("no invention", f"{op.key}: {op.value}"))
    return found


def _check_one_session(name: str, ops: list[Operation]) -> list[Violation]:
    found = []
    written: dict[str, set[int]] = defaultdict(set)
    read: dict[str, set[int]] = defaultdict(set)
    for op in ops:
        if op.kind == "append":
            if op.done:
                written[op.key].add(op.value)
            continue
        if not op.done:
            continue
        shown = set(op.value)
        if op.level in READ_YOUR_WRITES and not written[op.key] <= shown:
            missing = sorted(written[op.key] - shown)
            found.append(Violation("read your writes", f"{name}, {op.key} lacks {missing}"))
        if op.level in MONOTONIC_READS and not read[op.key] <= shown:
            missing = sorted(read[op.key] - shown)
            found.append(Violation("monotonic reads", f"{name}, {op.key} lacks {missing}"))
        read[op.key] |= shown
    return found


def _check_monotonic_writes(ops: list[Operation]) -> list[Violation]:
    order: dict[tuple[str, str], list[int]] = defaultdict(list)
    for op in ops:
        if op.kind == "append":
            order[op.session, op.key].append(op.value)
    found = []
    for read in _completed_reads(ops):
        for (session, key), values in order.items():
            if key == read.key:
                shown = [v for v in read.value if v in set(values)]
                if shown != sorted(shown, key=values.index):
                    found.append(Violation("monotonic writes", f"{session}, {key}: {shown}"))
    return found


def _check_causal(ops: list[Operation]) -> list[Violation]:
    """Carry along, for each operation, the appends that it must be able to see."""
    author = {(op.key, op.value): op for op in ops if op.kind == "append"}
    past: dict[int, frozenset[tuple[str, int]]] = {}
    after: dict[int, frozenset[tuple[str, int]]] = {}
    last_of_session: dict[str, frozenset[tuple[str, int]]] = {}
    found = []
    # An operation depends on what was invoked before it, so one pass in that order is enough for
    # session order and tokens; an append that is read was invoked before that read completed.
    for op in sorted(ops, key=lambda op: op.completed_ms if op.kind == "read" else op.invoked_ms):
        before = last_of_session.get(op.session, frozenset())
        if isinstance(op.details, Operation):
            before |= after.get(id(op.details), frozenset())
        if op.kind == "read" and op.done:
            if op.level == "causal":
                missing = sorted(v for k, v in before if k == op.key and v not in op.value)
                if missing:
                    found.append(Violation("causal", f"{op.session}, {op.key} lacks {missing}"))
            for value in op.value:
                writer = author.get((op.key, value))
                if writer is not None:
                    before |= past.get(id(writer), frozenset()) | {(op.key, value)}
        past[id(op)] = before
        if op.kind == "append" and op.done:
            before |= {(op.key, op.value)}
        last_of_session[op.session] = after[id(op)] = before
    return found
