"""New stable ids and edge ids, drawn in blocks from the counters that partition 0 keeps.

A block belongs to the process that drew it. What it does not use of it is lost: ids are never used
twice, and need not be dense. So one short transaction pays for many.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from graphray.changes.payload import PartitionChange
from graphray.changes.queries import Counters, ReadCounters
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.changes.questions import ValidatedReads, packed_keys
from graphray.errors import ConflictError
from graphray.replication.commands import Conflict
from graphray.replication.transactions import Transaction, Verdict

KEEPER = 0
"""The partition that keeps all counters."""

_BLOCK = 4096
_BLOCK_MAX = 1 << 20
_ATTEMPTS_MAX = 100
_PAUSE_MS = 2.0


class IdBlocks:
    """Hands out new ids; safe to use from several threads.

    Args:
        calls: the partitions.
    """

    def __init__(self, calls: PartitionCalls) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._left: dict[str, range] = {}
        self._next_block: dict[str, int] = {}

    def draw(self, wanted: Mapping[str, int]) -> dict[str, npt.NDArray[np.int64]]:
        """So many new ids of each of some counters, rising.

        Raises:
            WriteIndeterminate: where partition 0 did not answer before the deadline.
            PartitionUnavailable: likewise.
        """
        with self._lock:
            short = {
                name: count
                for name, count in wanted.items()
                if len(self._left.get(name, ())) < count
            }
            if short:
                self._refill(short)
            return {name: self._take(name, count) for name, count in wanted.items()}

    def _take(self, name: str, count: int) -> npt.NDArray[np.int64]:
        left = self._left.get(name, range(0))
        self._left[name] = left[count:]
        return np.arange(left.start, left.start + count, dtype=np.int64)

    def _refill(self, short: Mapping[str, int]) -> None:
        sizes = {
            name: max(count, self._next_block.get(name, _BLOCK)) for name, count in short.items()
        }
        for attempt in range(_ATTEMPTS_MAX):
            values = self._advance(sizes)
            if values is not None:
                break
            self._calls.pause(_PAUSE_MS * (attempt + 1))
        else:
            raise ConflictError(
                f"no new ids could be drawn: {_ATTEMPTS_MAX} times in a row another client drew "
                "some at the same moment; run this again"
            )
        for name, size in sizes.items():
            self._left[name] = range(values[name], values[name] + size)
            self._next_block[name] = min(2 * size, _BLOCK_MAX)

    def _advance(self, sizes: Mapping[str, int]) -> Mapping[str, int] | None:
        """Move the counters; returns where they stood, or None where another was first."""
        transaction = Transaction(f"ids {uuid.uuid4().hex}")
        question = ReadCounters(tuple(sizes))
        answer = ValidatedReads(self._calls, transaction).ask({KEEPER: question})[KEEPER]
        assert isinstance(answer, Counters)
        moved = {name: answer.values[name] + size for name, size in sizes.items()}
        transaction.change(
            self._calls.names[KEEPER],
            packed_keys(question.keys(KEEPER)),
            PartitionChange(transaction.name, counters=moved).to_bytes(),
        )
        ending = self._calls.commit(transaction.commit())
        if ending.verdict is Verdict.COMMITTED:
            return answer.values
        if not isinstance(ending.refusal, Conflict):
            # Not known whether they moved: that block is left to whoever may have it.
            ending.raise_if_refused(transaction.name)
        return None
