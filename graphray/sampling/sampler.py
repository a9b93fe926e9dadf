"""The neighbour sampler: seeds in, the sampled subgraph out, hop by hop.

A hop follows every relation that ends (or, for direction "out", starts) at a type with nodes in the
frontier; the next frontier is the nodes that the hop saw first. In a *merged* batch a node stands
once. In a *disjoint* one every seed grows a tree, and a node stands once in each tree that meets
it: so whatever belongs to a seed, such as the time as of which it is looked at, belongs to its
whole tree.

How neighbours are chosen is a rule per relation (`graphray.reading.draws`).
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.metrics import SAMPLED_EDGES
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import Draws, MappedAdjacency
from graphray.reading.draws.hop_rule import HopRule
from graphray.reading.draws.rule import DrawRule
from graphray.reading.draws.uniform import Uniform
from graphray.sampling.drawing import AskedRows, draw_hop
from graphray.sampling.streams import BatchStream, relation_word
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.sampling.trees import TreeNumbering
from graphray.sampling.workspace import (
    Frontier,
    NodeNumbering,
    Numbering,
    Workspace,
    grown,
)
from graphray.schema import Direction, Relation
from graphray.tally import count
from graphray.tracing import span

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FollowedRelation:
    """A relation that the sampler follows, and how far."""

    relation: Relation
    fanouts: tuple[int, ...]
    rule: DrawRule | HopRule
    word: int
    adjacency: MappedAdjacency


class NeighborSampler:
    """Samples multi-hop neighbourhoods of one snapshot; safe to use from several threads.

    Args:
        access: the graph.
        fanouts: per relation the draws per node and hop (-1: all, 0: none); all of equal length.
        direction: "in" follows edges against their direction, from a node to those whose messages
            it receives; "out" follows them.
        rules: how neighbours are chosen, by relation; uniformly where a relation is not named.
        disjoint: grow a tree for each seed.
        clock: tells the time of each seed, ``int64[seeds]``, for rules that heed it; the batches
            have to be disjoint.

    Raises:
        ArgumentError: where a rule cannot be had from what is stored, such as negative weights.
    """

    def __init__(
        self,
        access: PartitionAccess,
        fanouts: Mapping[Relation, Sequence[int]],
        direction: Direction = "in",
        *,
        rules: Mapping[Relation, DrawRule | HopRule] | None = None,
        disjoint: bool = False,
        clock: Callable[[Seeds], Ints] | None = None,
    ) -> None:
        assert disjoint or clock is None
        self._access = access
        self._disjoint, self._clock = disjoint, clock
        self._direction = direction
        self.num_hops = max((len(f) for f in fanouts.values()), default=0)
        self._followed = tuple(
            self._follow(relation, tuple(fanout), (rules or {}).get(relation, Uniform()))
            for relation, fanout in fanouts.items()
        )
        self._nodes_by_type = {
            name: access.book.num_nodes(name) for name in access.schema.node_type_names
        }
        self._workspaces: queue.SimpleQueue[Workspace] = queue.SimpleQueue()

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped, so that no hop costs a call."""
        return all(followed.adjacency.is_complete for followed in self._followed)

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """The neighbourhood of some seeds (see `graphray.sampling.subgraph.Sampler`)."""
        times = None if self._clock is None else self._clock(seeds)
        workspace = self._borrow_workspace()
        try:
            with span("sample", graph=self._access.name):
                sampled = _Sampling(
                    self._access, self._followed, self._direction, workspace, stream, times
                ).run(seeds, self.num_hops)
        finally:
            self._workspaces.put(workspace)
        if self._access.name:
            drawn = sum(edges.edge_index.shape[1] for edges in sampled.edges.values())
            count(SAMPLED_EDGES, (self._access.name,), drawn)
        return sampled

    def _borrow_workspace(self) -> Workspace:
        try:
            return self._workspaces.get_nowait()
        except queue.Empty:
            return Workspace({name: self._numbering(n) for name, n in self._nodes_by_type.items()})

    def _numbering(self, num_nodes: int) -> Numbering:
        return TreeNumbering() if self._disjoint else NodeNumbering(num_nodes)

    def _follow(
        self, relation: Relation, fanouts: tuple[int, ...], rule: DrawRule | HopRule
    ) -> FollowedRelation:
        access = self._access
        stored = access.schema.relation_type(relation).stored_direction(self._direction)
        further = rule.array_keys(relation, stored)
        mapped = access.mapped((*MappedAdjacency.keys(relation, stored), *further))
        adjacency = MappedAdjacency(access.book, relation, stored, mapped, further)
        if further:
            # Owners make what the rule reads and compile its kernels before a batch is in a hurry,
            # and say now what is wrong with the columns.
            nothing = np.empty(0, np.int64)
            frontier = Frontier(0, nothing, nothing if self._disjoint else None, nothing)
            asked = AskedRows(adjacency, rule, frontier, max(fanouts), 0, np.empty)
            elsewhere = [part for part, arrays in enumerate(mapped) if arrays is None]
            access.call_all(dict.fromkeys(elsewhere, asked.request(nothing)))
        return FollowedRelation(relation, fanouts, rule, relation_word(relation, stored), adjacency)


