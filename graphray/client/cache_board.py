"""Where the processes of a node find its hot rows: with the graph's catalog.

The catalog owns them and knows which node has which; they lie in that node's object store, where
every process of the node maps the same copy. A catalog that is being restarted, or has forgotten
them, is no error: its readers ask the owners of the rows instead.
"""

from __future__ import annotations

import uuid

import ray
from ray.exceptions import ObjectStoreFullError, OutOfDiskError

from graphray.client.transport import LOST, ask, fetch
from graphray.client.view import ActorHandle
from graphray.config import CallPolicy
from graphray.errors import ClusterError
from graphray.metrics import (
    CACHE_HITS,
    CACHE_MISSES,
    NEIGHBOR_CACHE_HITS,
    NEIGHBOR_CACHE_MISSES,
)
from graphray.reading.hot_rows import HotRows, RowsOf
from graphray.reading.node_cache import CacheCounts
from graphray.tally import count

_KEEP_TIMEOUT_S = 120.0


class CatalogBoard:
    """The hot rows of one node (see `graphray.reading.node_cache.HotRowsBoard`).

    Args:
        catalog: the graph's catalog actor.
        graph: the graph's name.
        node_id: this node.
        snapshot_id: the state of the graph that is read.
        policy: how long to wait for an answer; a look waits for one try only.
    """

    def __init__(
        self, catalog: ActorHandle, graph: str, node_id: str, snapshot_id: str, policy: CallPolicy
    ) -> None:
        self._catalog, self._graph, self.node_id = catalog, graph, node_id
        self._snapshot_id = snapshot_id
        one_try_s = policy.try_timeout_s
        self._policy = CallPolicy(one_try_s, one_try_s, min(policy.backoff_s, one_try_s / 2))
        self._reader = uuid.uuid4().hex

    def find(self, of: RowsOf, counts: CacheCounts) -> HotRows | None:
        """What is kept for this node; None also where the catalog or the object cannot be had."""
        try:
            kept: list[ray.ObjectRef] = ask(
                self._catalog,
                "hot_rows",
                self.node_id,
                self._snapshot_id,
                of,
                self._reader,
                counts,
                policy=self._policy,
            )
            return fetch(kept[0], self._policy.deadline_s) if kept else None
        except (ClusterError, *LOST):
            return None

    def keep(self, hot: HotRows) -> HotRows | None:
        """Hand rows to the catalog, and map what it keeps of them."""
        # In a list, so that the catalog is handed the reference and not the rows.
        boxed = [_put(hot)]
        try:
            references: list[ray.ObjectRef] = ask(
                self._catalog,
                "keep_hot_rows",
                hot.snapshot_id,
                hot.recipe,
                hot.status(self.node_id),
                boxed,
                policy=self._policy,
                timeout_s=_KEEP_TIMEOUT_S,
            )
            return fetch(references[0], self._policy.deadline_s) if references else None
        except (ClusterError, *LOST):
            return None

    def count(self, of: RowsOf, hits: int, misses: int) -> None:
        """Add to the metrics of this process."""
        if of.adjacency:
            metrics, read = (NEIGHBOR_CACHE_HITS, NEIGHBOR_CACHE_MISSES), of.adjacency
        else:
            metrics, read = (CACHE_HITS, CACHE_MISSES), of.node_type
        for metric, amount in zip(metrics, (hits, misses), strict=True):
            if amount:
                count(metric, (self._graph, read), amount)


def _put(hot: HotRows) -> ray.ObjectRef:
    try:
        return ray.put(hot)
    except (ObjectStoreFullError, OutOfDiskError) as error:
        raise ClusterError(
            f"this node's object store has no room for {hot.size_bytes:,} bytes of rows; pass a "
            "smaller budget, or start the node with more object_store_memory"
        ) from error
