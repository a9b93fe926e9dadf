"""The nodes of a type, or the edges of a relation, as a dataset: a read task per partition.

A task runs on a node that holds a replica of its partition, where the arrays are mapped; should the
node be gone by then, it runs elsewhere and asks another replica.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import ray.data
from ray.data import Dataset, Datasource, ReadTask
from ray.data.block import BlockMetadata
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from graphray.ray_data.partition_tables import PartitionTables, edge_tables, node_tables
from graphray.reading.access import PartitionAccess
from graphray.reading.background import in_background
from graphray.schema import Relation
from graphray.status import ReplicaStatus


def nodes_dataset(
    access: PartitionAccess, node_type: str, columns: Sequence[str] | None = None
) -> Dataset:
    """See `graphray.Graph.nodes_dataset`."""
    return _dataset(access, node_tables(access, node_type, columns))


def edges_dataset(
    access: PartitionAccess, relation: Relation, columns: Sequence[str] | None = None
) -> Dataset:
    """See `graphray.Graph.edges_dataset`."""
    return _dataset(access, edge_tables(access, relation, columns))


class PartitionsDatasource(Datasource):
    """Some partitions of a table.

    Args:
        tables: the table.
        parts: the partitions.
    """

    def __init__(self, tables: PartitionTables, parts: Sequence[int]) -> None:
        super().__init__()
        self._tables, self._parts = tables, tuple(parts)

    def get_name(self) -> str:
        """What Ray's progress bars call the reading."""
        return type(self._tables).__name__

    def estimate_inmemory_data_size(self) -> int | None:
        """Not known: columns may be of any width."""
        return None

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None
    ) -> list[ReadTask]:
        """A task per partition, whatever the parallelism that is asked for."""
        return [
            ReadTask(
                partial(_read, self._tables, part),
                BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None),
                per_task_row_limit=per_task_row_limit,
            )
            for part in self._parts
        ]


def _read(tables: PartitionTables, part: int) -> Iterator[pa.Table]:
    """The pieces of a partition; readers who are waited for go before."""
    pieces = tables.read(part)
    while True:
        with in_background():  # Not around a yield: whoever takes the piece would be marked too.
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _dataset(access: PartitionAccess, tables: PartitionTables) -> Dataset:
    """The tasks of each node are read with an affinity to it, and all of them are one dataset."""
    placed = _parts_by_node(access.status().replicas, access.book.parts)
    datasets = [
        ray.data.read_datasource(
            PartitionsDatasource(tables, parts),
            override_num_blocks=len(parts),
            ray_remote_args=_near(node_id),
        )
        for node_id, parts in placed.items()
    ]
    return datasets[0].union(*datasets[1:]) if len(datasets) > 1 else datasets[0]


def _parts_by_node(replicas: Sequence[ReplicaStatus], parts: int) -> dict[str, list[int]]:
    """For each node the partitions to read there: of a partition's nodes the one with fewest.

    A partition that no node is known to serve is read under the empty name: anywhere.
    """
    holders: dict[int, set[str]] = defaultdict(set)
    for replica in replicas:
        if replica.state == "serving" and replica.node_id:
            holders[replica.part].add(replica.node_id)
    placed: dict[str, list[int]] = defaultdict(list)
    for part in range(parts):
        nodes = sorted(holders[part]) or [""]
        placed[min(nodes, key=lambda node: len(placed[node]))].append(part)
    return {node: found for node, found in placed.items() if found}


def _near(node_id: str) -> dict[str, Any]:
    if not node_id:
        return {}
    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node_id, soft=True)}
