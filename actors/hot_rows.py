"""The hot rows that the catalog keeps: per node one set of each kind, and how well each serves.

A set is owned by the catalog, and lies in the object store of the node that it is kept for: the
catalog has a task on that node return it (see `actors.factory.hold_on_node`). So it outlives the
process that gathered it. With a catalog that dies it is lost, and gathered again when somebody asks
for it; until then rows are read from their owners.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import ray
from ray.exceptions import RayError

from graphray.reading.hot_rows import RowsOf
from graphray.reading.node_cache import CacheCounts
from graphray.status import CacheStatus

Hold = Callable[[str, ray.ObjectRef], "tuple[ray.ObjectRef, ray.ObjectRef]"]

_HOLD_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class _Kept:
    """One set: of which state of the graph, made how, and where it is."""

    snapshot_id: str
    recipe: str
    status: CacheStatus
    reference: ray.ObjectRef

    def is_made_like(self, other: _Kept) -> bool:
        """Whether the two hold the same rows for certain."""
        same = (self.snapshot_id, self.recipe) == (other.snapshot_id, other.recipe)
        return same and self.recipe != ""


@dataclass
class _OnNode:
    """What a node has of one kind, and how each of its processes was served."""

    kept: _Kept | None = None
    counts: dict[str, CacheCounts] = field(default_factory=dict)


class HotRowsShelf:
    """All sets of one graph.

    Args:
        hold: has an object copied on a node; returns the copy, and a None when it is there.
    """

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._nodes: dict[tuple[str, RowsOf], _OnNode] = {}
        self._lock = threading.Lock()

    def find(
        self, node_id: str, snapshot_id: str, of: RowsOf, reader: str, counts: CacheCounts
    ) -> list[ray.ObjectRef]:
        """The set of a node, in a list that is empty where there is none of this snapshot.

        Args:
            node_id: the node.
            snapshot_id: the state of the graph that is read.
            of: what the rows are of.
            reader: the process that asks.
            counts: how it was served so far.
        """
        with self._lock:
            here = self._nodes.setdefault((node_id, of), _OnNode())
            here.counts[reader] = counts
            current = here.kept is not None and here.kept.snapshot_id == snapshot_id
            return [here.kept.reference] if here.kept is not None and current else []

    def keep(
        self, snapshot_id: str, recipe: str, status: CacheStatus, rows: ray.ObjectRef
    ) -> list[ray.ObjectRef]:
        """Keep a set in place of the node's last one; of two made alike the first stays."""
        reference, done = self._hold(status.node_id, rows)
        try:
            ray.get(done, timeout=_HOLD_TIMEOUT_S)
        except RayError:
            return []  # The node is gone, or too busy: its readers do without.
        made = _Kept(snapshot_id, recipe, status, reference)
        with self._lock:
            of = RowsOf(status.node_type, status.adjacency)
            here = self._nodes.setdefault((status.node_id, of), _OnNode())
            if here.kept is None or not here.kept.is_made_like(made):
                here.kept = made
            return [here.kept.reference]

    def status(self) -> tuple[CacheStatus, ...]:
        """Every living node's sets, and how they served."""
        alive = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
        with self._lock:
            self._nodes = {name: here for name, here in self._nodes.items() if name[0] in alive}
            return tuple(_status(*name, self._nodes[name]) for name in sorted(self._nodes))


def _status(node_id: str, of: RowsOf, here: _OnNode) -> CacheStatus:
    nothing = CacheStatus(node_id, of.node_type, adjacency=of.adjacency)
    kept = nothing if here.kept is None else here.kept.status
    return replace(
        kept,
        hits=sum(counts.hits for counts in here.counts.values()),
        misses=sum(counts.misses for counts in here.counts.values()),
    )
