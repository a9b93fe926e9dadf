"""Hierarchy-aware sampling: with every sampled node, all that it is a part of.

Parents of nodes are looked up level by level until there are no new ones; so in a batch every path
from a node up to its roots is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.draw_entries import ALL
from graphray.reading.walking import Step
from graphray.sampling.entry_reader import EntryReader
from graphray.sampling.metapath import AGAINST, Metapath
from graphray.sampling.numbering import LocalNumbers
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Sampler, SamplingPlan, Seeds
from graphray.schema import GraphSchema, Relation

Ints = npt.NDArray[np.int64]
PARENT = "parent"


@dataclass(frozen=True)
class WithAncestors:
    """A plan: what another plan samples, and all ancestors of all its nodes.

    The ancestors are the last hop's nodes. Of the relations to parents, all edges come along whose
    lower end is in the batch.

    Attributes:
        plan: what to sample below.
        parents: the relations that lead from a node to its parents, by name or triple; ``^`` before
            the name of one that leads from parents: ``["^contains"]`` in a metagraph. By default
            those named "parent", which hierarchical knowledge graphs have.
    """

    plan: SamplingPlan
    parents: Metapath = (PARENT,)

    def make_sampler(self, access: PartitionAccess) -> AncestorSampler:
        """The sampler of one graph; see `graphray.sampling.subgraph.SamplingPlan`."""
        if isinstance(self.parents, str) or not isinstance(self.parents, Sequence):
            raise ArgumentError(f"parents = {self.parents!r}; expected a list of relations")
        steps = [step for name in self.parents for step in _steps(access.schema, name)]
        if not steps:
            raise ArgumentError("parents names no relation; give at least one")
        readers = tuple(EntryReader(access, step) for step in dict.fromkeys(steps))
        return AncestorSampler(access, self.plan.make_sampler(access), readers)


class AncestorSampler:
    """Samples with ancestors; safe to use from several threads.

    Args:
        access: the graph.
        below: samples what the ancestors are of.
        parents: read the parents of nodes.
    """

    def __init__(
        self, access: PartitionAccess, below: Sampler, parents: tuple[EntryReader, ...]
    ) -> None:
        self._access, self._below, self._parents = access, below, parents

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped."""
        return self._below.is_local and all(reader.is_local for reader in self._parents)

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """What is sampled around some seeds, and its ancestors."""
        found = self._below.sample(seeds, stream)
        # A node of a disjoint batch is itself in one tree: tree * (nodes of its type) + global id.
        sizes = {name: self._access.book.num_nodes(name) for name in found.nodes}
        numbers = LocalNumbers(found.nodes)
        for name, gids in found.nodes.items():
            trees = 0 if found.trees is None else found.trees[name]
            numbers.add(name, gids + trees * sizes[name])
        numbers.end_hop()
        edges = self._climb(numbers, sizes)
        numbers.end_hop()
        return SampledSubgraph(
            {name: ids % sizes[name] if len(ids) else ids for name, ids in numbers.nodes.items()},
            {
                name: (*counts, numbers.per_hop[name][1])
                for name, counts in found.nodes_per_hop.items()
            },
            {**_with_a_hop(found), **_joined(edges, found)},
            found.direction,
            None
            if found.trees is None
            else {
                name: ids // sizes[name] if len(ids) else ids for name, ids in numbers.nodes.items()
            },
        )

    def _climb(
        self, numbers: LocalNumbers, sizes: dict[str, int]
    ) -> list[tuple[EntryReader, Ints, Ints]]:
        """Add parents until there are no new ones; per reader and level the edges' ends, places."""
        edges: list[tuple[EntryReader, Ints, Ints]] = []
        done = dict.fromkeys(numbers.nodes, 0)
        while any(len(nodes) > done[name] for name, nodes in numbers.nodes.items()):
            frontier = {name: nodes[done[name] :] for name, nodes in numbers.nodes.items()}
            starts, done = done, {name: len(nodes) for name, nodes in numbers.nodes.items()}
            for reader in self._parents:
                near, far = reader.step.near_type, reader.step.far_type
                children = frontier[near]
                if len(children) == 0:
                    continue
                caps = np.full(len(children), ALL)
                entries = reader.draw(children % sizes[near], caps, 0)
                trees = children[entries.rows] // sizes[near]
                upper = numbers.add(far, entries.neighbors + trees * sizes[far])
                edges.append((reader, np.stack([starts[near] + entries.rows, upper]),
                              entries.positions))  # fmt: skip
        return edges


def _with_a_hop(found: SampledSubgraph) -> dict[Relation, SampledEdges]:
    """The edges below, of which the hop of the ancestors adds none."""
    return {
        relation: SampledEdges(
            each.edge_index, each.positions, (*each.per_hop, 0), each.weights, each.direction
        )
        for relation, each in found.edges.items()
    }


def _joined(
    edges: list[tuple[EntryReader, Ints, Ints]], found: SampledSubgraph
) -> dict[Relation, SampledEdges]:
    """The edges to parents by relation, all counted with the hop of the ancestors."""
    hops = max(len(counts) for counts in found.nodes_per_hop.values()) - 1
    joined = {}
    for reader in dict.fromkeys(reader for reader, _, _ in edges):
        own = [(ends, positions) for each, ends, positions in edges if each is reader]
        ends = np.concatenate([ends for ends, _ in own], axis=1)
        edge_index = ends if reader.step.direction == "out" else ends[::-1]
        joined[reader.step.relation] = SampledEdges(
            edge_index,
            np.concatenate([positions for _, positions in own]),
            (0,) * hops + (ends.shape[1],),
            direction=reader.step.direction,
        )
    return joined


def _steps(schema: GraphSchema, given: tuple[str, str, str] | str) -> list[Step]:
    """The steps to parents along all relations of a name, or along one given by its triple."""
    if isinstance(given, str):
        named = given.removeprefix(AGAINST)
        of_name = [r.relation for r in schema.relations if r.relation.name == named]
        if of_name:
            return [Step(r, "in" if given.startswith(AGAINST) else "out") for r in of_name]
        return [Step(schema.relation_type(named).relation, "out")]
    return [Step(schema.relation_type(given).relation, "out")]
