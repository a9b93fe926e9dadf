"""How many edges run between any two partitions, counted on a sample of the stored adjacency.

Every k-th entry of each partition's incoming adjacency is looked at and stands for k, so that the
time depends on the sample and not on the graph. Where k is 1 the counts are exact. A store away
from the local disk is read whole all the same.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphray.errors import ArgumentError
from graphray.progress import progress
from graphray.schema import RelationType
from graphray.shard import NEIGHBOR, ArrayKey, edges_table
from graphray.store import Store

ENTRIES_MAX = 4_000_000


def cut_between(store: Store, *, entries_max: int = ENTRIES_MAX) -> sparse.csr_array:
    """Count the edges between partitions.

    Args:
        store: whose partitions.
        entries_max: how many adjacency entries to look at, about.

    Returns:
        ``float64[parts, parts]``, symmetric: the edges with one end in each of two partitions, and
        on the diagonal those within one.

    Raises:
        ArgumentError: where `entries_max` is below 1.
        StoreCorrupt: where a file is missing, cut short or changed.
    """
    if entries_max < 1:
        raise ArgumentError(f"entries_max = {entries_max}; expected at least 1")
    relations = store.schema.relations
    entries = sum(store.book.num_edges(kind.relation) for kind in relations)
    step = max(1, -(-entries // entries_max))
    total = sparse.csr_array((store.parts, store.parts), dtype=np.float64)
    with progress("counting cut edges", total=len(relations), unit="relations") as bar:
        for kind in relations:
            total += _edges_of(store, kind, step)
            bar.advance()
    return sparse.csr_array(total)


def _edges_of(store: Store, kind: RelationType, step: int) -> sparse.csr_array:
    # Sparse row by row: a thousand partitions have few neighbours each.
    rows = [
        sparse.csr_array(_sources(store, kind, part, step)[None, :]) for part in range(store.parts)
    ]
    found = sparse.csr_array(sparse.vstack(rows))
    both = found + found.T
    # An undirected edge has an entry at each of its ends.
    return (both - sparse.diags_array(found.diagonal())) * (1.0 if kind.directed else 0.5)


def _sources(store: Store, kind: RelationType, part: int, step: int) -> npt.NDArray[np.float64]:
    """``float64[parts]``: a partition's incoming edges, by the partition that they come from."""
    key = ArrayKey(edges_table(kind.relation, "in"), NEIGHBOR)
    sources = np.asarray(store.shard(part).array(key))
    looked_at = sources[::step]
    owners = store.book.owner(kind.relation.source, looked_at)
    counts = np.bincount(owners, minlength=store.parts).astype(np.float64)
    return counts * (len(sources) / max(1, len(looked_at)))
