"""Seeds that are edges: pairs of nodes, edges by their ids, or all edges of a relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError, EdgeNotFound
from graphray.reading.access import PartitionAccess
from graphray.reading.edge_lookups import ListEdges
from graphray.reading.gather import ask_owners, edge_column, find_nodes, to_numpy
from graphray.sampling.input_order import stable_ids
from graphray.sampling.plan import as_aligned, as_times
from graphray.schema import GraphSchema, Relation, require_column

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
_NAMED_IN_ERRORS_MAX = 5


@dataclass(frozen=True)
class SeedEdges:
    """Pairs of nodes of one relation, whether they are edges of the graph or not.

    Attributes:
        relation: the relation.
        sources: ``int64[n]``, global ids.
        destinations: ``int64[n]``, global ids.
        positions: ``int64[n]``, where they stand in the stored direction "in"; None for pairs.
    """

    relation: Relation
    sources: Ints
    destinations: Ints
    positions: Ints | None

    def column(self, access: PartitionAccess, values: Any, name: str) -> Array:
        """A value for each, given as an aligned array or as the name of an edge column.

        Raises:
            ArgumentError: where the array does not fit, or a column is named for mere pairs.
            ColumnNotFound: where the relation has no such column.
        """
        if not isinstance(values, str):
            return as_aligned(name, values, len(self.sources), "seed edges")
        if self.positions is None:
            raise ArgumentError(
                f"{name} = {values!r} names a column, which pairs of nodes do not have; pass an "
                "array, or the seed edges by their ids"
            )
        columns = access.schema.relation_type(self.relation).columns
        require_column(columns, values, f"relation {self.relation}")
        return to_numpy(edge_column(access, self.relation, "in", values, self.positions))

    def times(self, access: PartitionAccess, values: Any) -> Ints | None:
        """The time of each, given as for `column`; None for None."""
        if values is None:
            return None
        return as_times(
            "seed_times", self.column(access, values, "seed_times"), len(self.sources), "seed edges"
        )


def resolve_seed_edges(access: PartitionAccess, seed_edges: Any) -> SeedEdges:
    """Look seed edges up, in any of the forms that `graphray.Graph.link_loader` takes.

    Raises:
        ArgumentError: where it is none of them.
        RelationNotFound: where the relation is not in the graph, or not given but needed.
        NodeNotFound: where an end of a pair is not in the graph.
        EdgeNotFound: where an edge id is not in the relation.
    """
    relation, edges = _split(access.schema, seed_edges)
    if edges is None:
        return _stored_edges(access, relation, None)
    if _are_pairs(edges):
        return _pairs(access, relation, *edges)
    edge_ids = np.asarray(edges)
    if edge_ids.ndim != 1 or (edge_ids.size and edge_ids.dtype.kind not in "iu"):
        raise ArgumentError(
            f"the seed edges are {edge_ids.dtype} of the shape {edge_ids.shape}; expected pairs "
            "(sources, destinations), or edge ids in one dimension"
        )
    return _stored_edges(access, relation, edge_ids.astype(np.int64))


def _split(schema: GraphSchema, seed_edges: Any) -> tuple[Relation, Any]:
    """The relation, and which of its edges; None for all."""
    if isinstance(seed_edges, Mapping):
        if len(seed_edges) != 1:
            raise ArgumentError(
                f"seed edges are given for {len(seed_edges)} relations; a loader takes those of one"
            )
        ((name, edges),) = seed_edges.items()
        return schema.relation_type(name).relation, edges
    if isinstance(seed_edges, str) or _is_triple(seed_edges):
        return schema.relation_type(seed_edges).relation, None
    if isinstance(seed_edges, tuple) and len(seed_edges) == 2 and _names(schema, seed_edges[0]):
        return schema.relation_type(seed_edges[0]).relation, seed_edges[1]
    if len(schema.relations) != 1:
        schema.relation_type("")  # says which there are
    return schema.relations[0].relation, seed_edges


def _is_triple(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 3
        and all(isinstance(word, str) for word in value)
    )


def _names(schema: GraphSchema, value: Any) -> bool:
    """Whether a value names a relation; three strings may as well be the ids of three nodes."""
    return isinstance(value, str) or (
        _is_triple(value) and any(value == kind.relation for kind in schema.relations)
    )


def _are_pairs(edges: Any) -> bool:
    if hasattr(edges, "ndim"):
        return edges.ndim == 2 and len(edges) == 2
    return (
        isinstance(edges, (tuple, list))
        and len(edges) == 2
        and all(hasattr(end, "__len__") and not isinstance(end, str) for end in edges)
    )


def _pairs(
    access: PartitionAccess, relation: Relation, sources: Any, destinations: Any
) -> SeedEdges:
    if len(sources) != len(destinations):
        raise ArgumentError(
            f"the seed edges have {len(sources)} sources and {len(destinations)} destinations"
        )
    return SeedEdges(
        relation,
        find_nodes(access, relation.source, sources),
        find_nodes(access, relation.destination, destinations),
        None,
    )


def _stored_edges(access: PartitionAccess, relation: Relation, edge_ids: Ints | None) -> SeedEdges:
    """Edges of the graph: all in the order of their ids, or some in the order asked for."""
    request = ListEdges(relation, "in", None if edge_ids is None else np.unique(edge_ids))
    every_part = np.arange(access.book.parts)
    lists = [a for _, a in ask_owners(access, request.keys, every_part, lambda at: request)]
    found_ids, near, far, positions = (
        np.concatenate([getattr(each, field) for each in lists])
        for field in ("edge_ids", "near", "far", "positions")
    )
    if access.schema.relation_type(relation).directed:
        sources, destinations, kept = far, near, np.arange(len(near))
    else:
        # An edge stands in the rows of both ends. It is taken to lead from the one that comes first
        # in the build's input: of the two entries, the one in that row.
        every = np.arange(access.book.num_nodes(relation.source))
        stable = stable_ids(access, relation.source, every)
        sources, destinations, kept = near, far, np.flatnonzero(stable[near] <= stable[far])
    order = kept[_rising(found_ids[kept])]
    if edge_ids is not None:
        order = order[_places(found_ids[order], edge_ids, relation)]
    return SeedEdges(relation, sources[order], destinations[order], positions[order])


def _rising(edge_ids: Ints) -> Ints:
    """What puts distinct ids in order: at once where they are all there are, else by sorting."""
    if len(edge_ids) == 0 or edge_ids.max() != len(edge_ids) - 1:
        return np.argsort(edge_ids)
    order = np.empty_like(edge_ids)
    order[edge_ids] = np.arange(len(edge_ids))
    return order


def _places(rising: Ints, wanted: Ints, relation: Relation) -> Ints:
    """Where edge ids stand in a rising array; raises EdgeNotFound."""
    at = np.searchsorted(rising, wanted)
    there = at < len(rising)
    there[there] = rising[at[there]] == wanted[there]
    missing = wanted[~there]
    if len(missing):
        named = missing[:_NAMED_IN_ERRORS_MAX].tolist()
        more = len(missing) - len(named)
        raise EdgeNotFound(
            f"{len(missing)} of {len(wanted)} ids are no edges of {relation}: "
            f"{', '.join(map(str, named))}{f' and {more} more' if more else ''}; an edge's id is "
            "its row in the build's input, from 0",
            relation=relation,
            ids=named,
        )
    return at
