"""Questions about columns that no one replica keeps together, under partial replication.

Such a question is split into several, each about columns that lie together, and the answers are put
together again. They may come from different moments: where it shows (an edge was added in between),
all are asked anew. Each column is as its level of consistency says; within a transaction, its
commit checks that all are of one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from graphray.changes.column_shares import Share, cover
from graphray.changes.coverage import edge_column_tag, node_column_tag
from graphray.changes.queries import Answer, Nodes, Question, ReadNodes, ReadRows, Rows
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.errors import PartitionUnavailable

_TRIES = 100
_PAUSE_MS = 20.0

AskTogether = Callable[[Mapping[int, Question], Share], dict[int, Answer]]
"""Asks about columns that one replica keeps together."""


def ask_by_share(
    calls: PartitionCalls, ask: AskTogether, questions: Mapping[int, Question], tags: Share
) -> dict[int, Answer]:
    """The answers of several partitions, whoever keeps the columns.

    Args:
        calls: the partitions.
        ask: asks them.
        questions: by partition.
        tags: the columns that they are about.

    Raises:
        PartitionUnavailable: where they changed between the answers, again and again.
    """
    groups = cover(tags, calls.shares)
    if len(groups) <= 1:
        return ask(questions, tags)
    for _ in range(_TRIES):
        pieces = [
            ask({part: _narrowed(question, group) for part, question in questions.items()}, group)
            for group in groups
        ]
        joined = {
            part: _joined(question, [piece[part] for piece in pieces])
            for part, question in questions.items()
        }
        moved = [part for part, answer in joined.items() if answer is None]
        if not moved:
            return {part: answer for part, answer in joined.items() if answer is not None}
        calls.pause(_PAUSE_MS)
    raise PartitionUnavailable(
        f"the columns {sorted(tags)} of partition {moved[0]} are kept by different replicas, whose "
        f"answers did not agree on what there is, {_TRIES} times in a row; ask for fewer columns "
        "at a time, or for a snapshot",
        part=moved[0],
    )


def _narrowed(question: Question, group: Share) -> Question:
    """The question about those columns alone."""
    match question:
        case ReadNodes(node_type, _, columns):
            kept = [c for c in columns if node_column_tag(node_type, c) in group]
            return replace(question, columns=tuple(kept))
        case ReadRows(relation, _, _, columns):
            kept = [c for c in columns if edge_column_tag(relation, c) in group]
            return replace(question, columns=tuple(kept))
    return question


def _joined(question: Question, answers: Sequence[Answer]) -> Answer | None:
    """One answer with the columns of all; None where they are not about the same rows."""
    first = answers[0]
    if not all(_is_about_the_same(first, other) for other in answers[1:]):
        return None
    assert isinstance(question, ReadNodes | ReadRows)
    assert isinstance(first, Nodes | Rows)
    found = {
        name: column
        for answer in answers
        if isinstance(answer, Nodes | Rows)
        for name, column in zip(answer.columns.schema.names, answer.columns.columns, strict=True)
    }
    columns = pa.record_batch({name: found[name] for name in question.columns})
    return replace(first, columns=columns)


def _is_about_the_same(one: Answer, other: Answer) -> bool:
    match one, other:
        case Nodes(), Nodes():
            return np.array_equal(one.exists, other.exists)
        case Rows(), Rows():
            return (
                np.array_equal(one.exists, other.exists)
                and np.array_equal(one.offsets, other.offsets)
                and np.array_equal(one.edge, other.edge)
            )
    return False
