"""Questions to partitions, as typed values; see `graphray.changes.queries`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from graphray.changes.column_shares import Share
from graphray.changes.keys import Keys
from graphray.changes.queries import (
    Answer,
    Question,
    Refused,
    answer_from_bytes,
    question_to_bytes,
)
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.changes.split_columns import ask_by_share
from graphray.errors import TransactionError
from graphray.replication.commands import Key, Query
from graphray.replication.consistency import Consistency
from graphray.replication.transactions import Transaction
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

_KEY_BYTES = 8
# Their floors are below any commit that is still being finished: nothing of it need be awaited.
_WAITS_FOR_NOBODY = (Consistency.EVENTUAL, Consistency.MONOTONIC)


class Asks(Protocol):
    """Whoever can be asked about partitions."""

    def ask(
        self, questions: Mapping[int, Question], tags: frozenset[str] = ...
    ) -> dict[int, Answer]:
        """The answers of several partitions, asked at once.

        Args:
            questions: by partition.
            tags: the columns that they are about (see `graphray.changes.coverage`).
        """
        ...


class LevelReads:
    """Asks at one level of consistency.

    Args:
        calls: the partitions.
        level: which states may answer.
        after: what the answers show at least.
    """

    def __init__(
        self, calls: PartitionCalls, level: Consistency, after: VersionVector = NOTHING_SEEN
    ) -> None:
        self._calls = calls
        self._level = level
        self._after = after

    def ask(
        self, questions: Mapping[int, Question], tags: frozenset[str] = frozenset()
    ) -> dict[int, Answer]:
        """See `Asks`."""
        return ask_by_share(self._calls, self._ask, questions, tags)

    def _ask(self, questions: Mapping[int, Question], tags: Share) -> dict[int, Answer]:
        waits = self._level not in _WAITS_FOR_NOBODY
        queries = {
            part: Query(
                packed_keys(question.keys(part)) if waits else (), question_to_bytes(question)
            )
            for part, question in questions.items()
        }
        values = self._calls.query(queries, self._level, self._after, tags)
        return {part: _answer(part, value.content) for part, value in values.items()}


class ValidatedReads:
    """Asks at the strong level, and has the commit of a transaction check what was read.

    Args:
        calls: the partitions.
        transaction: whose reads these are.
    """

    def __init__(self, calls: PartitionCalls, transaction: Transaction) -> None:
        self._calls = calls
        self._transaction = transaction

    def ask(
        self, questions: Mapping[int, Question], tags: frozenset[str] = frozenset()
    ) -> dict[int, Answer]:
        """See `Asks`."""
        return ask_by_share(self._calls, self._ask, questions, tags)

    def _ask(self, questions: Mapping[int, Question], tags: Share) -> dict[int, Answer]:
        keys = {part: packed_keys(question.keys(part)) for part, question in questions.items()}
        values = self._calls.query(
            {part: Query(keys[part], question_to_bytes(q)) for part, q in questions.items()},
            tags=tags,
        )
        for part, value in values.items():
            self._transaction.saw(self._calls.names[part], keys[part], value.time)
        return {part: _answer(part, value.content) for part, value in values.items()}


def packed_keys(keys: Keys) -> tuple[Key, ...]:
    r"""Keys as the protocol compares them.

    >>> packed_keys(np.array([1], np.uint64))
    (b'\x01\x00\x00\x00\x00\x00\x00\x00',)
    """
    raw = packed_touches(keys)
    return tuple(raw[at : at + _KEY_BYTES] for at in range(0, len(raw), _KEY_BYTES))


def packed_touches(keys: Keys) -> bytes:
    """Keys end to end, as `graphray.replication.commands.Changes.touches` has them."""
    little: npt.NDArray[np.uint64] = keys.astype("<u8", copy=False)
    return little.tobytes()


def _answer(part: int, content: bytes) -> Answer:
    answer = answer_from_bytes(content)
    if isinstance(answer, Refused):
        raise TransactionError(f"partition {part}: {answer.reason}", part=part)
    return answer
