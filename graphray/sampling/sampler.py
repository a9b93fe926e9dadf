"""The neighbour sampler: seeds in, the sampled subgraph out, hop by hop.

A hop follows every relation that ends (or, for direction "out", starts) at a type with nodes in the
frontier; the next frontier is the nodes that the hop saw first. Partitions that this process has
mapped are sampled here; the rows of the others are drawn by their owners, one request per owner,
relation and hop, and put in their places before numbers are given out. So the result is the same
whoever drew which row.
"""

from __future__ import annotations

import queue
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.access import PartitionAccess
from graphray.adjacency import (
    Draws,
    FrontierRows,
    MappedAdjacency,
    draw_located,
    effective_fanout,
    locate_rows,
)
from graphray.kernels.neighbors import ELSEWHERE, place_rows, row_bounds
from graphray.kernels.relabel import number_edges
from graphray.operations import SampleRows
from graphray.sampling.streams import BatchStream, relation_word
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.sampling.workspace import NodeNumbering, Workspace, grown
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FollowedRelation:
    """A relation that the sampler follows, and how far."""

    relation: Relation
    fanouts: tuple[int, ...]
    stored_direction: Direction
    word: int
    adjacency: MappedAdjacency


class NeighborSampler:
    """Samples multi-hop neighbourhoods of one snapshot; safe to use from several threads.

    Args:
        access: the graph.
        fanouts: per relation the draws per node and hop (-1: all, 0: none); all of equal length.
        direction: "in" follows edges against their direction, from a node to those whose messages
            it receives; "out" follows them.
    """

    def __init__(
        self,
        access: PartitionAccess,
        fanouts: Mapping[Relation, Sequence[int]],
        direction: Direction = "in",
    ) -> None:
        self._access = access
        self._direction = direction
        self.num_hops = max((len(f) for f in fanouts.values()), default=0)
        self._followed = tuple(
            self._follow(relation, tuple(fanout)) for relation, fanout in fanouts.items()
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
        workspace = self._borrow_workspace()
        try:
            return _Sampling(self._access, self._followed, self._direction, workspace, stream).run(
                seeds, self.num_hops
            )
        finally:
            self._workspaces.put(workspace)

    def _borrow_workspace(self) -> Workspace:
        try:
            return self._workspaces.get_nowait()
        except queue.Empty:
            return Workspace(self._nodes_by_type)

    def _follow(self, relation: Relation, fanouts: tuple[int, ...]) -> FollowedRelation:
        access = self._access
        stored = access.schema.relation_type(relation).stored_direction(self._direction)
        mapped = access.mapped(MappedAdjacency.keys(relation, stored))
        return FollowedRelation(
            relation,
            fanouts,
            stored,
            relation_word(relation, stored),
            MappedAdjacency(access.book, relation, stored, mapped),
        )


class _EdgeBuffer:
    """The edges of one relation while the batch grows."""

    def __init__(self, capacity: int) -> None:
        self.edge_index = np.empty((2, capacity), np.int64)
        self.positions = np.empty(capacity, np.int64)
        self.count = 0
        self.per_hop: list[int] = []

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
    ) -> None:
        self.access = access
        self.followed = followed
        self.direction: Direction = direction
        self.near_row, self.far_row = (1, 0) if direction == "in" else (0, 1)
        self.workspace = workspace
        self.stream = stream
        self.buffers = {
            f.relation: _EdgeBuffer(workspace.expected_edges(f.relation)) for f in followed
        }

    def run(self, seeds: Seeds, num_hops: int) -> SampledSubgraph:
        numberings = self.workspace.numberings
        self.workspace.start_batch()
        for node_type, gids in seeds.nodes.items():
            numberings[node_type].add(gids)
        bounds = {name: [0, numbering.count] for name, numbering in numberings.items()}
        for hop in range(num_hops):
            for followed in self.followed:
                start, stop = bounds[followed.adjacency.near_type][-2:]
                self._follow(followed, hop, start, stop)
            for name, numbering in numberings.items():
                bounds[name].append(numbering.count)
        return self._result(bounds)

    def _follow(self, followed: FollowedRelation, hop: int, start: int, stop: int) -> None:
        """Draw along one relation from the frontier, the local numbers ``start : stop``."""
        buffer = self.buffers[followed.relation]
        fanout = followed.fanouts[hop]
        if start == stop or fanout == 0:
            buffer.per_hop.append(0)
            return
        near = self.workspace.numberings[followed.adjacency.near_type]
        key = self.stream.hop_key(hop, followed.word)
        draws = self._draw(followed, near.nodes[start:stop], fanout, key, buffer)
        room = slice(buffer.count, buffer.count + len(draws.positions))
        self._number(followed, draws, start, buffer.edge_index[:, room])
        buffer.count = room.stop
        buffer.per_hop.append(len(draws.positions))

    def _number(
        self, followed: FollowedRelation, draws: Draws, first_row: int, edge_index: Ints
    ) -> None:
        far: NodeNumbering = self.workspace.numberings[followed.adjacency.far_type]
        far.make_room(len(draws.neighbors))
        far.count = number_edges(
            draws.neighbors,
            draws.bounds,
            first_row,
            far.slots,
            far.stamp,
            far.nodes,
            far.count,
            edge_index[self.near_row],
            edge_index[self.far_row],
        )

    def _draw(
        self,
        followed: FollowedRelation,
        frontier: Ints,
        fanout: int,
        key: int,
        buffer: _EdgeBuffer,
    ) -> Draws:
        adjacency = followed.adjacency
        rows = locate_rows(adjacency, frontier)
        if rows.num_elsewhere == 0:
            bounds = row_bounds(rows.degrees, effective_fanout(fanout))
            room = buffer.make_room(int(bounds[-1]))
            return draw_located(adjacency, rows, bounds, fanout, key, room)
        return self._draw_with_owners(followed, frontier, rows, fanout, key, buffer)

    def _draw_with_owners(
        self,
        followed: FollowedRelation,
        frontier: Ints,
        rows: FrontierRows,
        fanout: int,
        key: int,
        buffer: _EdgeBuffer,
    ) -> Draws:
        """Have the owners of unmapped rows draw them, and put everything in frontier order."""
        elsewhere = np.flatnonzero(rows.degrees == ELSEWHERE)
        owners = rows.owners[elsewhere]
        groups = {int(part): elsewhere[owners == part] for part in np.unique(owners)}
        answers: dict[int, Draws] = self.access.call_all(
            {
                part: SampleRows(
                    followed.relation, followed.stored_direction, frontier[at], fanout, key
                )
                for part, at in groups.items()
            }
        )
        counts = np.minimum(rows.degrees, effective_fanout(fanout))
        for part, at in groups.items():
            counts[at] = np.diff(answers[part].bounds)
        bounds = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts, out=bounds[1:])
        room = buffer.make_room(int(bounds[-1]))
        draws = draw_located(followed.adjacency, rows, bounds, fanout, key, room)
        for part, at in groups.items():
            answer = answers[part]
            place_rows(
                at,
                np.diff(answer.bounds),
                answer.positions,
                answer.neighbors,
                bounds,
                draws.positions,
                draws.neighbors,
            )
        return draws

    def _result(self, bounds: dict[str, list[int]]) -> SampledSubgraph:
        nodes, nodes_per_hop = {}, {}
        for name, numbering in self.workspace.numberings.items():
            nodes[name] = numbering.nodes[: numbering.count].copy()
            nodes_per_hop[name] = tuple(int(n) for n in np.diff(bounds[name]))
        edges = {}
        for relation, buffer in self.buffers.items():
            self.workspace.remember_edges(relation, buffer.count)
            edges[relation] = SampledEdges(
                buffer.edge_index[:, : buffer.count],
                buffer.positions[: buffer.count],
                tuple(buffer.per_hop),
            )
        return SampledSubgraph(nodes, nodes_per_hop, edges, self.direction)
