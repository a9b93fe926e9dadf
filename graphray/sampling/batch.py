"""A minibatch: a sampled subgraph in small numbers, and the way back to the graph.

What costs a read (users' ids, edge ids, features) is fetched when it is first asked for. A batch of
a graph with one node type and one relation hands out arrays; any other hands out dictionaries by
node type and by relation, as PyTorch Geometric's ``Data`` and ``HeteroData`` do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

import networkx as nx
import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError, missing_dependency
from graphray.reading.access import PartitionAccess
from graphray.reading.column_values import Values, column_values
from graphray.reading.gather import (
    edge_column,
    edge_columns,
    node_columns,
    node_values,
    user_ids_of,
)
from graphray.sampling.input_order import input_rows, stable_ids
from graphray.sampling.links import Links
from graphray.sampling.subgraph import SampledSubgraph
from graphray.schema import Direction, Relation, require_column
from graphray.shard import EDGE

if TYPE_CHECKING:
    from torch_geometric.data import Data, HeteroData

    from graphray.sampling.pyg import ColumnNames

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
        seed_times: ``int64[n]``, when each of them is looked at; None where time does not count.
        links: what is to be predicted, where the seeds are edges.

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
        seed_times: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self._access = access
        self._subgraph = subgraph
        self.epoch, self.number, self.seed_type = epoch, number, seed_type
        self.seed_rows, self.seed_times = seed_rows, seed_times
        self.num_seeds = subgraph.nodes_per_hop[seed_type][0]
        self.links: Links | None = None
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
    def node_rows(self) -> PerType:
        """The nodes' rows in the build's input, ``int64[n]``, aligned with `nodes`."""
        return self._per_type(self.node_rows_by_type)

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
            {relation: self.edge_ids_of(relation) for relation in self._subgraph.edges}
        )

    @property
    def edge_weights(self) -> PerRelation | None:
        """The weights that the sampler gave its edges, ``float32[m]``; None where it gave none."""
        edges = self._subgraph.edges
        if any(sampled.weights is None for sampled in edges.values()):
            return None
        return self._per_relation({relation: each.weights for relation, each in edges.items()})

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

    @overload
    def features(self, columns: str, node_type: str | None = None) -> Values: ...

    @overload
    def features(self, columns: list[str], node_type: str | None = None) -> dict[str, Values]: ...

    def features(
        self, columns: str | list[str], node_type: str | None = None
    ) -> Values | dict[str, Values]:
        """Properties of the batch's nodes, aligned with `nodes`.

        Args:
            columns: one property (returns its values), or several (returns a dictionary), which
                are then read in one call per owner.
            node_type: whose; needed where the graph has several node types.

        Returns:
            As `graphray.Graph.features`.

        Raises:
            ColumnNotFound: where the node type has no such column.
        """
        schema = self._access.schema
        owner = schema.node_type(node_type) if node_type else schema.only_node_type("features")
        wanted = [columns] if isinstance(columns, str) else list(columns)
        found = node_values(self._access, owner.name, wanted, self._subgraph.nodes[owner.name])
        return found[columns] if isinstance(columns, str) else found

    def feature_tensors(self, columns: list[str], node_type: str) -> dict[str, Any]:
        """As `features`, as torch tensors in the dtype of each column (``torch.bfloat16``, too).

        Raises:
            MissingDependency: where torch is not installed.
            ArgumentError: where integers or booleans are null.
        """
        try:
            from graphray.sampling.tensors import column_tensor
        except ImportError as error:
            raise missing_dependency("torch", "torch", "Batch.feature_tensors") from error
        kind = self._access.schema.node_type(node_type)
        owner = f"node type {node_type!r}"
        words = {name: require_column(kind.columns, name, owner).dtype for name in columns}
        gids = self._subgraph.nodes[node_type]
        found = node_columns(self._access, node_type, list(columns), gids)
        return {name: column_tensor(found[name], words[name], name) for name in columns}

    def edge_features(
        self, column: str, relation: tuple[str, str, str] | str | None = None
    ) -> Values:
        """A property of the batch's edges, aligned with `edge_index`.

        Raises:
            ColumnNotFound: where the relation has no such column.
        """
        relations = tuple(self._subgraph.edges)
        name = relation if relation is not None or len(relations) != 1 else relations[0]
        kind = self._access.schema.relation_type(name or "")
        words = require_column(kind.columns, column, f"relation {kind.relation}").dtype
        stored, positions = self._stored_edges(kind.relation, column)
        found = edge_column(self._access, kind.relation, stored, column, positions)
        return column_values(found, words)

    def edge_feature_tensors(self, columns: list[str], relation: Relation) -> dict[str, Any]:
        """As `edge_features`, as torch tensors; raises as `feature_tensors` does."""
        if not columns:
            return {}
        try:
            from graphray.sampling.tensors import column_tensor
        except ImportError as error:
            raise missing_dependency("torch", "torch", "Batch.edge_feature_tensors") from error
        kind = self._access.schema.relation_type(relation)
        owner = f"relation {relation}"
        words = {name: require_column(kind.columns, name, owner).dtype for name in columns}
        stored, positions = self._stored_edges(relation, columns[0])
        found = edge_columns(self._access, relation, stored, columns, positions)
        return {name: column_tensor(found[name], words[name], name) for name in columns}

    def digest(self) -> str:
        """A fingerprint that is equal for equal batches, whoever sampled them and from where.

        Covers nodes (by stable id), edges (by local numbers and edge id) and their order.
        """
        state = hashlib.blake2b(digest_size=16)
        for name, gids in self._subgraph.nodes.items():
            state.update(f"{name}\0{len(gids)}\0".encode())
            state.update(stable_ids(self._access, name, gids).tobytes())
            if self._subgraph.trees is not None:
                state.update(np.ascontiguousarray(self._subgraph.trees[name]).tobytes())
        for relation, edges in self._subgraph.edges.items():
            state.update(f"{relation}\0{edges.edge_index.shape[1]}\0".encode())
            state.update(np.ascontiguousarray(edges.edge_index).tobytes())
            if edges.positions is not None:
                state.update(self.edge_ids_of(relation).tobytes())
            if edges.weights is not None:
                state.update(np.ascontiguousarray(edges.weights).tobytes())
        return state.hexdigest()

    def to_networkx(self) -> nx.MultiDiGraph:
        """The batch as a NetworkX graph.

        Nodes are users' ids, or ``(type, id)`` where there are several types, in a disjoint batch
        behind the number of their tree, with attributes ``node_type`` and ``is_seed``; edges have
        ``relation`` and ``edge_id``.
        """
        graph = nx.MultiDiGraph()
        names: dict[str, list[Any]] = {}
        for name, ids in self.nodes_by_type.items():
            names[name] = ids.tolist() if self._homogeneous else [(name, i) for i in ids.tolist()]
            if self._subgraph.trees is not None:
                trees = self._subgraph.trees[name].tolist()
                names[name] = list(zip(trees, names[name], strict=True))
            for number, node in enumerate(names[name]):
                is_seed = number < self._subgraph.nodes_per_hop[name][0]
                graph.add_node(node, node_type=name, is_seed=is_seed)
        for relation, edges in self._subgraph.edges.items():
            sources, destinations = names[relation.source], names[relation.destination]
            edge_ids: list[int] | list[None] = [None] * edges.edge_index.shape[1]
            if edges.positions is not None:
                edge_ids = self.edge_ids_of(relation).tolist()
            for (source, destination), edge_id in zip(
                edges.edge_index.T.tolist(), edge_ids, strict=True
            ):
                graph.add_edge(
                    sources[source], destinations[destination], relation=relation, edge_id=edge_id
                )
        return graph

    def to_pyg(self, features: ColumnNames = (), edge_features: ColumnNames = ()) -> Any:
        """The batch as PyTorch Geometric's ``Data``, or ``HeteroData`` for several types.

        ``n_id`` holds users' ids: a tensor where they are integers, a list where they are strings.

        Args:
            features: node columns to bring along; by node type for several types.
            edge_features: edge columns to bring along; by relation for several.

        Raises:
            MissingDependency: where torch or torch_geometric is not installed.
            ColumnNotFound: where a column is not there.
        """
        return self.as_pyg(self.nodes_by_type, features, edge_features)

    def as_pyg(
        self, n_id: Mapping[str, Any], features: ColumnNames, edge_features: ColumnNames
    ) -> Data | HeteroData:
        """As `to_pyg`, with other names for the nodes (such as `node_rows_by_type`)."""
        try:
            from graphray.sampling.pyg import batch_to_pyg
        except ImportError as error:
            raise missing_dependency("torch_geometric", "torch", "Batch.to_pyg") from error
        return batch_to_pyg(self, self._homogeneous, features, edge_features, n_id)

    def to_dgl(self) -> list[Any]:
        """The batch as DGL's message-flow blocks, one per hop, the one with the inputs first.

        ``blocks[0].srcdata[dgl.NID]`` are the rows in the build's input of all nodes, in the order
        of `nodes`, so that ``batch.features("x")`` is the input of the first layer.

        Raises:
            MissingDependency: where dgl is not installed.
            ArgumentError: where the batch was sampled with ``direction="out"``.
        """
        try:
            from graphray.sampling.dgl import batch_to_blocks
        except ImportError as error:
            raise missing_dependency("dgl", "dgl", "Batch.to_dgl") from error
        return batch_to_blocks(self)

    @property
    def subgraph(self) -> SampledSubgraph:
        """What was sampled, in global ids and edge positions, by type and relation."""
        return self._subgraph

    @property
    def nodes_by_type(self) -> dict[str, Array]:
        """`nodes` as a dictionary, whatever the graph."""
        return {
            name: user_ids_of(self._access, name, gids)
            for name, gids in self._subgraph.nodes.items()
        }

    @property
    def node_rows_by_type(self) -> dict[str, npt.NDArray[np.int64]]:
        """`node_rows` as a dictionary, whatever the graph."""
        return {
            name: input_rows(self._access, name, gids)
            for name, gids in self._subgraph.nodes.items()
        }

    def edge_ids_of(self, relation: Relation) -> npt.NDArray[np.int64]:
        """`edge_ids` of one relation."""
        stored, positions = self._stored_edges(relation, EDGE)
        return np.asarray(edge_column(self._access, relation, stored, EDGE, positions), np.int64)

    def _stored_edges(
        self, relation: Relation, wanted: str
    ) -> tuple[Direction, npt.NDArray[np.int64]]:
        """Where the edges of a relation stand; raises ArgumentError where they stand nowhere."""
        edges = self._subgraph.edges[relation]
        if edges.positions is None:
            raise ArgumentError(
                f"the batch's edges of {relation} were made by the sampler and stand in no store; "
                f"they have no ids and no column {wanted!r}"
            )
        kind = self._access.schema.relation_type(relation)
        return kind.stored_direction(edges.direction or self._subgraph.direction), edges.positions

    def _per_type(self, values: dict[str, Any]) -> Any:
        return next(iter(values.values())) if self._homogeneous else values

    def _per_relation(self, values: dict[Relation, Any]) -> Any:
        return next(iter(values.values())) if self._homogeneous and values else values
