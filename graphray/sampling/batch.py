"""A minibatch: a sampled subgraph in small numbers, and the way back to the graph.

What costs a read (users' ids, edge ids, features) is fetched when it is first asked for. A batch of
a graph with one node type and one relation hands out arrays; any other hands out dictionaries by
node type and by relation, as PyTorch Geometric's ``Data`` and ``HeteroData`` do.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from graphray.access import PartitionAccess
from graphray.errors import ArgumentError, missing_dependency
from graphray.gather import edge_column, node_column, to_numpy, user_ids_of
from graphray.sampling.subgraph import SampledSubgraph
from graphray.schema import Relation, require_column
from graphray.shard import EDGE, STABLE

if TYPE_CHECKING:
    from torch_geometric.data import Data, HeteroData

Array = npt.NDArray[Any]
PerType = Array | dict[str, Array]
PerRelation = Array | dict[Relation, Array]


class Batch:
    """One minibatch.

    Attributes:
        epoch: the epoch it belongs to.
        number: its number within the epoch.
        seed_type: the node type of the seeds.
        num_seeds: how many distinct seeds (in a disjoint batch: how many seeds); they are the first
            nodes of their type.
        seed_rows: ``int64[n]``, which of the loader's seeds these are, counted from 0 in the order
            in which it was given them.

    Local numbers count the nodes of each type in the batch from 0, seeds first.
    """

    def __init__(
        self,
        access: PartitionAccess,
        subgraph: SampledSubgraph,
        seed_type: str,
        epoch: int,
        number: int,
        seed_rows: npt.NDArray[np.int64],
    ) -> None:
        self._access = access
        self._subgraph = subgraph
        self.epoch, self.number, self.seed_type = epoch, number, seed_type
        self.seed_rows = seed_rows
        self.num_seeds = subgraph.nodes_per_hop[seed_type][0]
        self._homogeneous = access.schema.is_homogeneous

    def __repr__(self) -> str:
        return (
            f"Batch(epoch={self.epoch}, number={self.number}, seeds={self.num_seeds}, "
            f"nodes={self.num_nodes}, edges={self.num_edges})"
        )

    @property
    def num_nodes(self) -> int:
        """Nodes of all types."""
        return sum(len(gids) for gids in self._subgraph.nodes.values())

    @property
    def num_edges(self) -> int:
        """Edges of all relations."""
        return sum(edges.edge_index.shape[1] for edges in self._subgraph.edges.values())

    @property
    def nodes(self) -> PerType:
        """Users' ids of the nodes by local number: ``int64[n]``, or ``object[n]`` of strings."""
        return self._per_type(self.nodes_by_type)

    @property
    def edge_index(self) -> PerRelation:
        """The edges in local numbers, ``int64[2, m]``: sources in row 0, destinations in row 1."""
        return self._per_relation(
            {relation: edges.edge_index for relation, edges in self._subgraph.edges.items()}
        )

    @property
    def edge_ids(self) -> PerRelation:
        """The edges' rows in the build's input, ``int64[m]``, aligned with `edge_index`."""
        return self._per_relation(
            {relation: self._edge_ids(relation) for relation in self._subgraph.edges}
        )

    @property
    def num_sampled_nodes(self) -> tuple[int, ...] | dict[str, tuple[int, ...]]:
        """How many nodes the seeds (first) and each hop added."""
        return self._per_type(self._subgraph.nodes_per_hop)

    @property
    def num_sampled_edges(self) -> tuple[int, ...] | dict[Relation, tuple[int, ...]]:
        """How many edges each hop added."""
        per_hop = {relation: edges.per_hop for relation, edges in self._subgraph.edges.items()}
        return self._per_relation(per_hop)

    @property
    def trees(self) -> PerType | None:
        """The seed that each node's tree grows from, ``int64[n]`` aligned with `nodes`.

        Seeds are counted from 0 within the batch (around seed edges: the edges, whose negatives
        count as theirs). None for a merged batch, in which each node stands once.
        """
        trees = self._subgraph.trees
        return None if trees is None else self._per_type(trees)

    def features(self, column: str, node_type: str | None = None) -> Array:
        """A property of the batch's nodes, aligned with `nodes`.

        Args:
            column: the property.
            node_type: whose; needed where the graph has several node types.

        Returns:
            ``[n]`` for scalars, ``[n, d]`` for fixed-size lists, objects for strings.

        Raises:
            ColumnNotFound: where the node type has no such column.
        """
        schema = self._access.schema
        owner = schema.node_type(node_type) if node_type else schema.only_node_type("features")
        require_column(owner.columns, column, f"node type {owner.name!r}")
        gids = self._subgraph.nodes[owner.name]
        return to_numpy(node_column(self._access, owner.name, column, gids))

    def edge_features(
        self, column: str, relation: tuple[str, str, str] | str | None = None
    ) -> Array:
        """A property of the batch's edges, aligned with `edge_index`.

        Raises:
            ColumnNotFound: where the relation has no such column.
        """
        relations = tuple(self._subgraph.edges)
        name = relation if relation is not None or len(relations) != 1 else relations[0]
        kind = self._access.schema.relation_type(name or "")
        require_column(kind.columns, column, f"relation {kind.relation}")
        return to_numpy(self._edge_column(kind.relation, column))

    def digest(self) -> str:
        """A fingerprint that is equal for equal batches, whoever sampled them and from where.

        Covers nodes (by stable id), edges (by local numbers and edge id) and their order.
        """
        state = hashlib.blake2b(digest_size=16)
        for name, gids in self._subgraph.nodes.items():
            state.update(f"{name}\0{len(gids)}\0".encode())
            stable = node_column(self._access, name, STABLE, gids)
            state.update(np.asarray(stable, np.int64).tobytes())
            if self._subgraph.trees is not None:
                state.update(np.ascontiguousarray(self._subgraph.trees[name]).tobytes())
        for relation, edges in self._subgraph.edges.items():
            state.update(f"{relation}\0{edges.edge_index.shape[1]}\0".encode())
            state.update(np.ascontiguousarray(edges.edge_index).tobytes())
            state.update(self._edge_ids(relation).tobytes())
        return state.hexdigest()

    def to_networkx(self) -> nx.MultiDiGraph:
        """The batch as a NetworkX graph.

        Nodes are users' ids, or ``(type, id)`` where there are several types, with attributes
        ``node_type`` and ``is_seed``; edges have ``relation`` and ``edge_id``.
        """
        graph = nx.MultiDiGraph()
        names: dict[str, list[Any]] = {}
        for name, gids in self._subgraph.nodes.items():
            ids = user_ids_of(self._access, name, gids).tolist()
            names[name] = ids if self._homogeneous else [(name, node) for node in ids]
            for number, node in enumerate(names[name]):
                is_seed = number < self._subgraph.nodes_per_hop[name][0]
                graph.add_node(node, node_type=name, is_seed=is_seed)
        for relation, edges in self._subgraph.edges.items():
            sources, destinations = names[relation.source], names[relation.destination]
            for (source, destination), edge_id in zip(
                edges.edge_index.T.tolist(), self._edge_ids(relation).tolist(), strict=True
            ):
                graph.add_edge(
                    sources[source], destinations[destination], relation=relation, edge_id=edge_id
                )
        return graph

    def to_pyg(
        self, features: tuple[str, ...] | list[str] | dict[str, list[str]] = ()
    ) -> Data | HeteroData:
        """The batch as PyTorch Geometric's ``Data``, or ``HeteroData`` for several types.

        Args:
            features: columns to bring along; by node type for several types.

        Raises:
            MissingDependency: where torch or torch_geometric is not installed.
        """
        try:
            from graphray.sampling.pyg import batch_to_pyg
        except ImportError as error:
            raise missing_dependency("torch_geometric", "torch", "Batch.to_pyg") from error
        return batch_to_pyg(self, self._homogeneous, features)

    @property
    def nodes_by_type(self) -> dict[str, Array]:
        """`nodes` as a dictionary, whatever the graph."""
        return {
            name: user_ids_of(self._access, name, gids)
            for name, gids in self._subgraph.nodes.items()
        }

    def _edge_ids(self, relation: Relation) -> npt.NDArray[np.int64]:
        return np.asarray(self._edge_column(relation, EDGE), np.int64)

    def _edge_column(self, relation: Relation, column: str) -> Any:
        stored = self._access.schema.relation_type(relation).stored_direction(
            self._subgraph.direction
        )
        positions = self._subgraph.edges[relation].positions
        if positions is None:
            raise ArgumentError(
                f"the batch's edges of {relation} were made by the sampler and stand in no store; "
                f"they have no ids and no column {column!r}"
            )
        return edge_column(self._access, relation, stored, column, positions)

    def _per_type(self, values: dict[str, Any]) -> Any:
        return next(iter(values.values())) if self._homogeneous else values

    def _per_relation(self, values: dict[Relation, Any]) -> Any:
        return next(iter(values.values())) if self._homogeneous and values else values
