"""The graph as a user holds it, whether opened in this process or running on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphray.client.changes.graph_changes import GraphChanges
from graphray.client.changes.snapshot_calls import SnapshotCalls
from graphray.client.data_calls import DataCalls
from graphray.client.graph_walks import GraphWalks
from graphray.client.watch_calls import WatchCalls
from graphray.errors import ArgumentError
from graphray.features.calls import FeatureCalls
from graphray.features.neighbor_calls import NeighborCacheCalls
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import ALL_NEIGHBORS
from graphray.reading.column_values import plain_value
from graphray.reading.gather import find_nodes, node_columns, user_ids_of
from graphray.sampling.input_order import gids_in_input_order
from graphray.sampling.sampler import NeighborSampler
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import Seeds
from graphray.schema import Direction, GraphSchema, KindName, Relation
from graphray.status import GraphStatus, ReplicaStatus

Array = npt.NDArray[Any]
RelationName = tuple[str, str, str] | str


@dataclass(frozen=True)
class Node:
    """One node: its id, type, owning partition and properties."""

    id: int | str
    node_type: str
    partition: int
    properties: dict[str, Any]


class Graph(
    FeatureCalls,
    NeighborCacheCalls,
    GraphWalks,
    DataCalls,
    GraphChanges,
    SnapshotCalls,
    WatchCalls,
):
    """A snapshot of a graph: look things up, sample, and see how it fares.

    Made by `graphray.open`, `graphray.launch` and `graphray.connect`; a context manager that lets
    go of this process's hold on the graph.
    """

    def __init__(self, access: PartitionAccess) -> None:
        super().__init__(access)

    def __repr__(self) -> str:
        nodes = sum(self.num_nodes(name) for name in self.schema.node_type_names)
        edges = sum(self.num_edges(kind.relation) for kind in self.schema.relations)
        return f"Graph(nodes={nodes}, edges={edges}, parts={self.parts})"

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def access(self) -> PartitionAccess:
        """How this process reaches the partitions: what the kinds of graph are built on."""
        return self._access

    @property
    def kind(self) -> KindName:
        """Which kind of graph this was built as."""
        return self._access.kind

    @property
    def schema(self) -> GraphSchema:
        """Node types, relations and their columns."""
        return self._access.schema

    @property
    def parts(self) -> int:
        """The number of partitions."""
        return self._access.book.parts

    @property
    def snapshot_id(self) -> str:
        """What tells this state of the graph from every other."""
        return self._access.snapshot_id

    def num_nodes(self, node_type: str | None = None) -> int:
        """How many nodes a type has; the type may be left out where there is one."""
        return self._access.book.num_nodes(self._node_type(node_type, "num_nodes"))

    def num_edges(self, relation: RelationName | None = None) -> int:
        """How many adjacency entries a relation has (an undirected edge has one at each end)."""
        return self._access.book.num_edges(self._relation(relation))

    def node_ids(
        self, node_type: str | None = None, *, order: Literal["stored", "input"] = "stored"
    ) -> Array:
        """Every id of a node type: ``int64[n]``, or ``object[n]`` of strings.

        Args:
            node_type: may be left out where the graph has one.
            order: "input" for that of the build's input, which no partitioning changes; "stored"
                for partition by partition, which costs less.
        """
        if order not in ("stored", "input"):
            raise ArgumentError(f"order = {order!r}; expected 'stored' or 'input'")
        name = self._node_type(node_type, "node_ids")
        if order == "input":
            return user_ids_of(self._access, name, gids_in_input_order(self._access, name))
        return user_ids_of(self._access, name, np.arange(self._access.book.num_nodes(name)))

    def node(self, node_id: int | str, node_type: str | None = None) -> Node:
        """One node and its properties.

        Raises:
            NodeNotFound: where there is no such node.
        """
        name = self._node_type(node_type, "node")
        gids = find_nodes(self._access, name, node_id)
        columns = self.schema.node_type(name).columns
        found = node_columns(self._access, name, [column.name for column in columns], gids)
        properties = {
            column.name: plain_value(found[column.name], column.dtype) for column in columns
        }
        part = int(self._access.book.owner(name, gids)[0])
        return Node(node_id, name, part, properties)

    def neighbors(
        self,
        node_id: int | str,
        relation: RelationName | None = None,
        *,
        direction: Direction = "out",
    ) -> Array:
        """The users' ids of a node's neighbours along one relation, in canonical order.

        Args:
            node_id: the node, of the type that the relation starts at (or, for "in", ends at).
            relation: may be left out where the graph has one.
            direction: "out" for where its edges lead, "in" for where edges to it come from.

        Raises:
            NodeNotFound: where there is no such node.
            RelationNotFound: where there is no such relation, or several and none was named.
        """
        kind = self.schema.relation_type(self._relation(relation)).relation
        near = kind.near_type(direction)
        far = kind.far_type(direction)
        sampler = NeighborSampler(self._access, {kind: [ALL_NEIGHBORS]}, direction)
        seed = find_nodes(self._access, near, node_id)
        sampled = sampler.sample(Seeds({near: seed}), BatchStream(0, 0, 0))
        local = sampled.edges[kind].edge_index[1 if direction == "out" else 0]
        return user_ids_of(self._access, far, sampled.nodes[far][local])

    def status(self) -> GraphStatus:
        """Who serves what, and how it fares."""
        return self._access.status()

    def replicas(self) -> tuple[ReplicaStatus, ...]:
        """Every copy of every partition."""
        return self.status().replicas

    def close(self) -> None:
        """Let go of what this process holds; a running graph goes on for others."""
        self._access.close()

    def shutdown(self) -> None:
        """End the graph for everyone; its store stays. An opened store is merely closed."""
        self._access.shutdown()

    def _node_type(self, node_type: str | None, purpose: str) -> str:
        if node_type is None:
            return self.schema.only_node_type(purpose).name
        return self.schema.node_type(node_type).name

    def _relation(self, relation: RelationName | None) -> Relation:
        if relation is None and len(self.schema.relations) == 1:
            return self.schema.relations[0].relation
        return self.schema.relation_type("" if relation is None else relation).relation
