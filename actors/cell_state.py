"""The cells of a partition under the eventual strategy: how they are merged and compared."""

from __future__ import annotations

import hashlib

from graphray.changes.cell_merges import Merges
from graphray.client.view import GraphSpec
from graphray.replication import EventualReplica
from graphray.replication.packing import pack
from graphray.schema import GraphSchema
from graphray.store import Store

_DIGEST_BYTES = 16


def cell_merges(spec: GraphSpec) -> Merges:
    """The merge functions of a graph.

    Raises:
        ArgumentError: where one cannot be imported in this process, or is no join.
    """
    if not spec.options.merges:
        return Merges({}, GraphSchema((), ()))
    schema = Store.open(spec.uri, spec.version, verify=False).schema
    return Merges(spec.options.merges, schema)


def cell_digests(replica: EventualReplica) -> tuple[int, dict[str, str]]:
    """A number that says which writes have been seen, and a hash of what the cells show.

    Replicas that have seen the same writes have the same of both. Tombstones are left out, since
    each replica forgets them when it knows that it may.
    """
    shown = sorted(
        (place, tuple(cell.stamp), cell.value)
        for place, cell in replica.cells.items()
        if cell.value is not None
    )
    seen = int.from_bytes(_hash(replica.seen.to_bytes())[:7], "little")
    return seen, {"cells": _hash(pack(shown)).hex()}


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()
