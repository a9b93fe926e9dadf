"""Columns of nodes, read from and written to the cells of a running graph's replicas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.changes.cell_values import cell_column, cell_keys, decode_cells, value_type
from graphray.changes.keys import home_parts
from graphray.client.changes.cell_sessions import CellCall, CellPool
from graphray.client.changes.places import by_part
from graphray.errors import PartitionUnavailable, WriteIndeterminate
from graphray.ids import UserIds
from graphray.metrics import WRITES
from graphray.reading.access import PartitionAccess
from graphray.replication.cells import Writes
from graphray.replication.consistency import Consistency
from graphray.replication.session import Outcome
from graphray.replication.version_vector import VersionVector
from graphray.schema import GraphSchema
from graphray.tally import count

_READ_MAX = 4_000
"""Cells that are asked for in one message."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CellClient:
    """What changing a graph takes under the eventual strategy; the same for a whole process.

    Attributes:
        access: the store version under the changes.
        pool: sessions with its partitions.
        merges: the names of merge functions, by column (`cell_column`).
    """

    access: PartitionAccess
    pool: CellPool
    merges: Mapping[str, str]

    @property
    def schema(self) -> GraphSchema:
        """The graph's."""
        return self.access.schema

    def read(
        self,
        node_type: str,
        ids: UserIds,
        columns: Sequence[str],
        level: Consistency,
        after: VersionVector,
    ) -> dict[str, tuple[Ints, pa.Array]]:
        """The cells of some nodes.

        Args:
            node_type: the nodes' type.
            ids: users' ids.
            columns: which properties.
            level: what answers show at least.
            after: a token; they show at least what it has seen, too.

        Returns:
            Per column, which of the nodes have a cell in it, and their values.

        Raises:
            PartitionUnavailable: where no replica of a partition answered in time.
        """
        keys = cell_keys(ids)
        names = [cell_column(node_type, column) for column in columns]
        found: list[list[bytes | None]] = [[None] * len(keys) for _ in columns]
        rows_max = max(1, _READ_MAX // max(1, len(columns)))
        pending = {
            part: [rows[at : at + rows_max] for at in range(0, len(rows), rows_max)]
            for part, rows in by_part(home_parts(ids, self.pool.parts)).items()
        }
        while columns and pending:
            asked = {part: pieces.pop().tolist() for part, pieces in pending.items()}
            pending = {part: pieces for part, pieces in pending.items() if pieces}
            calls = [
                CellCall(part, (), tuple((keys[r], n) for n in names for r in rows), level)
                for part, rows in asked.items()
            ]
            for call, done in zip(calls, self.pool.run(calls, after), strict=True):
                if done.outcome is not Outcome.DONE:
                    raise _unavailable(call.part, level)
                rows, values = asked[call.part], iter(done.values)
                for column in found:
                    for row in rows:
                        column[row] = next(values)
        kind = self.schema.node_type(node_type)
        return {
            column: _present(cells, value_type(kind, column))
            for column, cells in zip(columns, found, strict=True)
        }

    def write(self, batches: Mapping[int, Sequence[Writes]]) -> None:
        """Write cells.

        Args:
            batches: per partition, what to write in one message each, in this order.

        Raises:
            WriteIndeterminate: naming the partitions of which no replica acknowledged in time. The
                others' are written, and a later batch of these is not sent.
        """
        open_parts, silent = dict(batches), []
        at = 0
        while open_parts:
            calls = [CellCall(part, writes[at]) for part, writes in open_parts.items()]
            for call, done in zip(calls, self.pool.run(calls), strict=True):
                is_done = done.outcome is Outcome.DONE
                outcome = "applied" if is_done else "indeterminate"
                count(WRITES, (self.access.name, str(call.part), outcome))
                if not is_done:
                    silent.append(call.part)
            at += 1
            open_parts = {
                part: writes
                for part, writes in open_parts.items()
                if len(writes) > at and part not in silent
            }
        if silent:
            raise WriteIndeterminate(
                f"no replica of partition {', '.join(map(str, silent))} acknowledged before the "
                "deadline, so that its values may be written or not; those of other partitions "
                "are. See 'graphray status'; writing the same values again does no harm",
                parts=tuple(silent),
            )


def _present(cells: Sequence[bytes | None], dtype: pa.DataType) -> tuple[Ints, pa.Array]:
    rows = np.array([row for row, cell in enumerate(cells) if cell is not None], np.int64)
    return rows, decode_cells([cell for cell in cells if cell is not None], dtype)


def _unavailable(part: int, level: Consistency) -> PartitionUnavailable:
    seen = "" if level is Consistency.EVENTUAL else " that has seen as much as the token"
    return PartitionUnavailable(
        f"no replica of partition {part}{seen} answered a read in time; see 'graphray status', or "
        "read at a lower level",
        part=part,
    )
