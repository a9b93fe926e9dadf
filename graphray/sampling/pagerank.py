"""Personalised-PageRank neighbourhoods: a seed's neighbours are the nodes that rank highest for it.

The ranks are found by forward push (`graphray.kernels.push`), as by Bojchevski et al., "Scaling
Graph Neural Networks with Approximate PageRank" (PPRGo, KDD 2020). Nothing is drawn: the result is
a function of the graph and the settings.

All seeds of a batch are pushed at once. Where rows are elsewhere, each is pushed until it needs
one; then every owner is asked once for all rows that any seed needs of it, and those seeds go on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.kernels.push import Push, advance_push, missing_rows, start_push
from graphray.kernels.visits import keep_largest
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import MappedAdjacency
from graphray.reading.row_requests import RowsUpTo
from graphray.reading.walking import Step, stacked, stored
from graphray.sampling.importance import only_seeds
from graphray.sampling.metapath import resolve_single
from graphray.sampling.numbering import LocalNumbers
from graphray.sampling.plan import require_at_least, require_between
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]
PAGERANK = "pagerank"


@dataclass(frozen=True)
class PageRankNeighbors:
    """A plan: as neighbours of a seed the nodes of the highest personalised PageRank.

    Batches hold edges of the made-up relation ``(type, "pagerank", type)``, from neighbour to seed,
    the highest first, with the (unnormalised) ranks as ``edge_weights``. They stand in no store.

    Attributes:
        num_neighbors: how many nodes to keep per seed; the seed itself is not among them.
        restart: the probability of going back to the seed (1 - damping).
        epsilon: how exact: in an undirected graph a rank is too small by at most this times the
            node's degree. The work for a seed is at most ``1 / (restart * epsilon)`` edges.
        relation: the relation to follow, from a node type to itself; may be left out where the
            graph has one.
        direction: "in" ranks those that a seed would receive messages from, "out" those that its
            edges lead to.
    """

    num_neighbors: int = 32
    restart: float = 0.15
    epsilon: float = 1e-4
    relation: tuple[str, str, str] | str | None = None
    direction: Direction = "in"

    def make_sampler(self, access: PartitionAccess) -> PageRankSampler:
        """The sampler of one graph; see `graphray.sampling.subgraph.SamplingPlan`."""
        require_at_least("num_neighbors", self.num_neighbors, 1)
        for name in ("restart", "epsilon"):
            if require_between(name, getattr(self, name), 0.0, 1.0) == 0.0:
                raise ArgumentError(f"{name} = 0; expected a number above 0 and below 1")
        schema = access.schema
        only = schema.relations[0].relation if len(schema.relations) == 1 else ""
        relation = schema.relation_type(self.relation or only).relation
        (step,) = resolve_single(schema, relation, self.direction, relation.source)
        return PageRankSampler(access, step, self)


class PageRankSampler:
    """Samples personalised-PageRank neighbourhoods; safe to use from several threads.

    Args:
        access: the graph.
        step: the relation to follow.
        plan: how far, and what to keep.
    """

    def __init__(self, access: PartitionAccess, step: Step, plan: PageRankNeighbors) -> None:
        self._access, self._plan = access, plan
        self._node_type, self._relation = step.near_type, step.relation
        self._direction = stored(access.schema, step)
        self._adjacency = MappedAdjacency(
            access.book,
            step.relation,
            self._direction,
            access.mapped(MappedAdjacency.keys(step.relation, self._direction)),
        )

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped."""
        return self._adjacency.is_complete

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """The personalised-PageRank neighbourhoods of some seeds; ``stream`` decides nothing."""
        name = self._node_type
        numbers = LocalNumbers(self._access.schema.node_type_names)
        numbers.add(name, only_seeds(seeds, name, "PageRank neighbours"))
        numbers.end_hop()
        ranked = [self._highest(push) for push in self._pushed(numbers.frontier(name))]
        rows = np.repeat(np.arange(len(ranked)), [len(nodes) for nodes, _ in ranked])
        far = numbers.add(name, np.concatenate([nodes for nodes, _ in ranked] or [rows]))
        numbers.end_hop()
        ranks = np.concatenate([ranks for _, ranks in ranked] or [np.empty(0)])
        edges = SampledEdges(np.stack([far, rows]), None, (len(rows),), ranks.astype(np.float32))
        relation = Relation(name, PAGERANK, name)
        return SampledSubgraph(numbers.nodes, numbers.per_hop, {relation: edges}, "in")

    def _highest(self, push: Push) -> tuple[Ints, npt.NDArray[np.float64]]:
        """The nodes of the highest estimates, and these."""
        # The seed is number 0. A node whose residual was never pushed has no estimate.
        met = 1 + np.flatnonzero(push.estimates[1 : push.counts[0]])
        room = min(self._plan.num_neighbors, len(met))
        nodes, ranks = np.empty(room, np.int64), np.empty(room)
        keep_largest(push.nodes[met], push.estimates[met], nodes, ranks)
        return nodes, ranks

    def _pushed(self, gids: Ints) -> list[Push]:
        """Push for every seed to the end."""
        plan, rows = self._plan, stacked([self._adjacency])
        pushes = [start_push(gid) for gid in gids]
        # The states hold addresses only; this keeps what they point at alive.
        given: list[npt.NDArray] = []
        open_seeds = list(range(len(pushes)))
        while open_seeds:
            waiting = []
            for seed in open_seeds:
                pushes[seed], done = advance_push(pushes[seed], plan.restart, plan.epsilon, rows)
                if not done:
                    waiting.append(seed)
            if waiting:
                given += self._give_rows([pushes[seed] for seed in waiting])
            open_seeds = waiting
        return pushes

    def _give_rows(self, pushes: list[Push]) -> list[npt.NDArray]:
        """Ask the owners for the rows that some pushes need, and put them into their states."""
        missing = [missing_rows(push, self._plan.epsilon) for push in pushes]
        gids = np.concatenate([p.nodes[m] for p, m in zip(pushes, missing, strict=True)])
        residuals = np.concatenate([p.residuals[m] for p, m in zip(pushes, missing, strict=True)])
        wanted, place = np.unique(gids, return_inverse=True)
        # Whether a row is pushed depends on its length, which only its owner knows.
        degree_max = np.zeros(len(wanted), np.int64)
        np.maximum.at(degree_max, place, (residuals / self._plan.epsilon).astype(np.int64))
        firsts, degrees, given = self._ask_owners(wanted, degree_max + 1)
        bounds = np.cumsum([len(numbers) for numbers in missing])[:-1]
        for push, numbers, at in zip(pushes, missing, np.split(place, bounds), strict=True):
            push.firsts[numbers], push.degrees[numbers] = firsts[at], degrees[at]
        return given

    def _ask_owners(self, gids: Ints, degree_max: Ints) -> tuple[Ints, Ints, list[npt.NDArray]]:
        """The addresses (0 for rows that are too long) and lengths of rows, and their memory."""
        owners = self._access.book.owner(self._node_type, gids)
        groups = {int(part): np.flatnonzero(owners == part) for part in np.unique(owners)}
        answers = self._access.call_all(
            {
                part: RowsUpTo(self._relation, self._direction, gids[at], degree_max[at])
                for part, at in groups.items()
            }
        )
        firsts, degrees = np.zeros((2, len(gids)), np.int64)
        given = []
        for part, at in groups.items():
            degrees[at], entries = answers[part]
            entries = np.ascontiguousarray(entries)
            given.append(entries)
            here = at[degrees[at] <= degree_max[at]]
            starts = np.cumsum(degrees[here]) - degrees[here]
            firsts[here] = entries.ctypes.data + starts * entries.itemsize
        return firsts, degrees, given
