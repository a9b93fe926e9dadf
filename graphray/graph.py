"""The graph as a user holds it, whether opened in this process or running on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Unpack

import numpy as np
import numpy.typing as npt

from graphray.access import PartitionAccess
from graphray.adjacency import ALL_NEIGHBORS
from graphray.column_values import plain_value
from graphray.errors import ArgumentError
from graphray.features.calls import FeatureCalls
from graphray.gather import find_nodes, node_columns, user_ids_of
from graphray.graph_walks import GraphWalks
from graphray.sampling.batch import Batch
from graphray.sampling.input_order import gids_in_input_order
from graphray.sampling.link_batch import LinkBatch
from graphray.sampling.link_source import LinkSource
from graphray.sampling.loader import Loader
from graphray.sampling.negatives import Negatives
from graphray.sampling.neighbors import NeighborOptions, Neighbors
from graphray.sampling.plan import Fanout
from graphray.sampling.sampler import NeighborSampler
from graphray.sampling.seed_edges import resolve_seed_edges
from graphray.sampling.seed_nodes import SeedNodes, find_seed_nodes
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SamplingPlan, Seeds
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


class Graph(FeatureCalls, GraphWalks):
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
        near = kind.source if direction == "out" else kind.destination
        far = kind.destination if direction == "out" else kind.source
        sampler = NeighborSampler(self._access, {kind: [ALL_NEIGHBORS]}, direction)
        seed = find_nodes(self._access, near, node_id)
        sampled = sampler.sample(Seeds({near: seed}), BatchStream(0, 0, 0))
        local = sampled.edges[kind].edge_index[1 if direction == "out" else 0]
        return user_ids_of(self._access, far, sampled.nodes[far][local])

    def loader(
        self,
        seeds: Any = None,
        fanout: Fanout = (15, 10, 5),
        *,
        batch_size: int = 1024,
        shuffle: bool = False,
        rng_seed: int = 0,
        direction: Direction = "in",
        drop_last: bool = False,
        in_flight: int | None = None,
        prefetch: int = 0,
        rank: int = 0,
        world_size: int = 1,
        seed_times: Any = None,
        sampling: SamplingPlan | None = None,
        **options: Unpack[NeighborOptions],
    ) -> Loader[Batch]:
        """Minibatches of sampled neighbourhoods of some seeds.

        Args:
            seeds: users' ids; None for all nodes, in the order of the build's input. Where the
                graph has several node types, ``("paper", ids)``, ``{"paper": ids}``, or ``"paper"``
                for all of them. A seed that stands twice in one batch is sampled once, in a
                disjoint batch twice.
            fanout: draws per node and hop, -1 for all neighbours: a list for every relation, or
                ``{relation: list}`` to follow only those.
            batch_size: seeds per batch.
            shuffle: visit the seeds in another order every epoch.
            rng_seed: decides every random choice.
            direction: "in" samples the nodes a seed receives messages from, "out" those its edges
                lead to.
            drop_last: leave a last batch out that is not full.
            in_flight: batches sampled at once, each in a thread of its own; by default one where
                every partition is mapped into this process, else a few to hide the latency of
                calls.
            prefetch: batches that may wait, ready, for the loop to take them. 0 with one in flight
                samples each when it is asked for, in the caller's own thread.
            rank: which of several workers this is; each makes its share of every epoch's batches.
            world_size: how many workers there are.
            seed_times: when each seed is looked at, for sampling by time: an array of integers
                aligned with the seeds, or the name of a column of theirs.
            sampling: another way to sample than by ``fanout``, ``direction`` and ``options``.
            options: how neighbours are drawn, such as ``replace``, ``weight``, ``edge_time`` and
                ``disjoint``: the optional fields of `graphray.sampling.neighbors.Neighbors`.

        Raises:
            ArgumentError: where a parameter is out of range.
            NodeNotFound: where a seed is not in the graph.
        """
        plan = _plan(fanout, direction, sampling, options)
        return Loader(
            SeedNodes(self._access, *find_seed_nodes(self._access, seeds), plan, seed_times),
            batch_size=batch_size,
            shuffle=shuffle,
            rng_seed=rng_seed,
            drop_last=drop_last,
            in_flight=in_flight,
            prefetch=prefetch,
            rank=rank,
            world_size=world_size,
        )

    def link_loader(
        self,
        seed_edges: Any = None,
        fanout: Fanout = (15, 10, 5),
        *,
        labels: Any = None,
        negatives: Negatives | None = None,
        exclude_seed_edges: bool = True,
        reverse: RelationName | None = None,
        batch_size: int = 1024,
        shuffle: bool = False,
        rng_seed: int = 0,
        direction: Direction = "in",
        drop_last: bool = False,
        in_flight: int | None = None,
        prefetch: int = 0,
        rank: int = 0,
        world_size: int = 1,
        seed_times: Any = None,
        sampling: SamplingPlan | None = None,
        **options: Unpack[NeighborOptions],
    ) -> Loader[LinkBatch]:
        """Minibatches around seed edges, for link prediction.

        Args:
            seed_edges: pairs of users' ids, ``(sources, destinations)``, which need not be edges of
                the graph; or edge ids (rows in the build's input); or None for all edges, in the
                order of their ids. Where the graph has several relations, with the relation before
                them: ``(relation, pairs)``, ``{relation: pairs}``, or the relation alone for all.
            fanout: draws per node and hop around both ends.
            labels: a value for each seed edge: an array, or the name of an edge column.
            negatives: pairs that are no edges, to be added to each batch.
            exclude_seed_edges: leave out of the batch's `edge_index` every edge of the relation
                between the ends of one of its seed edges, parallel ones too, and of an undirected
                relation in either direction.
            reverse: the relation that holds the same edges the other way round, which loses these
                as well; the relation itself where it holds both.
            batch_size: seed edges per batch.
            shuffle: as in `loader`, like all that follow but the times.
            rng_seed: see there.
            direction: see there.
            drop_last: see there.
            in_flight: see there.
            prefetch: see there.
            rank: see there.
            world_size: see there.
            seed_times: when each seed edge is looked at: an array, or the name of an edge column.
            sampling: see there.
            options: see there.

        Raises:
            ArgumentError: where a parameter is out of range.
            NodeNotFound: where an end of a pair is not in the graph.
            EdgeNotFound: where an edge id is not in the relation.

        Example:
            >>> import graphray as gr, tempfile
            >>> store = gr.build(([0, 1, 2, 3], [1, 2, 3, 0]), tempfile.mkdtemp() + "/ring")
            >>> g = gr.open(store.uri)
            >>> (batch,) = g.link_loader(fanout=[2], negatives=gr.Negatives(amount=1))
            >>> batch.edge_label.tolist()
            [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
            >>> batch.nodes[batch.edge_label_index[:, :4]].tolist()
            [[0, 1, 2, 3], [1, 2, 3, 0]]
            >>> batch.num_edges  # all four are to be predicted, so none is shown
            0
        """
        source = LinkSource(
            self._access,
            resolve_seed_edges(self._access, seed_edges),
            _plan(fanout, direction, sampling, options),
            labels=labels,
            negatives=negatives,
            exclude_seed_edges=exclude_seed_edges,
            reverse=reverse,
            seed_times=seed_times,
        )
        return Loader(
            source,
            batch_size=batch_size,
            shuffle=shuffle,
            rng_seed=rng_seed,
            drop_last=drop_last,
            in_flight=in_flight,
            prefetch=prefetch,
            rank=rank,
            world_size=world_size,
        )

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


def _plan(
    fanout: Fanout,
    direction: Direction,
    sampling: SamplingPlan | None,
    options: NeighborOptions,
) -> SamplingPlan:
    if sampling is None:
        return Neighbors(fanout, direction, **options)
    if options:
        raise ArgumentError(
            f"{', '.join(options)} and sampling are both given; a plan says itself how it draws"
        )
    return sampling