class _EdgeBuffer:
    """The edges of one relation while the batch grows."""

    def __init__(self, capacity: int) -> None:
        self.edge_index = np.empty((2, capacity), np.int64)
        self.positions = np.empty(capacity, np.int64)
        self.count = 0
        self.per_hop: list[int] = []
        self.weights: list[npt.NDArray[np.float32]] = []

    def make_room(self, more: int) -> Ints:
        """Room for that many more edges; returns where their positions go."""
        needed = self.count + more
        self.edge_index = grown(self.edge_index, self.count, needed)
        self.positions = grown(self.positions, self.count, needed)
        return self.positions[self.count : needed]


class _Sampling:
    """One batch in the making."""

    def __init__(
        self,
        access: PartitionAccess,
        followed: tuple[FollowedRelation, ...],
        direction: Direction,
        workspace: Workspace,
        stream: BatchStream,
        times: Ints | None,
    ) -> None:
        self.access = access
        self.followed = followed
        self.direction: Direction = direction
        self.near_row, self.far_row = (1, 0) if direction == "in" else (0, 1)
        self.workspace = workspace
        self.stream = stream
        self.tree_times = times
        self.buffers = {
            f.relation: _EdgeBuffer(workspace.expected_edges(f.relation)) for f in followed
        }

    def run(self, seeds: Seeds, num_hops: int) -> SampledSubgraph:
        numberings = self.workspace.numberings
        self._start(seeds)
        bounds = {name: [0, numbering.count] for name, numbering in numberings.items()}
        for hop in range(num_hops):
            frontiers = {name: self._frontier(name, *bounds[name][-2:]) for name in numberings}
            self._follow_all(hop, frontiers)
            for name, numbering in numberings.items():
                bounds[name].append(numbering.count)
        return self._result(bounds)

    def _start(self, seeds: Seeds) -> None:
        num_trees = sum(len(gids) for gids in seeds.nodes.values())
        self.workspace.start_batch(num_trees)
        trees = np.arange(num_trees)
        for name, gids in seeds.nodes.items():
            self.workspace.numberings[name].add_seeds(gids, trees[: len(gids)])
            trees = trees[len(gids) :]

    def _frontier(self, node_type: str, start: int, stop: int) -> Frontier:
        """The nodes that the last hop added: the local numbers ``start : stop``."""
        numbering = self.workspace.numberings[node_type]
        trees = None if numbering.trees is None else numbering.trees[start:stop]
        times = None if self.tree_times is None else self.tree_times[trees]
        return Frontier(start, numbering.nodes[start:stop], trees, times)

    def _follow_all(self, hop: int, frontiers: Mapping[str, Frontier]) -> None:
        """Draw along every relation from the frontiers, then number what was drawn."""
        asked = []
        for followed in self.followed:
            frontier = frontiers[followed.adjacency.near_type]
            if len(frontier.gids) and followed.fanouts[hop] != 0:
                asked.append(
                    AskedRows(
                        followed.adjacency,
                        followed.rule,
                        frontier,
                        followed.fanouts[hop],
                        self.stream.hop_key(hop, followed.word),
                        self.buffers[followed.relation].make_room,
                    )
                )
            else:
                self.buffers[followed.relation].per_hop.append(0)
        for rows, draws in zip(asked, draw_hop(self.access, asked), strict=True):
            self._number(rows, draws)

    def _number(self, asked: AskedRows, draws: Draws) -> None:
        buffer = self.buffers[asked.adjacency.relation]
        room = slice(buffer.count, buffer.count + len(draws.positions))
        edge_index = buffer.edge_index[:, room]
        self.workspace.numberings[asked.adjacency.far_type].number_edges(
            draws, asked.frontier, edge_index[self.near_row], edge_index[self.far_row]
        )
        buffer.count = room.stop
        buffer.per_hop.append(len(draws.positions))
        if draws.weights is not None:
            buffer.weights.append(draws.weights.astype(np.float32))

    def _result(self, bounds: dict[str, list[int]]) -> SampledSubgraph:
        nodes, nodes_per_hop, trees = {}, {}, {}
        for name, numbering in self.workspace.numberings.items():
            nodes[name] = numbering.nodes[: numbering.count].copy()
            if numbering.trees is not None:
                trees[name] = numbering.trees[: numbering.count].copy()
            nodes_per_hop[name] = tuple(int(n) for n in np.diff(bounds[name]))
        edges = {}
        for relation, buffer in self.buffers.items():
            self.workspace.remember_edges(relation, buffer.count)
            edges[relation] = SampledEdges(
                buffer.edge_index[:, : buffer.count],
                buffer.positions[: buffer.count],
                tuple(buffer.per_hop),
                np.concatenate(buffer.weights) if buffer.weights else None,
            )
        return SampledSubgraph(nodes, nodes_per_hop, edges, self.direction, trees or None)
