"""What can be asked of a partition of a running graph, and what it answers.

A question travels as `graphray.replication.commands.Query.content`, an answer as `Value.content`;
the question states which keys it reads (see `graphray.changes.keys`). Each is about many nodes at
once. Nodes are named by (owner partition, stable id); `Locate` finds them by users' ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.changes.delta import PartitionDelta
from graphray.changes.keys import (
    NO_KEYS,
    Keys,
    counter_keys,
    id_keys,
    node_column_keys,
    node_keys,
    row_column_keys,
)
from graphray.changes.plain_arrays import (
    Ints,
    batch_from_plain,
    batch_to_plain,
    decoded,
    ids_from_plain,
    ids_to_plain,
    ints_from_plain,
    ints_to_plain,
    no_columns,
)
from graphray.ids import UserIds
from graphray.replication.packing import pack
from graphray.schema import Direction, Relation

Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Locate:
    """Where nodes are; asked of the home of their ids. Answered by `Places`.

    Attributes:
        node_type: their type.
        ids: users' ids, ``int64[n]`` or ``LargeStringArray``.
    """

    tag: ClassVar[str] = "locate"
    node_type: str
    ids: UserIds

    def keys(self, part: int) -> Keys:
        """What is read by asking that partition."""
        return id_keys(self.node_type, self.ids)

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return self.node_type, ids_to_plain(self.ids)

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> Locate:
        """The inverse of `to_plain`."""
        return cls(plain[0], ids_from_plain(plain[1]))


@dataclass(frozen=True, eq=False)
class ReadNodes:
    """Nodes' ids and columns; asked of their owner. Answered by `Nodes`.

    Attributes:
        node_type: their type.
        stable: ``int64[n]``, stable ids.
        columns: which property columns to read.
    """

    tag: ClassVar[str] = "nodes"
    node_type: str
    stable: Ints
    columns: tuple[str, ...] = ()

    def keys(self, part: int) -> Keys:
        """What is read by asking that partition."""
        columns = [node_column_keys(self.node_type, c, part, self.stable) for c in self.columns]
        return np.concatenate([node_keys(self.node_type, part, self.stable), *columns])

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return self.node_type, ints_to_plain(self.stable), self.columns

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> ReadNodes:
        """The inverse of `to_plain`."""
        node_type, stable, columns = plain
        return cls(node_type, ints_from_plain(stable), columns)


@dataclass(frozen=True, eq=False)
class ReadRows:
    """Neighbours, edge ids and columns; asked of the rows' owner. Answered by `Rows`.

    Attributes:
        relation, direction: a stored adjacency; "in" for an undirected relation.
        stable: ``int64[n]``, stable ids of the nodes whose rows are asked for.
        columns: which property columns of the edges to read.
    """

    tag: ClassVar[str] = "rows"
    relation: Relation
    direction: Direction
    stable: Ints
    columns: tuple[str, ...] = ()

    def keys(self, part: int) -> Keys:
        """What is read by asking that partition."""
        near_type = self.relation.near_type(self.direction)
        columns = [row_column_keys(self.relation, c, part, self.stable) for c in self.columns]
        return np.concatenate([node_keys(near_type, part, self.stable), *columns])

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return tuple(self.relation), self.direction, ints_to_plain(self.stable), self.columns

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> ReadRows:
        """The inverse of `to_plain`."""
        relation, direction, stable, columns = plain
        return cls(Relation(*relation), direction, ints_from_plain(stable), columns)


@dataclass(frozen=True)
class ReadCounters:
    """Counters; asked of the partition that keeps them. Answered by `Counters`.

    Attributes:
        names: which ones.
    """

    tag: ClassVar[str] = "counters"
    names: tuple[str, ...]

    def keys(self, part: int) -> Keys:
        """What is read by asking that partition."""
        return counter_keys(self.names)

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return self.names

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> ReadCounters:
        """The inverse of `to_plain`."""
        return cls(plain)


@dataclass(frozen=True)
class ReadDelta:
    """All that has changed since a base version, at a pinned time. Answered by `Delta`.

    Attributes:
        version: the base version; None for the newest that is not later than the time. All
            partitions have to be read over one; each keeps what is needed for a time that was
            pinned before its base changed.
    """

    tag: ClassVar[str] = "delta"
    version: int | None = None

    def keys(self, part: int) -> Keys:
        """None."""
        return NO_KEYS

    def to_plain(self) -> int | None:
        """A plain structure, for packing."""
        return self.version

    @classmethod
    def from_plain(cls, plain: int | None) -> ReadDelta:
        """The inverse of `to_plain`."""
        return cls(plain)


Question: TypeAlias = Locate | ReadNodes | ReadRows | ReadCounters | ReadDelta
_QUESTIONS: Mapping[str, Any] = {
    kind.tag: kind for kind in (Locate, ReadNodes, ReadRows, ReadCounters, ReadDelta)
}


def question_to_bytes(question: Question) -> bytes:
    """A question as `graphray.replication.commands.Query.content` carries it.

    Example:
        >>> question_from_bytes(question_to_bytes(ReadCounters(("nodes/author",))))
        ReadCounters(names=('nodes/author',))
    """
    return pack((question.tag, question.to_plain()))


def question_from_bytes(data: bytes) -> Question:
    """The inverse of `question_to_bytes`.

    Raises:
        StoreCorrupt: where the bytes are no question.
    """
    return decoded(data, "question", lambda plain: _QUESTIONS[plain[0]].from_plain(plain[1]))


@dataclass(frozen=True, eq=False)
class Places:
    """The answer to `Locate`, aligned with its ids.

    Attributes:
        exists: ``bool[n]``; the rest is 0 where it is False.
        part: ``int32[n]``, the owner.
        stable: ``int64[n]``.
    """

    tag: ClassVar[str] = "places"
    exists: Flags
    part: npt.NDArray[np.int32]
    stable: Ints

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        part = ints_to_plain(self.part, np.int32)
        return _plain(self.exists), part, ints_to_plain(self.stable)

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> Places:
        """The inverse of `to_plain`."""
        exists, part, stable = plain
        return cls(_flags(exists), ints_from_plain(part, np.int32), ints_from_plain(stable))


@dataclass(frozen=True, eq=False)
class Nodes:
    """The answer to `ReadNodes`.

    Attributes:
        exists: ``bool[n]``, aligned with the nodes asked for.
        ids: users' ids of those that exist, in their order.
        columns: a row for each of those; `no_columns()` (no rows) where no column was asked for.
    """

    tag: ClassVar[str] = "nodes"
    exists: Flags
    ids: UserIds
    columns: pa.RecordBatch = field(default_factory=no_columns)

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return _plain(self.exists), ids_to_plain(self.ids), batch_to_plain(self.columns)

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> Nodes:
        """The inverse of `to_plain`."""
        exists, ids, columns = plain
        return cls(_flags(exists), ids_from_plain(ids), batch_from_plain(columns))


@dataclass(frozen=True, eq=False)
class Rows:
    """The answer to `ReadRows`.

    Entries of a row are in canonical order: by the neighbour's stable id, then by edge id.

    Attributes:
        exists: ``bool[n]``, which of the nodes asked for are there; the others' rows are empty.
        offsets: ``int64[n + 1]``; row i is the entries ``offsets[i] : offsets[i + 1]``.
        far_part: ``int32[m]``, the owner of the neighbour.
        far_stable: ``int64[m]``, the neighbour.
        far_ids: users' ids of the neighbours, ``int64[m]`` or ``LargeStringArray``.
        edge: ``int64[m]``, edge ids.
        columns: a row per entry; `no_columns()` (no rows) where no column was asked for.
    """

    tag: ClassVar[str] = "rows"
    exists: Flags
    offsets: Ints
    far_part: npt.NDArray[np.int32]
    far_stable: Ints
    far_ids: UserIds
    edge: Ints
    columns: pa.RecordBatch = field(default_factory=no_columns)

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return (
            _plain(self.exists),
            ints_to_plain(self.offsets),
            ints_to_plain(self.far_part, np.int32),
            ints_to_plain(self.far_stable),
            ids_to_plain(self.far_ids),
            ints_to_plain(self.edge),
            batch_to_plain(self.columns),
        )

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> Rows:
        """The inverse of `to_plain`."""
        exists, offsets, far_part, far_stable, far_ids, edge, columns = plain
        return cls(
            _flags(exists),
            ints_from_plain(offsets),
            ints_from_plain(far_part, np.int32),
            ints_from_plain(far_stable),
            ids_from_plain(far_ids),
            ints_from_plain(edge),
            batch_from_plain(columns),
        )


@dataclass(frozen=True)
class Counters:
    """The answer to `ReadCounters`: values by name; 0 for one that was never set."""

    tag: ClassVar[str] = "counters"
    values: dict[str, int]

    def to_plain(self) -> dict[str, int]:
        """A plain structure, for packing."""
        return self.values

    @classmethod
    def from_plain(cls, plain: dict[str, int]) -> Counters:
        """The inverse of `to_plain`."""
        return cls(plain)


@dataclass(frozen=True, eq=False)
class Delta:
    """The answer to `ReadDelta`."""

    tag: ClassVar[str] = "delta"
    delta: PartitionDelta

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return self.delta.to_plain()

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> Delta:
        """The inverse of `to_plain`."""
        return cls(PartitionDelta.from_plain(plain))


@dataclass(frozen=True)
class Refused:
    """The answer to a question that cannot be answered here, and why."""

    tag: ClassVar[str] = "refused"
    reason: str

    def to_plain(self) -> str:
        """A plain structure, for packing."""
        return self.reason

    @classmethod
    def from_plain(cls, plain: str) -> Refused:
        """The inverse of `to_plain`."""
        return cls(plain)


Answer: TypeAlias = Places | Nodes | Rows | Counters | Delta | Refused
_ANSWERS: Mapping[str, Any] = {
    kind.tag: kind for kind in (Places, Nodes, Rows, Counters, Delta, Refused)
}


def answer_to_bytes(answer: Answer) -> bytes:
    """An answer as `graphray.replication.commands.Value.content` carries it.

    Example:
        >>> answer_from_bytes(answer_to_bytes(Refused("no such column")))
        Refused(reason='no such column')
    """
    return pack((answer.tag, answer.to_plain()))


def answer_from_bytes(data: bytes) -> Answer:
    """The inverse of `answer_to_bytes`.

    Raises:
        StoreCorrupt: where the bytes are no answer.
    """
    return decoded(data, "answer", lambda plain: _ANSWERS[plain[0]].from_plain(plain[1]))


def _plain(flags: Flags) -> bytes:
    return ints_to_plain(flags, np.bool_)


def _flags(plain: bytes) -> Flags:
    return ints_from_plain(plain, np.bool_)
