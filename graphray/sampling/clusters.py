"""Cluster batches: whole clusters of nodes, and all edges among them.

After Chiang et al., "Cluster-GCN" (KDD 2019): a batch is one cluster or, to mend the edges that are
cut between clusters, several (section 3.2). Clusters are the partitions of the store, so that a
worker that holds a partition reads nothing from elsewhere; or the values of a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import node_column, to_arrow
from graphray.sampling.induced import InducedSampler
from graphray.sampling.input_order import gids_in_input_order
from graphray.sampling.numbering import LocalNumbers
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledSubgraph, Seeds
from graphray.schema import require_column

Ints = npt.NDArray[np.int64]
NO_CLUSTER = -1


@dataclass(frozen=True)
class Clusters:
    """A plan: the whole clusters that the seeds belong to, with all edges among them.

    Attributes:
        column: the node column that names each node's cluster, for the types that have it; nodes
            without a value are in none. None for the partitions of the store. **Only then does a
            batch depend on the partitioning**, as it has to.
    """

    column: str | None = None

    def make_sampler(self, access: PartitionAccess) -> InducedSampler:
        """The sampler of one graph; see `graphray.sampling.subgraph.SamplingPlan`.

        Raises:
            ColumnNotFound: where no node type has the column.
        """
        relations = tuple(r.relation for r in access.schema.relations)
        return InducedSampler(access, ClusterNodes(access, self.of(access)), relations)

    def of(self, access: PartitionAccess) -> PartitionClusters | ColumnClusters:
        """Who is in which cluster of a graph."""
        if self.column is None:
            return PartitionClusters(access)
        return ColumnClusters(access, self.column)


class PartitionClusters:
    """Every partition is a cluster.

    Args:
        access: the graph.
    """

    def __init__(self, access: PartitionAccess) -> None:
        self._book = access.book
        self.count = access.book.parts
        self.node_types = access.schema.node_type_names

    def of(self, node_type: str, gids: Ints) -> Ints:
        """The cluster of each node, ``int64[n]``."""
        return self._book.owner(node_type, gids)

    def members(self, node_type: str, cluster: int) -> Ints:
        """The nodes of a cluster, in the order of the build's input."""
        return np.arange(*self._book.node_range(node_type, cluster))


class ColumnClusters:
    """Every value of a column is a cluster, of nodes of all types that have the column.

    Reads the whole column once.

    Args:
        access: the graph.
        column: its name.

    Raises:
        ColumnNotFound: where no node type has it.
    """

    def __init__(self, access: PartitionAccess, column: str) -> None:
        every = access.schema.node_types
        self.node_types = tuple(
            kind.name for kind in every if column in (c.name for c in kind.columns)
        )
        if not self.node_types:
            columns = [c for kind in every for c in kind.columns]
            require_column(columns, column, "no node type of this graph, which")
        ordered = {name: gids_in_input_order(access, name) for name in self.node_types}
        values = {
            name: to_arrow(node_column(access, name, column, gids))
            for name, gids in ordered.items()
        }
        if any(pa.types.is_nested(each.type) for each in values.values()):
            raise ArgumentError(
                f"the column {column!r} holds lists; a cluster is named by one value"
            )
        labels = pc.unique(pa.chunked_array(list(values.values()))).drop_null()
        self.count = len(labels)
        self._of: dict[str, Ints] = {}
        self._members: dict[str, list[Ints]] = {}
        for name, gids in ordered.items():
            numbers = pc.fill_null(pc.index_in(values[name], value_set=labels), NO_CLUSTER)
            clusters = np.asarray(numbers, np.int64)
            self._of[name] = np.empty_like(clusters)
            self._of[name][gids] = clusters
            order = np.argsort(clusters, kind="stable")
            bounds = np.searchsorted(clusters[order], np.arange(self.count + 1))
            self._members[name] = [gids[order[start:stop]] for start, stop in pairwise(bounds)]

    def of(self, node_type: str, gids: Ints) -> Ints:
        """The cluster of each node, ``int64[n]``; `NO_CLUSTER` where it is in none."""
        if node_type not in self._of:
            return np.full(len(gids), NO_CLUSTER, np.int64)
        return self._of[node_type][gids]

    def members(self, node_type: str, cluster: int) -> Ints:
        """The nodes of a cluster, in the order of the build's input."""
        return self._members[node_type][cluster]


class ClusterNodes:
    """Samples the nodes of whole clusters, without edges; safe to use from several threads.

    Args:
        access: the graph.
        clusters: who is in which.
    """

    def __init__(
        self, access: PartitionAccess, clusters: PartitionClusters | ColumnClusters
    ) -> None:
        self._node_types, self._clusters = access.schema.node_type_names, clusters

    @property
    def is_local(self) -> bool:
        """Whether choosing the nodes costs no call: it never does."""
        return True

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """The seeds, then all others in their clusters; ``stream`` decides nothing."""
        numbers = LocalNumbers(self._node_types)
        clusters: list[Ints] = []
        for node_type, gids in seeds.nodes.items():
            numbers.add(node_type, gids)
            clusters.append(self._clusters.of(node_type, gids))
            outside = int(np.count_nonzero(clusters[-1] == NO_CLUSTER))
            if outside:
                raise ArgumentError(
                    f"{outside} of {len(gids)} seeds of type {node_type!r} are in no cluster; "
                    "leave them out"
                )
        numbers.end_hop()
        for cluster in dict.fromkeys(np.concatenate(clusters).tolist()):
            for node_type in self._clusters.node_types:
                numbers.add(node_type, self._clusters.members(node_type, cluster))
        numbers.end_hop()
        return SampledSubgraph(numbers.nodes, numbers.per_hop, {}, "in")


def first_members(clusters: PartitionClusters | ColumnClusters, node_type: str) -> Ints:
    """One node of a type of every cluster that has any: its first, as ``int64[clusters]``."""
    if node_type not in clusters.node_types:
        return np.empty(0, np.int64)
    members = (clusters.members(node_type, cluster) for cluster in range(clusters.count))
    return np.array([each[0] for each in members if len(each)], np.int64)
