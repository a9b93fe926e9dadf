"""Nodes against the partition book, and the index against the nodes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.checking.report import Findings
from graphray.ids import index_keys
from graphray.kernels.check import add_by_owner
from graphray.kernels.hashing import hash_words
from graphray.shard import GID, ID, KEY, STABLE, ArrayKey, index_table, nodes_table
from graphray.store.reader import Store

Words = npt.NDArray[np.uint64]


def check_nodes(store: Store, node_type: str, findings: Findings) -> None:
    """Check the ``nodes`` tables of one type: as many as the book says, in rising stable id."""
    table = nodes_table(node_type)
    for part in range(store.parts):
        start, stop = store.book.node_range(node_type, part)
        stable = np.asarray(store.shard(part).array(ArrayKey(table, STABLE)))
        if len(stable) != stop - start:
            findings.note(part, table, f"{len(stable)} nodes, but the book says {stop - start}")
        falls = np.flatnonzero(stable[1:] <= stable[:-1])
        if len(falls):
            row = int(falls[0]) + 1
            findings.note(part, table, "stable ids do not rise", row, len(falls))


def check_index(store: Store, node_type: str, findings: Findings) -> None:
    """Check the index of one type: its order and places, and that it leads to every node once.

    Index and nodes are compared by sums of hashes of (key, global id), one sum for each pair of a
    partition whose index an entry is in and the partition that owns the node. So one pass over each
    side suffices, and a difference is found but for a chance of one in 2**64.
    """
    table, parts = index_table(node_type), store.parts
    offsets, count = store.book.node_offsets[node_type], store.book.num_nodes(node_type)
    by_index, by_nodes = np.zeros((2, parts, parts), np.uint64)
    for part in range(parts):
        shard = store.shard(part)
        keys = np.asarray(shard.array(ArrayKey(table, KEY)))
        gids = np.asarray(shard.array(ArrayKey(table, GID)))
        _note_rows(findings, part, table, np.append(False, keys[1:] < keys[:-1]), "keys fall")
        elsewhere = keys % np.uint64(parts) != part
        _note_rows(findings, part, table, elsewhere, "the key belongs to another partition")
        dangling = gids >= count
        _note_rows(findings, part, table, dangling, "leads to a node that there is not")
        if store.schema.node_type(node_type).id_kind == "string":
            ids = shard.array(ArrayKey(table, ID))
            _note_rows(findings, part, table, index_keys(ids) != keys, "the key is of another id")
        if not dangling.any():
            add_by_owner(gids, offsets, _pair_hashes(keys, gids), by_index[part])
        _add_nodes(store, node_type, part, by_nodes[:, part])
    for part, owner in np.argwhere(by_index != by_nodes).tolist():
        if not findings.has(part, table):
            what = f"does not lead to exactly the nodes of partition {owner} whose ids belong here"
            findings.note(part, table, what)


def _add_nodes(store: Store, node_type: str, part: int, sums: Words) -> None:
    """Add what the index has to have of a partition's nodes, by the partition of the index."""
    ids = store.shard(part).array(ArrayKey(nodes_table(node_type), ID))
    keys = index_keys(ids)
    gids = np.arange(len(keys)) + store.book.node_range(node_type, part)[0]
    homes = (keys % np.uint64(store.parts)).astype(np.int64)
    np.add.at(sums, homes, _pair_hashes(keys, gids))


def _pair_hashes(keys: Words, gids: npt.NDArray[np.integer]) -> Words:
    return hash_words(hash_words(keys) ^ gids.astype(np.uint64))


def _note_rows(
    findings: Findings, part: int, table: str, wrong: npt.NDArray[np.bool_], what: str
) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        findings.note(part, table, what, int(rows[0]), len(rows))
