"""What was acknowledged is there in the end, on every replica, in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.simulation.checkers.linearizability import Violation
from tests.simulation.history import Operation


def check_nothing_lost(
    operations: Iterable[Operation], final: Mapping[str, Mapping[str, tuple[int, ...]]]
) -> list[Violation]:
    """Check the lists that replicas hold once all is quiet.

    Args:
        operations: the history.
        final: per replica, the lists that it keeps, by key.
    """
    found = []
    acknowledged = [op for op in operations if op.kind == "append" and op.done]
    for replica, lists in sorted(final.items()):
        for op in acknowledged:
            if op.key in lists and op.value not in lists[op.key]:
                found.append(Violation("nothing lost", f"{replica} lacks {op.key} <- {op.value}"))
    keys = {key for lists in final.values() for key in lists}
    for key in sorted({op.key for op in acknowledged} - keys):
        found.append(Violation("nothing lost", f"no replica has any of {key}"))
    for key in sorted(keys):
        versions = {lists[key] for lists in final.values() if key in lists}
        if len(versions) > 1:
            found.append(Violation("replicas agree", f"{key}: {sorted(versions)}"))
    return found
