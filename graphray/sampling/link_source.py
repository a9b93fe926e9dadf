"""Batches around seed edges: what `graphray.Graph.link_loader` makes them of."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.sampling.exclusion import without_edges
from graphray.sampling.link_batch import LinkBatch
from graphray.sampling.links import Links
from graphray.sampling.negative_sampler import NegativeSampler
from graphray.sampling.negatives import Negatives
from graphray.sampling.pairs import Pairs
from graphray.sampling.seed_edges import SeedEdges
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledSubgraph, SamplingPlan, Seeds
from graphray.schema import GraphSchema, Relation

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
RelationName = tuple[str, str, str] | str


class LinkSource:
    """Seed edges, and how the neighbourhoods of some are sampled (a `BatchSource`).

    Args:
        access: the graph.
        edges: the seed edges.
        sampling: how to sample around the ends of the pairs.
        labels: see `graphray.Graph.link_loader`, as for all that follow.
    """

    def __init__(
        self,
        access: PartitionAccess,
        edges: SeedEdges,
        sampling: SamplingPlan,
        *,
        labels: Any,
        negatives: Negatives | None,
        exclude_seed_edges: bool,
        reverse: RelationName | None,
        seed_times: Any,
    ) -> None:
        self._access = access
        self._sampling = sampling
        self._sampler = sampling.make_sampler(access)
        self.relation = edges.relation
        times = edges.times(access, seed_times)
        self._seeds = Pairs(edges.sources, edges.destinations, times)
        self._labels = None if labels is None else edges.column(access, labels, "labels")
        _check_negatives(negatives, self._labels, times)
        self._wanted = negatives
        self._negatives = (
            None if negatives is None else NegativeSampler(access, self.relation, negatives)
        )
        if negatives is not None and self._labels is not None:
            self._labels = _with_zero_free(self._labels)
        self._excluded = (
            _excluded(access.schema, self.relation, reverse) if exclude_seed_edges else ()
        )

    @property
    def snapshot_id(self) -> str:
        """See `graphray.sampling.loader.BatchSource`, as for all that follow."""
        return self._access.snapshot_id

    @property
    def num_seeds(self) -> int:
        """How many seed edges there are."""
        return len(self._seeds)

    @property
    def is_local(self) -> bool:
        """Whether no batch costs a call."""
        return self._sampler.is_local and (self._negatives is None or self._negatives.is_local)

    def fingerprint(self) -> str:
        """What tells these seed edges, and what is made of them, from others."""
        settings = (self.relation, self._sampling, self._wanted, self._excluded)
        state = hashlib.blake2b(repr(settings).encode(), digest_size=16)
        seeds = self._seeds
        for array in (seeds.sources, seeds.destinations, seeds.times, self._labels):
            state.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
        return state.hexdigest()

    def make(self, rows: Ints, stream: BatchStream) -> LinkBatch:
        """The batch of the seed edges of these numbers."""
        positives = self._seeds.of(rows)
        negatives = positives.of(rows[:0])
        if self._negatives is not None:
            negatives = self._negatives.draw(positives, stream)
        sources, destinations = self._ends(positives, negatives)
        subgraph, (source, destination) = self._sample(positives, sources, destinations, stream)
        for relation, turned in self._excluded:
            subgraph = without_edges(
                subgraph, relation, positives.turned() if turned else positives
            )
        links = self._links(rows, positives, source, destination)
        return LinkBatch(self._access, subgraph, stream, links)

    def _ends(self, positives: Pairs, negatives: Pairs) -> tuple[Ints, Ints]:
        """Where sampling starts: the sources, those of triplets once, and the destinations."""
        sources = positives.sources
        if not self._makes_triplets:
            sources = np.concatenate([sources, negatives.sources])
        return sources, np.concatenate([positives.destinations, negatives.destinations])

    @property
    def _makes_triplets(self) -> bool:
        return self._wanted is not None and self._wanted.mode == "triplet"

    def _sample(
        self, positives: Pairs, sources: Ints, destinations: Ints, stream: BatchStream
    ) -> tuple[SampledSubgraph, tuple[Ints, Ints]]:
        """The subgraph around both ends, and their local numbers in it."""
        count = max(len(positives), 1)
        # Which seed edge each seed node belongs to: its negatives' nodes are its own.
        edge_of = np.concatenate([np.arange(len(sources)), np.arange(len(destinations))]) % count
        times = None if positives.times is None else positives.times[edge_of]
        seeds = _by_type(self.relation, sources, destinations, times)
        subgraph = self._sampler.sample(seeds, stream)
        if subgraph.trees is None:
            return subgraph, _first_places(self.relation, sources, destinations)
        trees = {name: edge_of[numbers] for name, numbers in subgraph.trees.items()}
        return replace(subgraph, trees=trees), _own_places(self.relation, sources, destinations)

    def _links(self, rows: Ints, positives: Pairs, source: Ints, destination: Ints) -> Links:
        count = len(rows)
        labels = None if self._labels is None else self._labels[rows]
        if self._makes_triplets:
            pairs = np.stack([source, destination[:count]])
            # Negative j was made from seed edge j % count.
            others = destination[count:].reshape(-1, count).T
            return Links(self.relation, rows, pairs, None, others, positives.times)
        pairs = np.stack([source, destination])
        if self._negatives is not None:
            labels = np.ones(count, np.float32) if labels is None else labels
            zeros = np.zeros((len(source) - count, *labels.shape[1:]), labels.dtype)
            labels = np.concatenate([labels, zeros])
        return Links(self.relation, rows, pairs, labels, None, positives.times)


def _check_negatives(negatives: Negatives | None, labels: Any, times: Any) -> None:
    if negatives is None:
        return
    if not isinstance(negatives, Negatives):
        raise ArgumentError(f"negatives = {negatives!r}; expected graphray.Negatives(...)")
    if negatives.mode == "triplet" and labels is not None:
        raise ArgumentError("labels and triplets are both given; triplets have no labels")
    if negatives.node_time is not None and times is None:
        raise ArgumentError("negatives by node_time need seed_times to compare with")


def _with_zero_free(labels: Array) -> Array:
    """Class numbers from 1 on where some are 0, which is the label of negatives."""
    if labels.dtype.kind in "iu" and len(labels) and labels.min() == 0:
        return labels + 1
    return labels


def _excluded(
    schema: GraphSchema, relation: Relation, reverse: RelationName | None
) -> tuple[tuple[Relation, bool], ...]:
    """The relations that lose edges, and whether they do the other way round."""
    excluded = [(relation, False)]
    if not schema.relation_type(relation).directed:
        excluded.append((relation, True))
    if reverse is not None:
        other = schema.relation_type(reverse).relation
        if (other.source, other.destination) != (relation.destination, relation.source):
            raise ArgumentError(
                f"reverse = {reverse!r} leads from {other.source} to {other.destination}; the "
                f"reverse of {relation} leads from {relation.destination} to {relation.source}"
            )
        excluded.append((other, True))
    return tuple(dict.fromkeys(excluded))


def _by_type(relation: Relation, sources: Ints, destinations: Ints, times: Ints | None) -> Seeds:
    if relation.source == relation.destination:
        nodes = {relation.source: np.concatenate([sources, destinations])}
        return Seeds(nodes, None if times is None else {relation.source: times})
    nodes = {relation.source: sources, relation.destination: destinations}
    if times is None:
        return Seeds(nodes)
    parts = times[: len(sources)], times[len(sources) :]
    return Seeds(nodes, dict(zip(nodes, parts, strict=True)))


def _own_places(relation: Relation, sources: Ints, destinations: Ints) -> tuple[Ints, Ints]:
    """The local numbers of seeds that each stand for themselves."""
    before = len(sources) if relation.source == relation.destination else 0
    return np.arange(len(sources)), before + np.arange(len(destinations))


def _first_places(relation: Relation, sources: Ints, destinations: Ints) -> tuple[Ints, Ints]:
    """The local numbers of seeds that stand once, in the order in which they first occur."""
    if relation.source != relation.destination:
        return _order_of_occurrence(sources), _order_of_occurrence(destinations)
    both = _order_of_occurrence(np.concatenate([sources, destinations]))
    return both[: len(sources)], both[len(sources) :]


def _order_of_occurrence(gids: Ints) -> Ints:
    """For each entry, how many distinct entries first occur before its first occurrence."""
    _, first, inverse = np.unique(gids, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
