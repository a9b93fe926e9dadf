"""What a `graphray.Graph` offers to Ray Data: its nodes, its edges, and batches of any loader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphray.access import PartitionAccess
from graphray.errors import missing_dependency
from graphray.sampling.batch import Batch
from graphray.sampling.loader import Loader

if TYPE_CHECKING:
    from ray.data import Dataset


class DataCalls:
    """The part of `graphray.Graph` that is about Ray Data."""

    _access: PartitionAccess

    def nodes_dataset(
        self, node_type: str | None = None, columns: Sequence[str] | None = None
    ) -> Dataset:
        """The nodes of a type as a lazy ``ray.data.Dataset``: ``id``, then properties.

        There is a read task per partition, which runs on a node that holds a replica of it.

        Args:
            node_type: may be left out where the graph has one.
            columns: the properties; None for all.

        Raises:
            MissingDependency: where what Ray Data needs is not installed.
            ArgumentError: where a property has the name of a column of ids.
            ColumnNotFound: where a property is not in the graph.
        """
        schema = self._access.schema
        kind = schema.node_type(node_type) if node_type else schema.only_node_type("nodes_dataset")
        try:
            from graphray.ray_data.tables import nodes_dataset
        except ImportError as error:
            raise missing_dependency("ray[data]", "data", "Graph.nodes_dataset") from error
        return nodes_dataset(self._access, kind.name, columns)

    def edges_dataset(
        self,
        relation: tuple[str, str, str] | str | None = None,
        columns: Sequence[str] | None = None,
    ) -> Dataset:
        """The edges of a relation as a lazy ``ray.data.Dataset``: each once, read as nodes are.

        The columns are ``src``, ``dst``, ``edge_id`` (the row in the build's input), then
        properties. Which end of an undirected edge was called source is not kept.

        Args:
            relation: may be left out where the graph has one.
            columns: the properties; None for all.

        Raises:
            MissingDependency: where what Ray Data needs is not installed.
            ArgumentError: where a property has the name of a column of ids.
            ColumnNotFound: where a property is not in the graph.
        """
        schema = self._access.schema
        if relation is None and len(schema.relations) == 1:
            relation = schema.relations[0].relation
        kind = schema.relation_type("" if relation is None else relation)
        try:
            from graphray.ray_data.tables import edges_dataset
        except ImportError as error:
            raise missing_dependency("ray[data]", "data", "Graph.edges_dataset") from error
        return edges_dataset(self._access, kind.relation, columns)

    def _batches_dataset(
        self,
        loader: Loader[Batch],
        epoch: int,
        features: Mapping[str, list[str]] | None,
        edge_features: Mapping[Any, list[str]] | None,
        actors: int | tuple[int, int],
        cpus_per_actor: float,
    ) -> Dataset:
        try:
            from graphray.ray_data.batches import batches_dataset
        except ImportError as error:
            raise missing_dependency("ray[data]", "data", "Graph.to_ray_dataset") from error
        return batches_dataset(
            loader,
            self._access.schema,
            epoch=epoch,
            features=features,
            edge_features=edge_features,
            actors=actors,
            cpus_per_actor=cpus_per_actor,
        )
