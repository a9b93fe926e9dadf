"""What transactions conflict over: 64-bit keys of nodes, ids, columns and counters.

A key is a hash, so two things may share one by accident; the only harm is a transaction that runs
again. What a change reads, touches and writes of them (see `graphray.replication.commands.Changes`
for what conflicts with what), each in the partition that it names:

======================  ==========================================================================
add a node              writes its id key, at its home
delete a node           writes its node key, at its owner; writes its id key, at its home
add or delete an edge   touches the node key of each end, at its owner
update a node           touches its node key; writes its column keys
update an edge          touches the node key and writes the row column keys of each end
read a node             reads its node key, and its column keys
read a row              reads the node key, and the row column keys of the columns that it reads
locate an id            reads its id key, at its home
read or set a counter   reads or writes its key
======================  ==========================================================================
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from graphray.changes.plain_arrays import Ints
from graphray.ids import UserIds, index_keys
from graphray.kernels.hashing import hash_word, hash_words
from graphray.schema import Relation

Keys = npt.NDArray[np.uint64]
NO_KEYS: Keys = np.empty(0, np.uint64)


def node_keys(node_type: str, part: int, stable: Ints) -> Keys:
    """Whether nodes exist, and which edges they have, ``uint64[n]``.

    >>> len(set(node_keys("author", 0, np.arange(100)).tolist()))
    100
    """
    return _mixed(_role("node", node_type, str(part)), _as_words(stable))


def id_keys(node_type: str, ids: UserIds) -> Keys:
    """Which nodes have these ids, ``uint64[n]``."""
    return _mixed(_role("id", node_type), index_keys(ids))


def node_column_keys(node_type: str, column: str, part: int, stable: Ints) -> Keys:
    """The values of a column of nodes, ``uint64[n]``."""
    return _mixed(_role("column", node_type, column, str(part)), _as_words(stable))


def row_column_keys(relation: Relation, column: str, part: int, near_stable: Ints) -> Keys:
    """The values of a column of all edges at nodes, in either direction, ``uint64[n]``."""
    return _mixed(_role("row column", *relation, column, str(part)), _as_words(near_stable))


def counter_keys(names: Iterable[str]) -> Keys:
    """The values of counters, ``uint64[n]``."""
    return np.array([_role("counter", name) for name in names], np.uint64)


def home_parts(ids: UserIds, parts: int) -> npt.NDArray[np.int32]:
    """The partition that holds the index entry of each id, and new nodes with it, ``int32[n]``.

    >>> home_parts(np.arange(4), 1).tolist()
    [0, 0, 0, 0]
    """
    if parts == 1:
        return np.zeros(len(ids), np.int32)
    return (index_keys(ids) % np.uint64(parts)).astype(np.int32)


def _mixed(role: int, words: Keys) -> Keys:
    if len(words) == 1:
        return np.array([hash_word(int(words[0]) ^ role)], np.uint64)
    return hash_words(words ^ np.uint64(role))


def _as_words(stable: Ints) -> Keys:
    return np.ascontiguousarray(stable, np.int64).view(np.uint64)


@lru_cache(maxsize=4096)
def _role(*names: str) -> int:
    text = "".join(f"{len(name)}:{name}" for name in names)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
