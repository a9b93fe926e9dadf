"""Drop-ins for PyG's ``NeighborLoader`` and ``LinkNeighborLoader`` on a graph of GraphRay.

Beside what PyG's offer they are GraphRay's loaders: a batch depends on the snapshot, ``rng_seed``,
the epoch and its number alone; ``state_dict`` resumes in the middle of an epoch; ``rank`` and
``world_size`` share an epoch out. What PyG does with processes (``num_workers``) threads do here:
the kernels let the others run, and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphray.client.graph import Graph
from graphray.errors import ArgumentError
from graphray.pyg.arguments import (
    as_array,
    gids_of_rows,
    has_node_times,
    negatives_of,
    node_rows,
    sampling_plan,
    seed_pairs,
)
from graphray.pyg.columns import edge_tensor_columns, node_tensor_columns
from graphray.sampling.batch import Batch
from graphray.sampling.link_source import LinkSource
from graphray.sampling.loader import BatchSource, Loader
from graphray.sampling.negatives import Negatives
from graphray.sampling.seed_edges import SeedEdges, resolve_seed_edges
from graphray.sampling.seed_nodes import SeedNodes

_PREFETCH_FACTOR = 2

_NOT_SUPPORTED = {
    "transform_sampler_output": "use transform, or PyG's NodeLoader with graphray.pyg's stores",
    "neighbor_sampler": "say how to sample by the other arguments, or use PyG's NodeLoader",
    "custom_cls": "batches are Data or HeteroData; use transform",
    "sampler": "use shuffle and rng_seed, or rank and world_size; or PyG's NodeLoader",
    "batch_sampler": "use batch_size; or PyG's NodeLoader with graphray.pyg's stores",
    "generator": "use rng_seed, which decides every random choice",
    "worker_init_fn": "num_workers counts threads, of this process",
    "multiprocessing_context": "num_workers counts threads, of this process",
}
_WITHOUT_EFFECT = {
    "dataset", "collate_fn", "persistent_workers", "timeout", "pin_memory_device", "in_order",
}  # fmt: skip


class _PygLoader:
    """What both loaders share: a GraphRay loader whose batches come out as PyG's data."""

    def __init__(
        self,
        graph: Graph,
        source: BatchSource[Batch],
        input_id: Any,
        transform: Callable[[Any], Any] | None,
        settings: dict[str, Any],
    ) -> None:
        self.data = graph
        self._features = settings.pop("features", None)
        self._edge_features = settings.pop("edge_features", None)
        if self._features is None:
            self._features = node_tensor_columns(graph)
        if self._edge_features is None:
            self._edge_features = edge_tensor_columns(graph)
        self._pin_memory = bool(settings.pop("pin_memory", False))
        self._input_id, self._transform = as_array(input_id), transform
        self.loader = Loader(source, **_loader_settings(settings))
        self.dataset = range(self.loader.num_seeds)
        self.batch_size = self.loader.batch_size

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        return self.loader.prepared(self._convert)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def state_dict(self) -> dict[str, Any]:
        """Where the loop stands; see `graphray.Loader.state_dict`."""
        return self.loader.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there; see `graphray.Loader.load_state_dict`."""
        self.loader.load_state_dict(state)

    def _convert(self, batch: Batch) -> Any:
        data = batch.as_pyg(batch.node_rows_by_type, self._features, self._edge_features)
        if self._input_id is not None:
            _set_input_id(data, batch, self._input_id[batch.seed_rows])
        if self._transform is not None:
            data = self._transform(data)
        return data.pin_memory() if self._pin_memory else data


class NeighborLoader(_PygLoader):
    """PyG's ``NeighborLoader`` on a graph: batches of nodes and their sampled neighbourhoods.

    Batches are ``Data``, or ``HeteroData`` where the graph has several types, with ``n_id``,
    ``e_id``, ``batch_size``, ``input_id``, ``num_sampled_nodes``, ``num_sampled_edges``, where
    they are disjoint ``batch``, with times ``seed_time``, and a tensor for each column of numbers.

    Args:
        data: the graph.
        num_neighbors: draws per hop, -1 for all: a list, or one for each edge type.
        input_nodes: indices or a mask of seeds; ``(type, those)`` or a type alone where the graph
            has several; None for all nodes.
        input_time: when each seed is looked at; by default its own ``time_attr``.
        replace: draw with replacement.
        subgraph_type: "directional" for the edges that were sampled, "induced" for all edges among
            the nodes that were.
        disjoint: grow a tree for each seed.
        temporal_strategy: "uniform" or "last".
        time_attr: the column of times, of nodes or of edges.
        weight_attr: the edge column of weights.
        transform: applied to each batch, in the thread that sampled it.
        is_sorted: makes no difference.
        filter_per_worker: makes no difference.
        directed: False is another word for "induced".
        input_id: what to call the seeds in ``input_id`` rather than their positions.
        settings: ``batch_size`` (1), ``shuffle``, ``drop_last``, ``num_workers`` (threads),
            ``prefetch_factor`` and ``pin_memory`` as PyG has them; ``rng_seed``, ``rank``,
            ``world_size`` as `graphray.Graph.loader`; ``features`` and ``edge_features``, the
            columns to bring along where not all.

    Raises:
        ArgumentError: where a value is out of range, or an argument is not supported.
        ColumnNotFound: where a column is not there.
    """

    def __init__(
        self,
        data: Graph,
        num_neighbors: Any,
        input_nodes: Any = None,
        input_time: Any = None,
        replace: bool = False,
        subgraph_type: Any = "directional",
        disjoint: bool = False,
        temporal_strategy: str = "uniform",
        time_attr: str | None = None,
        weight_attr: str | None = None,
        transform: Callable[[Any], Any] | None = None,
        transform_sampler_output: Callable[[Any], Any] | None = None,
        is_sorted: bool = False,
        filter_per_worker: bool | None = None,
        neighbor_sampler: Any = None,
        directed: bool = True,
        *,
        input_id: Any = None,
        **settings: Any,
    ) -> None:
        _require_supported(
            transform_sampler_output=transform_sampler_output, neighbor_sampler=neighbor_sampler
        )
        if input_time is not None and time_attr is None:
            raise ArgumentError("input_time needs time_attr, the column to compare it with")
        plan = sampling_plan(
            data,
            num_neighbors,
            replace=replace,
            subgraph_type=subgraph_type,
            disjoint=disjoint,
            temporal_strategy=temporal_strategy,
            time_attr=time_attr,
            weight_attr=weight_attr,
            directed=directed,
        )
        node_type, rows, counted = node_rows(data, input_nodes)
        times: Any = as_array(input_time)
        if times is None and has_node_times(data, time_attr, node_type):
            times = time_attr
        gids = gids_of_rows(data, node_type, rows)
        source = SeedNodes(data.access, node_type, gids, plan, times)
        super().__init__(
            data, source, counted if input_id is None else input_id, transform, settings
        )


class LinkNeighborLoader(_PygLoader):
    """PyG's ``LinkNeighborLoader`` on a graph: batches of edges and the neighbourhoods around them.

    Batches have ``edge_label_index`` and ``edge_label``, or ``src_index``, ``dst_pos_index`` and
    ``dst_neg_index`` for triplets, beside what `NeighborLoader` gives. Unlike PyG's, negatives are
    never edges of the graph.

    Args:
        data: the graph.
        num_neighbors: as in `NeighborLoader`, like all that is not named here.
        edge_label_index: pairs of indices, ``[2, n]``; ``(edge type, those)`` or an edge type alone
            where the graph has several; None for all edges, in the order of the input.
        edge_label: a label for each; where one is 0 and there are negatives, all go up by one.
        edge_label_time: when each is looked at.
        replace: see there.
        subgraph_type: see there.
        disjoint: see there.
        temporal_strategy: see there.
        neg_sampling: PyG's ``NegativeSampling``, "binary" or "triplet", or `graphray.Negatives`.
        neg_sampling_ratio: binary negatives per edge.
        time_attr: see there.
        weight_attr: see there.
        transform: see there.
        is_sorted: see there.
        filter_per_worker: see there.
        directed: see there.
        input_id: see there.
        exclude_seed_edges: leave the edges to predict out of ``edge_index``, as
            `graphray.Graph.link_loader` does and PyG does not.
        reverse: the relation that holds their reverses, as there.
        settings: see there.
    """

    def __init__(
        self,
        data: Graph,
        num_neighbors: Any,
        edge_label_index: Any = None,
        edge_label: Any = None,
        edge_label_time: Any = None,
        replace: bool = False,
        subgraph_type: Any = "directional",
        disjoint: bool = False,
        temporal_strategy: str = "uniform",
        neg_sampling: Any = None,
        neg_sampling_ratio: float | None = None,
        time_attr: str | None = None,
        weight_attr: str | None = None,
        transform: Callable[[Any], Any] | None = None,
        transform_sampler_output: Callable[[Any], Any] | None = None,
        is_sorted: bool = False,
        filter_per_worker: bool | None = None,
        neighbor_sampler: Any = None,
        directed: bool = True,
        *,
        input_id: Any = None,
        exclude_seed_edges: bool = False,
        reverse: Any = None,
        **settings: Any,
    ) -> None:
        _require_supported(
            transform_sampler_output=transform_sampler_output, neighbor_sampler=neighbor_sampler
        )
        if (edge_label_time is None) != (time_attr is None):
            raise ArgumentError("edge_label_time and time_attr need each other")
        plan = sampling_plan(
            data,
            num_neighbors,
            replace=replace,
            subgraph_type=subgraph_type,
            disjoint=disjoint,
            temporal_strategy=temporal_strategy,
            time_attr=time_attr,
            weight_attr=weight_attr,
            directed=directed,
        )
        source = LinkSource(
            data.access,
            _seed_edges(data, edge_label_index),
            plan,
            labels=as_array(edge_label),
            negatives=_negatives(data, neg_sampling, neg_sampling_ratio, time_attr),
            exclude_seed_edges=exclude_seed_edges,
            reverse=reverse,
            seed_times=as_array(edge_label_time),
        )
        super().__init__(data, source, input_id, transform, settings)


def _seed_edges(graph: Graph, edge_label_index: Any) -> SeedEdges:
    relation, pairs = seed_pairs(graph, edge_label_index)
    if pairs is None:
        return resolve_seed_edges(graph.access, relation)
    sources = gids_of_rows(graph, relation.source, pairs[0])
    destinations = gids_of_rows(graph, relation.destination, pairs[1])
    return SeedEdges(relation, sources, destinations, None)


def _negatives(
    graph: Graph, neg_sampling: Any, ratio: float | None, time_attr: str | None
) -> Negatives | None:
    of_nodes = any(has_node_times(graph, time_attr, name) for name in graph.schema.node_type_names)
    return negatives_of(neg_sampling, ratio, time_attr if of_nodes else None)


def _set_input_id(data: Any, batch: Batch, ids: Any) -> None:
    """Call the seeds something else in ``input_id``, wherever that stands."""
    for store in data.stores:
        if "input_id" in store:
            store.input_id = store.input_id.new_tensor(ids)


def _require_supported(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise ArgumentError(f"{name} is not supported; {_NOT_SUPPORTED[name]}")


def _loader_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The DataLoader's settings as a GraphRay loader's; raises ArgumentError."""
    _require_supported(**{name: settings.pop(name, None) for name in _NOT_SUPPORTED})
    for name in _WITHOUT_EFFECT:
        settings.pop(name, None)
    workers = settings.pop("num_workers", 0)
    factor = settings.pop("prefetch_factor", None)
    if workers:
        settings["in_flight"] = workers
        settings["prefetch"] = workers * (_PREFETCH_FACTOR if factor is None else factor)
    return {"batch_size": 1, **settings}
