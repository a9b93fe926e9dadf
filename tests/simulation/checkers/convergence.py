"""Eventual consistency: replicas agree in the end, and no acknowledged write is lost on the way.

An acknowledged write is not lost if its cell holds it, or a write with a later stamp, or (in a
merged column) a value that contains it. Before the end, a session sees what its levels promise: in
a column where the last writer wins, never a write with an earlier stamp than one it has to see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from graphray.replication.cells import Cell
from graphray.replication.hybrid_clock import BEFORE_ALL, Stamp
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import Operation

Final = Mapping[str, Mapping[str, Cell]]
"""Per replica, its cells by ``key.column``, tombstones included."""


def check_convergence(
    operations: Iterable[Operation], final: Final, merged: str, decode: Any
) -> list[Violation]:
    """Check the cells that replicas hold once all is quiet.

    Args:
        operations: the history; the details of an acknowledged write are its stamp.
        final: what replicas hold.
        merged: the name of the column whose values are sets.
        decode: from a cell's bytes to its value.
    """
    ops = list(operations)
    shown = {
        replica: {name: cell.value for name, cell in cells.items() if cell.value is not None}
        for replica, cells in final.items()
    }
    found = []
    for replica, cells in shown.items():
        first = next(iter(shown))
        if cells != shown[first]:
            differing = sorted(
                name
                for name in {*cells, *shown[first]}
                if cells.get(name) != shown[first].get(name)
            )
            found.append(Violation("replicas agree", f"{replica} and {first} on {differing}"))
    for op in ops:
        if op.kind == "read" or not op.done:
            continue
        for replica, cells in final.items():
            if not _holds(cells.get(op.key), op, merged, decode):
                found.append(Violation("nothing lost", f"{replica} lacks {op.key} <- {op.value}"))
    return found + _check_resurrection(ops, final, merged)


def _holds(cell: Cell | None, op: Operation, merged: str, decode: Any) -> bool:
    if op.key.endswith(merged):
        return cell is not None and cell.value is not None and op.value in decode(cell.value)
    if cell is None:  # Only a tombstone may have been dropped, and it has to be later.
        return True
    return cell.stamp >= op.details


def _check_resurrection(ops: list[Operation], final: Final, merged: str) -> list[Violation]:
    """The last write of each cell decides; where it is acknowledged, we know what it is."""
    last: dict[str, tuple[Stamp, Operation]] = {}
    unknown: set[str] = set()
    for op in ops:
        if op.kind == "read" or op.key.endswith(merged):
            continue
        if not op.done:
            unknown.add(op.key)
        elif op.key not in last or op.details > last[op.key][0]:
            last[op.key] = (op.details, op)
    found = []
    for key, (stamp, op) in last.items():
        for replica, cells in final.items():
            cell = cells.get(key)
            value = None if cell is None else cell.value
            beaten = key in unknown and cell is not None and cell.stamp > stamp
            if op.kind == "delete" and value is not None and not beaten:
                found.append(Violation("deleted stays deleted", f"{replica}: {key}, {stamp}"))
            if op.kind == "write" and value is None and not beaten and key not in unknown:
                found.append(Violation("last write stays", f"{replica}: {key} <- {op.value}"))
    return found


def check_cell_sessions(operations: Iterable[Operation], merged: str) -> list[Violation]:
    """Check what each session saw against the levels of its reads."""
    ops = list(operations)
    stamps = {
        (op.key, op.value): op.details for op in ops if op.kind in ("write", "delete") and op.done
    }
    found = []
    written: dict[tuple[str, str], Stamp] = defaultdict(lambda: BEFORE_ALL)
    read: dict[tuple[str, str], Stamp] = defaultdict(lambda: BEFORE_ALL)
    grown: dict[tuple[str, str], set[int]] = defaultdict(set)
    mine: dict[tuple[str, str], set[int]] = defaultdict(set)
    for op in ops:
        at = (op.session, op.key)
        if not op.done:
            continue
        if op.kind != "read":
            if op.details < max(written[at], read[at]):
                found.append(Violation("writes follow reads", f"{at}: {op.details} < {read[at]}"))
            written[at] = max(written[at], op.details)
            mine[at].add(op.value)
        elif op.key.endswith(merged):
            shown = set(op.value or ())
            if op.level in ("session", "causal") and not mine[at] <= shown:
                found.append(Violation("read your writes", f"{at}: {mine[at] - shown}"))
            if op.level in ("session", "causal", "monotonic") and not grown[at] <= shown:
                found.append(Violation("monotonic reads", f"{at}: {grown[at] - shown}"))
            grown[at] |= shown
        elif (op.key, op.value) in stamps:
            stamp = stamps[op.key, op.value]
            if op.level in ("session", "causal") and stamp < written[at]:
                found.append(Violation("read your writes", f"{at}: {stamp} < {written[at]}"))
            if op.level in ("session", "causal", "monotonic") and stamp < read[at]:
                found.append(Violation("monotonic reads", f"{at}: {stamp} < {read[at]}"))
            read[at] = max(read[at], stamp)
    return found
