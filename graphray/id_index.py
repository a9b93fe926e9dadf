"""Looking users' ids up in the index table of a shard (see `graphray.shard`)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.ids import UserIds, index_keys
from graphray.shard import GID, ID, KEY, ArrayKey, Shard, index_table

NOT_FOUND = -1


def find_gids(shard: Shard, node_type: str, ids: UserIds) -> npt.NDArray[np.int64]:
    """The global id of each id whose index entry the shard holds, or `NOT_FOUND`, ``int64[n]``."""
    table = index_table(node_type)
    keys: npt.NDArray[np.uint64] = np.asarray(shard.array(ArrayKey(table, KEY)))
    wanted = index_keys(ids)
    found = np.full(len(wanted), NOT_FOUND, np.int64)
    if len(keys) == 0:
        return found
    gids: npt.NDArray[np.integer] = np.asarray(shard.array(ArrayKey(table, GID)))
    at = np.searchsorted(keys, wanted)
    at[at == len(keys)] = 0
    hit = keys[at] == wanted
    if not isinstance(ids, np.ndarray):
        stored = shard.array(ArrayKey(table, ID))
        hit, at = _settle_collisions(ids, stored, keys, at, hit)
    found[hit] = gids[at[hit]]
    return found


def _settle_collisions(
    ids: pa.LargeStringArray,
    stored: pa.LargeStringArray,
    keys: npt.NDArray[np.uint64],
    at: npt.NDArray[np.int64],
    hit: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Equal hashes are not yet equal strings: compare, and walk on where a run of keys is equal."""
    hit, at = hit.copy(), at.copy()
    open_rows = np.flatnonzero(hit)
    while len(open_rows):
        same = np.asarray(
            pc.equal(ids.take(pa.array(open_rows)), stored.take(pa.array(at[open_rows]))),
            dtype=bool,
        )
        open_rows = open_rows[~same]
        next_at = at[open_rows] + 1
        ended = (next_at >= len(keys)) | (
            keys[np.minimum(next_at, len(keys) - 1)] != keys[at[open_rows]]
        )
        hit[open_rows[ended]] = False
        at[open_rows] = next_at
        open_rows = open_rows[~ended]
    return hit, at
