"""What happened to the entries of one adjacency, in the rows of this partition's nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from graphray.changes.changed_table import KEY, SECOND, ChangedTable, Numbers
from graphray.changes.delta import EdgeDelta, EdgeUpdates
from graphray.changes.event_table import Window
from graphray.changes.node_table import arrow_ids, id_type, user_ids
from graphray.changes.payload import AddedEdges
from graphray.changes.plain_arrays import Ints, no_columns
from graphray.schema import IdKind

FAR_PART, FAR_STABLE = "far_part", "far_stable"


class EdgeTable(ChangedTable):
    """See the module; the key is the edge id, the second key the node in whose row it stands.

    Args:
        far_id_kind: what the ids of the neighbours are.
        column_types: the property columns, and their types.
        kept: which of them are kept.
    """

    def __init__(
        self, far_id_kind: IdKind, column_types: Mapping[str, pa.DataType], kept: Iterable[str]
    ) -> None:
        further = {FAR_PART: np.int32, FAR_STABLE: np.int64}
        super().__init__(True, further, (SECOND,), id_type(far_id_kind), column_types, kept)

    def add_edges(self, edges: AddedEdges, time: int) -> None:
        """Add entries."""
        rows: dict[str, Numbers] = {
            KEY: edges.edge,
            SECOND: edges.near_stable,
            FAR_PART: edges.far_part,
            FAR_STABLE: edges.far_stable,
        }
        self.add(rows, arrow_ids(edges.far_ids), edges.columns, time)

    def in_rows(self, near_stable: Ints, window: Window) -> tuple[Ints, Ints]:
        """The additions, not deleted, in some nodes' rows: whose row each is in, and which it is.

        Returns:
            Positions in ``near_stable``, ``int64[m]``, rising, and rows of `added`, ``int64[m]``.
        """
        offsets, rows = self.added.seen(SECOND, near_stable, window)
        if len(rows) == 0:
            return rows, rows
        owner = np.repeat(np.arange(len(near_stable)), np.diff(offsets))
        if self.deleted.count == 0:
            return owner, rows
        keys, second = self.names_of(self.added)
        stands = ~self.is_deleted(keys[rows], second[rows], window)
        return owner[stands], rows[stands]

    def delta(self, window: Window) -> EdgeDelta | None:
        """What has changed in a window; None where nothing has."""
        rows = self.all_added(window)
        edge, near = self.names_of(self.added)
        far_stable = self.added.column(FAR_STABLE)
        rows = rows[np.lexsort((edge[rows], far_stable[rows], near[rows]))]
        updates = {}
        for column in self.columns:
            updated_edge, updated_near, values = self.updates_of_base(column, window)
            if len(updated_edge):
                updates[column] = EdgeUpdates(updated_near, updated_edge, values)
        deleted_edge, deleted_near = self.deleted_of_base(window)
        if not (len(rows) or len(deleted_edge) or updates):
            return None
        columns = {c: self.added_values(c, rows, window) for c in self.columns}
        return EdgeDelta(
            near[rows],
            self.added.column(FAR_PART)[rows],
            far_stable[rows],
            user_ids(self.ids.take(rows)),
            edge[rows],
            pa.record_batch(columns) if columns and len(rows) else no_columns(),
            deleted_near,
            deleted_edge,
            updates,
        )
