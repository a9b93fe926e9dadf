"""What can be asked of one partition: requests that run where its arrays are.

A `Request` is a value that travels: made by a client, run by a replica (or in the client's own
process) against a `ShardView`. Every request only reads and is idempotent, so it may be sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import PartitionBook
from graphray.id_index import NOT_FOUND as NOT_FOUND
from graphray.id_index import find_gids
from graphray.ids import UserIds
from graphray.reading.adjacency import Draws, MappedAdjacency, locate_rows
from graphray.reading.compact import Compact, compact, restored
from graphray.reading.draws.rule import DrawRule, HopDraw, draw
from graphray.reading.draws.uniform import Uniform
from graphray.schema import Direction, GraphSchema, Relation
from graphray.shard import ArrayKey, Shard, ShardArray

Answer = TypeVar("Answer", covariant=True)
_BYTES_PER_ROW, _BYTES_PER_DRAW = 4, 8
_MANY_NEIGHBORS = 64
_UNIFORM = Uniform()


@dataclass
class ShardView:
    """One partition and what is needed to make sense of it."""

    part: int
    schema: GraphSchema
    book: PartitionBook
    shard: Shard
    _adjacencies: dict[tuple[Any, ...], MappedAdjacency] = field(default_factory=dict)

    def adjacency(
        self, relation: Relation, direction: Direction, further: tuple[ArrayKey, ...] = ()
    ) -> MappedAdjacency:
        """The adjacency of a relation in which only this partition is mapped.

        Args:
            relation: the relation.
            direction: the stored direction.
            further: more arrays to have with it; see `MappedAdjacency`.
        """
        name = (relation, direction, further)
        if name not in self._adjacencies:
            keys = (*MappedAdjacency.keys(relation, direction), *further)
            mapped: list[Mapping[ArrayKey, ShardArray] | None] = [None] * self.book.parts
            mapped[self.part] = {key: self.shard.array(key) for key in keys}
            self._adjacencies[name] = MappedAdjacency(
                self.book, relation, direction, mapped, further
            )
        return self._adjacencies[name]

    def replace_shard(self, shard: Shard) -> None:
        """Read from other memory from now on, such as arrays shared through the object store."""
        self.shard = shard
        self._adjacencies = {}


class Request(Protocol[Answer]):
    """Something to be run at one partition."""

    def run(self, view: ShardView) -> Answer:
        """Do it."""
        ...


@runtime_checkable
class BulkyRequest(Protocol):
    """A request that knows beforehand that its answer may be large."""

    def answer_bytes(self) -> int:
        """About how large the answer is at most."""
        ...


@dataclass(frozen=True)
class SampleRows:
    """Draw neighbours for some of the partition's own nodes.

    Attributes:
        relation: the relation to follow.
        direction: the stored adjacency to read.
        gids: ``int64[n]``, global ids owned by the partition.
        fanout: draws per node, or -1 for all.
        key: the key of the hop's random streams.
        rule: how neighbours are chosen.
        trees: ``int64[n]``, the tree of each node in a disjoint batch; None in a merged one.
        times: ``int64[n]``, the time as of which each node is looked at, for rules that heed it.
    """

    relation: Relation
    direction: Direction
    gids: npt.NDArray[np.int64]
    fanout: int
    key: int
    rule: DrawRule = _UNIFORM
    trees: npt.NDArray[np.int64] | None = None
    times: npt.NDArray[np.int64] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Requests are small on their way: see `graphray.reading.compact`.
        return _travelled, (compact(self.gids), {**vars(self), "gids": None})

    def answer_bytes(self) -> int:
        """The size of as many draws as are asked for; unlimited ones are taken for many."""
        fanout = _MANY_NEIGHBORS if self.fanout < 0 else self.fanout
        return len(self.gids) * (_BYTES_PER_ROW + fanout * _BYTES_PER_DRAW)

    def run(self, view: ShardView) -> Draws:
        """The draws of all rows."""
        further = self.rule.array_keys(self.relation, self.direction)
        adjacency = view.adjacency(self.relation, self.direction, further)
        rows = locate_rows(adjacency, self.gids, self.trees)
        return draw(self.rule, adjacency, rows, HopDraw(self.fanout, self.key, self.times))


def _travelled(gids: Compact, others: dict[str, Any]) -> SampleRows:
    return SampleRows(**{**others, "gids": restored(gids)})


@dataclass(frozen=True)
class Together:
    """Several requests in one call.

    Attributes:
        requests: what to run, in this order.
    """

    requests: tuple[Request[Any], ...]

    def answer_bytes(self) -> int:
        """The size of all answers that may be large."""
        return sum(r.answer_bytes() for r in self.requests if isinstance(r, BulkyRequest))

    def run(self, view: ShardView) -> tuple[Any, ...]:
        """Their answers."""
        return tuple(request.run(view) for request in self.requests)


@dataclass(frozen=True)
class FindIds:
    """Look users' ids up in the part of the index that this partition holds."""

    node_type: str
    ids: UserIds

    def run(self, view: ShardView) -> npt.NDArray[np.int64]:
        """The global id of each, or `NOT_FOUND`, as ``int64[n]``."""
        return find_gids(view.shard, self.node_type, self.ids)


@dataclass(frozen=True)
class Pick:
    """Rows of some arrays of a shard.

    Attributes:
        keys: the arrays.
        rows: ``int64[n]``, row numbers within the shard's table.
    """

    keys: tuple[ArrayKey, ...]
    rows: npt.NDArray[np.int64]


@dataclass(frozen=True)
class TakeRows:
    """Pick rows: of several arrays at once, and other rows of others."""

    picks: tuple[Pick, ...]

    def run(self, view: ShardView) -> list[list[ShardArray]]:
        """For each pick and each of its arrays those rows, in that order."""
        return [[take(view.shard.array(key), p.rows) for key in p.keys] for p in self.picks]


def take(array: ShardArray, rows: npt.NDArray[np.int64]) -> ShardArray:
    """Rows of a shard array, in the order asked for."""
    if isinstance(array, np.ndarray):
        return array.take(rows, axis=0)  # twice as fast as array[rows] where rows are short
    return array.take(pa.array(rows))
