"""A minibatch whose seeds are edges: the subgraph around both ends, and what is to be predicted."""

from __future__ import annotations

import hashlib

import numpy as np

from graphray.reading.access import PartitionAccess
from graphray.sampling.batch import Batch
from graphray.sampling.links import Links
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledSubgraph


class LinkBatch(Batch):
    """One minibatch around seed edges; what it has beyond `Batch` is what is to be predicted.

    Attributes:
        relation: the relation of the seed edges.
        edge_label_index: ``int64[2, n + negatives]``, pairs in local numbers: the seed edges first,
            then their negatives; negative j was made from seed edge ``j % n``.
        edge_label: a value for each pair: those that the loader was given, 1.0 where it was given
            none, 0 for negatives; None without labels and negatives.
        src_index: ``int64[n]``, the sources of the seed edges.
        dst_pos_index: ``int64[n]``, their destinations.
        dst_neg_index: ``int64[n, amount]``, other destinations for each, where triplets were asked
            for, else None.
        num_seeds: how many seed edges.
        seed_rows: ``int64[n]``, which of the loader's seed edges these are.
        seed_times: ``int64[n]``, when each seed edge is looked at, or None.
    """

    def __init__(
        self,
        access: PartitionAccess,
        subgraph: SampledSubgraph,
        stream: BatchStream,
        links: Links,
    ) -> None:
        super().__init__(
            access,
            subgraph,
            links.relation.source,
            stream.epoch,
            stream.batch,
            links.rows,
            links.times,
        )
        self.links = links
        self.relation = links.relation
        self.num_seeds = len(links.rows)
        self.edge_label_index, self.edge_label = links.edge_label_index, links.edge_label
        self.src_index, self.dst_pos_index = links.edge_label_index[:, : len(links.rows)]
        self.dst_neg_index = links.negative_destinations

    def __repr__(self) -> str:
        return (
            f"LinkBatch(epoch={self.epoch}, number={self.number}, seed_edges={self.num_seeds}, "
            f"nodes={self.num_nodes}, edges={self.num_edges})"
        )

    def digest(self) -> str:
        """A fingerprint as `Batch.digest`, of what is to be predicted as well."""
        state = hashlib.blake2b(super().digest().encode(), digest_size=16)
        for array in (self.edge_label_index, self.edge_label, self.dst_neg_index):
            state.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
        return state.hexdigest()
