"""Reads of a running graph under the eventual strategy; made by `graphray.Graph.read`.

A node's property is its cell where it has one, else the store's own value. Which nodes and edges
there are is not changed under this strategy, so of that the graph itself is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.client.changes.cell_calls import CellClient
from graphray.client.changes.reader import Token, as_token
from graphray.errors import ArgumentError, TransactionError
from graphray.ids import as_user_ids
from graphray.reading.column_values import Values, column_values
from graphray.reading.gather import find_nodes, look_up, node_columns
from graphray.reading.operations import NOT_FOUND
from graphray.reading.row_reading import as_arrow
from graphray.replication.consistency import Consistency
from graphray.replication.version_vector import VersionVector
from graphray.schema import require_column
from graphray.shard import ShardArray, as_shard_array

_LEVELS = ("eventual", "monotonic", "session", "causal")


class CellReader:
    """Looks properties of nodes up; safe to use from several threads.

    Args:
        client: the graph.
        consistency: what answers show at least: "eventual", "monotonic", "session" or "causal"; see
            docs/guarantees.md.
        after: a token; answers show at least what it has seen, but at the level "eventual".

    Raises:
        ArgumentError: where there is no such level, also for "strong", which this strategy cannot
            offer, or the token is none.
    """

    def __init__(self, client: CellClient, consistency: str, after: Token | None = None) -> None:
        if consistency not in _LEVELS:
            raise ArgumentError(
                f"consistency = {consistency!r}: under replication='eventual' replicas take writes "
                f"without asking each other, so there is only {', '.join(_LEVELS)}; launch the "
                "graph with another strategy for strong reads"
            )
        self._client = client
        self._level = Consistency(consistency)
        self._after = as_token(after)
        client.pool.observe(self._after)
        self.consistency = consistency

    @property
    def token(self) -> VersionVector:
        """Where this process stands: who reads ``after=token`` sees what has been read here."""
        return self._client.pool.token

    def nodes(
        self, ids: Any, node_type: str | None = None, columns: Sequence[str] | None = None
    ) -> dict[str, Values]:
        """Properties of nodes, each column aligned with ``ids``.

        Args:
            ids: users' ids, one or several.
            node_type: may be left out where the graph has one.
            columns: which properties; None for all.

        Raises:
            NodeNotFound: naming ids that are not there.
            ColumnNotFound: where the node type has no such column.
            PartitionUnavailable: where no replica of a partition answered in time.
        """
        client = self._client
        kind = self._node_type(node_type, "nodes")
        known = client.schema.node_type(kind).columns
        names = [c.name for c in known] if columns is None else list(columns)
        words = {c: require_column(known, c, f"node type {kind!r}").dtype for c in names}
        gids = find_nodes(client.access, kind, ids)
        stored = node_columns(client.access, kind, names, gids)
        asked = as_user_ids(ids, client.schema.node_type(kind).id_kind)
        cells = client.read(kind, asked, names, self._level, self._after)
        return {c: column_values(_overlaid(stored[c], *cells[c]), words[c]) for c in names}

    def exists(self, ids: Any, node_type: str | None = None) -> npt.NDArray[np.bool_]:
        """Which of these nodes there are, ``bool[n]``: those of the store version."""
        kind = self._node_type(node_type, "exists")
        asked = as_user_ids(ids, self._client.schema.node_type(kind).id_kind)
        return look_up(self._client.access, kind, asked) != NOT_FOUND

    def neighbors(self, *asked: Any, **options: Any) -> NoReturn:
        """Edges are not changed under this strategy; see `graphray.Graph.neighbors`."""
        raise _edges_stay("neighbors")

    def degree(self, *asked: Any, **options: Any) -> NoReturn:
        """Edges are not changed under this strategy; see `graphray.Graph.neighbors`."""
        raise _edges_stay("degree")

    def edges(self, *asked: Any, **options: Any) -> NoReturn:
        """Edges are not changed under this strategy; see `graphray.Graph.neighbors`."""
        raise _edges_stay("edges")

    def _node_type(self, node_type: str | None, purpose: str) -> str:
        if node_type is None:
            return self._client.schema.only_node_type(purpose).name
        return self._client.schema.node_type(node_type).name


def _overlaid(stored: ShardArray, rows: npt.NDArray[np.int64], cells: pa.Array) -> ShardArray:
    """The store's values, but those of the cells in their rows."""
    if len(rows) == 0:
        return stored
    below = as_arrow(stored)
    both = pa.concat_arrays([below if below.type == cells.type else below.cast(cells.type), cells])
    take = np.arange(len(below))
    take[rows] = len(below) + np.arange(len(rows))
    return as_shard_array(both.take(pa.array(take)))


def _edges_stay(call: str) -> TransactionError:
    return TransactionError(
        f"read().{call}: under replication='eventual' edges are those of the store version, and "
        "are not changed; ask the graph itself (graph.neighbors, samplers, queries)"
    )
