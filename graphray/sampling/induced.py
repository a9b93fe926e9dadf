"""Induced subgraphs: all edges among the nodes that another plan samples.

Partitions are sent the set of sampled nodes and return the entries that lead to it, rather than
whole rows: a hub's row may be as long as the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import MappedAdjacency
from graphray.reading.gather import ask_owners
from graphray.reading.operations import Request
from graphray.reading.row_requests import EntriesAmong
from graphray.reading.walking import Step, stored
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Sampler, SamplingPlan, Seeds
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Induced:
    """A plan: the nodes of another plan, and all edges among them.

    In a disjoint batch, all edges within each seed's tree. An undirected edge stands there from
    either end. The edges do not belong to a hop: their counts per hop are one number.

    Attributes:
        plan: which nodes to sample; its own edges are replaced.
        relations: whose edges to take; by default those of all relations.
    """

    plan: SamplingPlan
    relations: Sequence[tuple[str, str, str] | str] | None = None

    def make_sampler(self, access: PartitionAccess) -> InducedSampler:
        """The sampler of one graph; see `graphray.sampling.subgraph.SamplingPlan`."""
        schema = access.schema
        if isinstance(self.relations, str):
            raise ArgumentError(f"relations = {self.relations!r}; expected a list of relations")
        names = [r.relation for r in schema.relations] if self.relations is None else self.relations
        wanted = {schema.relation_type(name).relation for name in names}
        relations = tuple(r.relation for r in schema.relations if r.relation in wanted)
        return InducedSampler(access, self.plan.make_sampler(access), relations)


class InducedSampler:
    """Samples induced subgraphs; safe to use from several threads.

    Args:
        access: the graph.
        nodes: samples the nodes.
        relations: whose edges to take.
    """

    def __init__(
        self, access: PartitionAccess, nodes: Sampler, relations: tuple[Relation, ...]
    ) -> None:
        self._access, self._nodes, self._relations = access, nodes, relations

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped."""
        keys = [key for relation in self._relations for key in self._keys(relation, "in")]
        return self._nodes.is_local and None not in self._access.mapped(keys)

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """The nodes around some seeds, and all edges among them."""
        found = self._nodes.sample(seeds, stream)
        edges = {
            relation: self._edges(relation, found)
            for relation in self._relations
            if relation.source in found.nodes and relation.destination in found.nodes
        }
        return SampledSubgraph(
            found.nodes, found.nodes_per_hop, edges, found.direction, found.trees
        )

    def _edges(self, relation: Relation, found: SampledSubgraph) -> SampledEdges:
        step = Step(relation, found.direction)
        near, far = _Members(found, step.near_type), _Members(found, step.far_type)
        counts, named, positions = self._entries(step, near.distinct, far.distinct)
        # Every copy of a node has its entries, and of these those in its own tree.
        bounds = np.concatenate([[0], np.cumsum(counts)])
        rows = np.repeat(np.arange(len(near.place)), counts[near.place])
        first = bounds[near.place] - np.cumsum(counts[near.place]) + counts[near.place]
        entries = np.arange(len(rows)) + first[rows]
        columns = far.local(near.trees[rows], named[entries])
        inside = columns >= 0
        ends = (columns, rows) if found.direction == "in" else (rows, columns)
        return SampledEdges(
            np.stack(ends)[:, inside], positions[entries[inside]], (int(np.sum(inside)),)
        )

    def _entries(self, step: Step, gids: Ints, members: Ints) -> tuple[Ints, Ints, Ints]:
        """Per node the number of entries among members; which these are; their positions."""
        direction = stored(self._access.schema, step)

        def among(at: Ints) -> Request[tuple[Ints, Ints, Ints]]:
            return EntriesAmong(step.relation, direction, gids[at], members)

        owners = self._access.book.owner(step.near_type, gids)
        keys = list(self._keys(step.relation, step.direction))
        counts = np.zeros(len(gids), np.int64)
        rows, named, positions = [], [], []
        for at, (in_rows, which, where) in ask_owners(self._access, keys, owners, among):
            counts[at] = in_rows
            rows.append(np.repeat(at, in_rows))
            named.append(which)
            positions.append(where)
        order = np.argsort(_joined(rows), kind="stable")
        return counts, _joined(named)[order], _joined(positions)[order]

    def _keys(self, relation: Relation, direction: Direction) -> tuple:
        return MappedAdjacency.keys(
            relation, stored(self._access.schema, Step(relation, direction))
        )


class _Members:
    """The nodes of one type in a subgraph.

    Attributes:
        distinct: ``int64[d]``, global ids; in a disjoint batch a node may stand in several trees.
        place: ``int64[n]``, by local number which of them it is.
        trees: ``int64[n]``, by local number its tree; 0 in a merged batch.
    """

    def __init__(self, found: SampledSubgraph, node_type: str) -> None:
        nodes = found.nodes[node_type]
        self.distinct, self.place = np.unique(nodes, return_inverse=True)
        self.trees = np.zeros(len(nodes), np.int64)
        if found.trees is not None:
            self.trees = found.trees[node_type]
        copies = self.trees * len(self.distinct) + self.place
        self._order = np.argsort(copies)
        self._copies = copies[self._order]

    def local(self, trees: Ints, which: Ints) -> Ints:
        """The local numbers of distinct nodes in trees, -1 where they are not in them."""
        if len(self._copies) == 0:
            return np.full(len(which), -1, np.int64)
        wanted = trees * len(self.distinct) + which
        at = np.minimum(np.searchsorted(self._copies, wanted), len(self._copies) - 1)
        return np.where(self._copies[at] == wanted, self._order[at], -1)


def _joined(pieces: list[Ints]) -> Ints:
    return np.concatenate(pieces) if pieces else np.empty(0, np.int64)
