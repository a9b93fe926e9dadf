"""What a graph offers for the properties of its nodes: reading them, and caching the hottest."""

from __future__ import annotations

from typing import Any

from graphray.features.caching import CacheRequest, cache_rows, parse_budget, seed_gids
from graphray.features.hot_properties import HotProperties
from graphray.reading.access import PartitionAccess
from graphray.reading.column_values import Values
from graphray.reading.gather import find_nodes, node_values
from graphray.reading.hot_rows import RowsOf
from graphray.reading.node_cache import CacheCounts
from graphray.schema import Direction, require_column
from graphray.status import CacheStatus


class FeatureCalls:
    """The part of `graphray.Graph` that is about properties."""

    def __init__(self, access: PartitionAccess) -> None:
        self._access = access

    def features(
        self, ids: Any, columns: str | list[str], node_type: str | None = None
    ) -> Values | dict[str, Values]:
        """Properties of nodes, aligned with ``ids``, in one call per owner for all columns.

        Args:
            ids: users' ids.
            columns: one column (returns its values), or several (returns a dictionary).
            node_type: may be left out where the graph has one.

        Returns:
            ``[n]`` for scalars, ``[n, d]`` for fixed-size lists, a `RaggedArray` for other lists,
            objects for strings, all in the dtype of the column; see
            `graphray.reading.column_values`.

        Raises:
            NodeNotFound: where an id is not in the graph.
            ColumnNotFound: where a column is not.
        """
        name = self._type_of(node_type, "features")
        wanted = self._columns(name, columns)
        found = node_values(self._access, name, wanted, find_nodes(self._access, name, ids))
        return found[columns] if isinstance(columns, str) else found

    def cache_features(
        self,
        columns: str | list[str],
        budget: int | str = "256MiB",
        *,
        by: str = "degree",
        node_type: str | None = None,
        seeds: Any = None,
        direction: Direction = "in",
    ) -> CacheStatus:
        """Keep the properties of the hottest nodes of other nodes' partitions on this node.

        They lie in the node's object store, in place of what was kept of this node type before,
        and all processes of the node read them. What is read is the same with and without.

        Args:
            columns: the properties.
            budget: what they may take, in bytes or such as ``"256MiB"``; 0 lets go of what is kept.
            by: "degree", the nodes that are neighbours of most; "use", those that were read most
                often so far; "pagerank", those that sampling around ``seeds`` reaches.
            node_type: may be left out where the graph has one.
            seeds: for "pagerank", what training starts from, as for `graphray.Graph.loader`, or
                ``{type: ids}`` for several types.
            direction: as for `graphray.Graph.loader`.

        Returns:
            What is kept, and how this process was served so far. No rows where every partition has
            a replica on this node, or where the graph's catalog cannot keep them now.

        Raises:
            ArgumentError: where a parameter is out of range.
            ClusterError: where the node's object store has no room for the rows.
            ColumnNotFound: where a column is not there.
            NodeNotFound: where a seed is not in the graph.
        """
        name = self._type_of(node_type, "cache_features")
        source = HotProperties(name, tuple(self._columns(name, columns)))
        gids = seed_gids(self._access, seeds)
        request = CacheRequest(source, parse_budget(budget), by, direction, gids)
        return cache_rows(self._access, request)

    def cache_counts(self, node_type: str | None = None) -> CacheCounts:
        """How often this process found rows of other nodes' partitions cached on its node."""
        return self._access.cache.counts(RowsOf(self._type_of(node_type, "cache_counts")))

    def _columns(self, node_type: str, columns: str | list[str]) -> list[str]:
        kind = self._access.schema.node_type(node_type)
        wanted = [columns] if isinstance(columns, str) else list(columns)
        for column in wanted:
            require_column(kind.columns, column, f"node type {node_type!r}")
        return wanted

    def _type_of(self, node_type: str | None, purpose: str) -> str:
        schema = self._access.schema
        kind = schema.only_node_type(purpose) if node_type is None else schema.node_type(node_type)
        return kind.name
