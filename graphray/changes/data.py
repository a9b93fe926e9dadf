"""The data of one partition of a running graph: a base version, and what has changed since.

A version of a store never changes. Changes lie over it, in memory; the replicated log and its
checkpoints make them durable (`graphray.replication`). From time to time they are folded into a new
version of the store, which the partition is told by a change like any other (`Rebase`).

What holds:

1. **Identity.** A node is named by (type, owner partition, stable id), an edge by (relation, edge
   id). These never change and are never used again. A new node lives at the home of its id.
2. **Time.** Each change has the time of its commit. Of two values of a column the one of the later
   time stands, and at one time that of the transaction whose name has the greater hash. So the
   order in which changes come in does not matter.
3. **Past times** that are pinned are read exactly, whatever has changed since.
4. **The same commands lead to the same checkpoint** on every replica that keeps the same columns.
5. **A committed change is carried out**, whatever it holds: what is wrong with it has been found by
   `GraphData.refusal` before it was accepted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.book import AdjacencyName
from graphray.changes.answers import answer
from graphray.changes.base import BaseVersions
from graphray.changes.base_partition import BasePartition
from graphray.changes.changed_table import ChangedTable
from graphray.changes.counters import CounterTable
from graphray.changes.coverage import (
    TaggedColumn,
    edge_column_tag,
    node_column_tag,
    tagged_columns,
)
from graphray.changes.delta import PartitionDelta
from graphray.changes.digests import digests_of
from graphray.changes.edge_table import EdgeTable
from graphray.changes.event_table import NEVER, Window
from graphray.changes.keys import home_parts
from graphray.changes.node_table import NodeTable, arrow_ids, user_ids
from graphray.changes.payload import PartitionChange
from graphray.changes.plain_arrays import Ints, decoded
from graphray.changes.queries import (
    Answer,
    Counters,
    Delta,
    Question,
    ReadCounters,
    ReadDelta,
    Refused,
    answer_to_bytes,
    question_from_bytes,
)
from graphray.changes.reading import Reading
from graphray.changes.refusals import content_problems, counter_problems, rebase_problems
from graphray.changes.shapes import GraphTypes, shape_problems
from graphray.changes.timeline import Generation, Timeline
from graphray.errors import ArgumentError, StoreCorrupt, StoreError
from graphray.replication.packing import pack, unpack

_DROP_ROWS_MIN = 1 << 16


class GraphData:
    """See the module; a `graphray.replication.transactional_state.VersionedData`.

    Args:
        part: the partition.
        base: the versions of the store.
        version: the one that the graph was launched from; the same on every replica.
        kept: the tags of the property columns that this replica keeps (see
            `graphray.changes.coverage`); None for all.

    Raises:
        StoreNotFound: where there is no such version.
    """

    def __init__(
        self, part: int, base: BaseVersions, version: int, kept: frozenset[str] | None = None
    ) -> None:
        self.part = part
        self._base = base
        self._parts = base.book(version).parts
        self._types = GraphTypes.of(base)
        self._bases: dict[int, BasePartition] = {}
        # A change is looked at and carried out one after the other, mostly.
        self._decoded: tuple[bytes, PartitionChange] | None = None
        self._start(version, kept)

    def _start(self, version: int, kept: frozenset[str] | None) -> None:
        self._kept = kept
        self._timeline = Timeline(version)
        self._counters = CounterTable()
        self._nodes = {t.name: self._node_table(t.name) for t in self._base.schema.node_types}
        self._edges = {name: self._edge_table(name) for name in self._base.schema.adjacencies}
        self._rows_since_drop = 0

    def _node_table(self, name: str) -> NodeTable:
        types = self._types.node_columns[name]
        kept = [c for c in types if self._keeps(node_column_tag(name, c))]
        return NodeTable(self._base.schema.node_type(name).id_kind, types, kept)

    def _edge_table(self, name: AdjacencyName) -> EdgeTable:
        relation, direction = name
        types = self._types.edge_columns[name]
        kept = [c for c in types if self._keeps(edge_column_tag(relation, c))]
        far_type = self._base.schema.node_type(relation.far_type(direction))
        return EdgeTable(far_type.id_kind, types, kept)

    def _keeps(self, tag: str) -> bool:
        return self._kept is None or tag in self._kept

    @property
    def nbytes(self) -> int:
        """The memory that the changes take."""
        return sum(table.nbytes for table in self._tables)

    @property
    def version(self) -> int:
        """The base version of the present."""
        return self._timeline.newest.version

    @property
    def versions(self) -> tuple[int, ...]:
        """The base versions that the present and pinned times are read over, rising."""
        return tuple(generation.version for generation in self._timeline.generations)

    @staticmethod
    def versions_in(checkpoint: bytes) -> tuple[int, ...]:
        """What `versions` was when a checkpoint was made."""
        _, timeline, *_ = unpack(checkpoint)
        return tuple(version for version, *_ in timeline[0])

    @property
    def _tables(self) -> tuple[ChangedTable, ...]:
        return (*self._nodes.values(), *self._edges.values())

    # --- changes ----------------------------------------------------------------------------------

    def refusal(self, payload: bytes) -> str | None:
        """Why a change cannot be made to the present data, or None."""
        try:
            change = self._change(payload)
            for problem in self._problems(change):
                return problem
        except StoreError as error:
            return str(error)
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            return f"a change of partition {self.part} is not sound: {error}"
        return None

    def _problems(self, change: PartitionChange) -> Iterator[str]:
        yield from shape_problems(self._types, change)
        held = {name: self._counter(name, NEVER) for name in change.counters}
        yield from counter_problems(held, change.counters)
        if change.rebase is not None:
            yield from rebase_problems(self._timeline.newest, change.rebase)
            self._base.book(change.rebase.version)  # Raises where there is no such version.
        yield from content_problems(self._present, change, self._parts)

    def install(self, time: int, payload: bytes) -> None:
        """Apply a committed change as of a time."""
        change = self._change(payload)
        tie = _tie_of(change.transaction)
        self._timeline.now = max(self._timeline.now, time)
        self._delete(change, time)
        for name, nodes in change.add_nodes.items():
            self._nodes[name].add_nodes(nodes, time)
        for adjacency, edges in change.add_edges.items():
            self._edges[adjacency].add_edges(edges, time)
        self._update(change, tie, time)
        for counter, value in change.counters.items():
            self._counters.set(counter, value, time, tie)
        if change.rebase is not None:
            self._timeline.begin(*change.rebase)
        self._drop_unseen_if_due()

    def _delete(self, change: PartitionChange, time: int) -> None:
        present = self._present
        for name, stable in change.delete_nodes.items():
            stable = stable[present.has_nodes(name, stable)]
            ids = present.node_ids(name, stable)
            at_home = home_parts(user_ids(ids), self._parts) == self.part
            self._make_void(name, ids.filter(pa.array(at_home)), time)
            self._nodes[name].delete(stable, stable, time)
            self._rows_since_drop += len(stable)
        for name, ids in change.void_ids.items():
            # Those of the partition's own nodes have gone with them.
            places = present.locate(name, ids)
            elsewhere = places.exists & (places.part != self.part)
            self._make_void(name, arrow_ids(ids).filter(pa.array(elsewhere)), time)
        for adjacency, edges in change.delete_edges.items():
            there = present.has_entries(adjacency, edges.near_stable, edges.edge)
            self._edges[adjacency].delete(edges.edge[there], edges.near_stable[there], time)
            self._rows_since_drop += len(edges.edge)

    def _make_void(self, name: str, ids: pa.Array, time: int) -> None:
        if len(ids):
            self._nodes[name].make_void(user_ids(ids), time)

    def _update(self, change: PartitionChange, tie: int, time: int) -> None:
        # What an earlier decision has deleted meanwhile is not updated.
        present = self._present
        for name, nodes in change.update_nodes.items():
            at = np.flatnonzero(present.has_nodes(name, nodes.stable))
            stable, columns = nodes.stable[at], _taken(nodes.columns, at)
            self._nodes[name].update(stable, stable, columns, tie, time)
            self._rows_since_drop += len(nodes.stable) * nodes.columns.num_columns
        for adjacency, edges in change.update_edges.items():
            at = np.flatnonzero(present.has_entries(adjacency, edges.near_stable, edges.edge))
            keys, near, columns = edges.edge[at], edges.near_stable[at], _taken(edges.columns, at)
            self._edges[adjacency].update(keys, near, columns, tie, time)
            self._rows_since_drop += len(edges.edge) * edges.columns.num_columns

    def _change(self, payload: bytes) -> PartitionChange:
        if self._decoded is None or self._decoded[0] != payload:
            self._decoded = payload, PartitionChange.from_bytes(payload)
        return self._decoded[1]

    # --- versions ---------------------------------------------------------------------------------

    def is_readable(self, time: int) -> bool:
        """Whether nothing has been dropped that could be seen at a time."""
        return self._timeline.is_readable(time)

    def keep_since(self, times: tuple[int, ...]) -> None:
        """Versions that none of these times, nor the present, can see may go."""
        self._timeline.pins = tuple(sorted(set(times)))
        self._drop_unseen_if_due()

    def _drop_unseen_if_due(self) -> None:
        """Drop what nobody sees: when as much has come in as was left, so that it costs little."""
        rows = sum(table.added.count + table.deleted.count for table in self._tables)
        is_due = self._rows_since_drop >= max(_DROP_ROWS_MIN, rows // 2)
        if not is_due and not self._timeline.has_unneeded():
            return
        self._rows_since_drop = 0
        self._timeline.drop_unneeded()
        views = self._timeline.views()
        for table in self._tables:
            table.drop_unseen(views)
        self._counters.drop_unseen(views)
        versions = {generation.version for generation in self._timeline.generations}
        self._bases = {v: base for v, base in self._bases.items() if v in versions}

    # --- questions --------------------------------------------------------------------------------

    def read(self, content: bytes, time: int | None) -> bytes:
        """Answer a question as of a pinned time, or the present (see `graphray.changes.queries`).

        What cannot be answered is answered by `Refused`.
        """
        try:
            return answer_to_bytes(self._answer(question_from_bytes(content), time))
        except (StoreCorrupt, ArgumentError) as error:
            return answer_to_bytes(Refused(str(error)))

    def delta(self, time: int | None = None, version: int | None = None) -> PartitionDelta:
        """What has changed in the partition since a base version.

        Args:
            time: as of which; None for the present.
            version: the base version; None for the newest that is not later than the time.

        Raises:
            ArgumentError: where the time cannot be read any more, or not over that version.
        """
        window, generation = self._window(time, version)
        found = ((name, table.delta(window)) for name, table in self._nodes.items())
        edges = ((name, table.delta(window)) for name, table in self._edges.items())
        return PartitionDelta(
            self.part,
            generation.version,
            self._timeline.now if time is None else time,
            {name: delta for name, delta in found if delta is not None},
            {name: delta for name, delta in edges if delta is not None},
            self._counters.values(window.high),
            self._kept,
        )

    def _window(self, time: int | None, version: int | None = None) -> tuple[Window, Generation]:
        high = self._timeline.present.high if time is None else time
        generation = self._timeline.generation_at(high, version)
        if generation is None or not self._timeline.is_readable(high):
            over = "" if version is None else f" over version {version}"
            raise ArgumentError(
                f"partition {self.part} cannot be read as of time {time}{over} any more; pin a "
                "time to keep it readable"
            )
        return Window(generation.floor, high), generation

    @property
    def _present(self) -> Reading:
        return self._reading(*self._window(None))

    def _reading(self, window: Window, generation: Generation) -> Reading:
        version = generation.version
        if version not in self._bases:
            self._bases[version] = BasePartition(self._base, version, self.part)
        return Reading(self.part, self._bases[version], window, self._nodes, self._edges)

    def _answer(self, question: Question, time: int | None) -> Answer:
        window, generation = self._window(time)
        match question:
            case ReadCounters(names):
                return Counters({name: self._counter(name, window.high) for name in names})
            case ReadDelta(version):
                return Delta(self.delta(time, version))
            case _:
                return answer(self._reading(window, generation), question)

    def _counter(self, name: str, time: int) -> int:
        first = self._base.next_ids(self.version).get(name, 0)
        return max(self._counters.value(name, time) or 0, first)

    # --- as a whole -------------------------------------------------------------------------------

    def checkpoint(self) -> bytes:
        """Everything, as bytes."""
        return pack(
            (
                None if self._kept is None else tuple(sorted(self._kept)),
                self._timeline.to_plain(),
                self._counters.to_plain(),
                tuple(table.to_plain() for table in self._tables),
                self._rows_since_drop,
            )
        )

    def restore(self, checkpoint: bytes) -> None:
        """Replace everything."""
        decoded(checkpoint, "checkpoint of a partition's changes", self._load)

    def _load(self, plain: tuple[Any, ...]) -> None:
        kept, timeline, counters, tables, rows_since_drop = plain
        self._start(self.version, None if kept is None else frozenset(kept))
        self._timeline.load_plain(timeline)
        self._counters.load_plain(counters)
        for table, content in zip(self._tables, tables, strict=True):
            table.load_plain(content)
        self._rows_since_drop = rows_since_drop

    def digests(self) -> dict[str, str]:
        """Hashes of what is seen now and as of each pinned time, by tag; "" for the topology.

        Two replicas at the same position of the log have the same digest of everything that both
        keep, however they came there.
        """
        pins = (pin for pin in self._timeline.pins if self._timeline.generation_at(pin) is not None)
        return digests_of([self.delta(), *(self.delta(pin) for pin in pins)])

    # --- partial replication ----------------------------------------------------------------------

    def covered(self) -> frozenset[str] | None:
        """The tags of the columns that are kept, or None for all."""
        return self._kept

    def extract(self, tags: frozenset[str]) -> bytes:
        """All values of some columns that came with changes.

        Raises:
            ArgumentError: where one of them is not kept here.
        """
        columns = self._columns_of(tags)
        missing = sorted(c.tag for c in columns if not c.is_kept)
        if missing:
            raise ArgumentError(f"a replica of partition {self.part} does not keep {missing}")
        return pack(
            tuple((tag, table.added.count, table.column_to_plain(c)) for tag, table, c in columns)
        )

    def absorb(self, tags: frozenset[str], content: bytes) -> None:
        """Keep some columns from now on; the content was extracted at the present LSN.

        Raises:
            StoreCorrupt: where it was not, and nothing has changed.
        """
        decoded(content, "content of columns", lambda plain: self._absorb(tags, plain))

    def _absorb(self, tags: frozenset[str], plain: tuple[Any, ...]) -> None:
        columns = self._columns_of(tags)
        given = [(tag, count) for tag, count, _ in plain]
        if given != [(tag, table.added.count) for tag, table, _ in columns]:
            raise StoreCorrupt(
                f"values for {given} do not fit the additions to partition {self.part}; "
                "they are of another position of the log"
            )
        for (_, table, name), (_, _, values) in zip(columns, plain, strict=True):
            table.start_keeping(name)
            table.load_column(name, values)
        if self._kept is not None:
            self._kept = self._kept | tags

    def _columns_of(self, tags: frozenset[str]) -> list[TaggedColumn]:
        return [c for c in tagged_columns(self._nodes, self._edges) if c.tag in tags]


def _taken(columns: pa.RecordBatch, rows: Ints) -> pa.RecordBatch:
    if columns.num_columns == 0 or len(rows) == columns.num_rows:
        return columns
    return columns.take(pa.array(rows))


def _tie_of(transaction: str) -> int:
    digest = hashlib.blake2b(transaction.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")
