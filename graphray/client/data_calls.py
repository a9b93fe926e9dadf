"""What a `graphray.Graph` offers to Ray Data: sampled batches, nodes and edges as datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphray.errors import missing_dependency
from graphray.sampling.calls import LoaderCalls
from graphray.sampling.plan import Fanout

if TYPE_CHECKING:
    from ray.data import Dataset


class DataCalls(LoaderCalls):
    """The part of `graphray.Graph` that is about minibatches, and about Ray Data."""

    def to_ray_dataset(
        self,
        seeds: Any = None,
        fanout: Fanout = (15, 10, 5),
        *,
        epoch: int = 0,
        features: Mapping[str, list[str]] | None = None,
        edge_features: Mapping[Any, list[str]] | None = None,
        actors: int | tuple[int, int] = 1,
        cpus_per_actor: float = 1.0,
        **settings: Any,
    ) -> Dataset:
        """An epoch of minibatches as a ``ray.data.Dataset``, sampled by a pool of actors.

        A row is a batch: that of the same ``number`` of ``loader(seeds, fanout, **settings)``, bit
        for bit. Rows come in the order in which they are done, unless
        ``ray.data.DataContext.get_current().execution_options.preserve_order`` is set.

        Args:
            seeds: as in `loader`.
            fanout: see there.
            epoch: which epoch.
            features: properties to bring along, by node type.
            edge_features: properties to bring along, by relation.
            actors: how many processes sample at once, each connected to the graph once; or
                (least, most) for as many as there is work for.
            cpus_per_actor: what each reserves on its node.
            settings: the other arguments of `loader`, such as ``batch_size``.

        Returns:
            A lazy dataset with a column for each attribute of a batch, such as ``nodes`` and
            ``edge_index``, and properties as ``features/x`` (see `graphray.ray_data.rows`).

        Raises:
            MissingDependency: where what Ray Data needs is not installed.
            ArgumentError: where a parameter is out of range.
            ColumnNotFound: where a property is not in the graph.
            NodeNotFound: where a seed is not in the graph.
        """
        loader = self.loader(seeds, fanout, **settings)
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
