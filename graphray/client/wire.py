"""How messages of the replication protocol travel between processes: as bytes.

Ray passes plain bytes on as they are; anything else goes through its own pickler, which calls back
into Python for every object. So whoever sends packs a whole batch once, and whoever receives
unpacks it on the thread that needs it. Pickle is what Ray itself trusts between its workers; what
lies on a disk is packed by `graphray.replication.packing`.

A read and its answer travel as plain tuples. Pickle takes four times as long over a dataclass, and
four times in a point read that is no small part of it.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from graphray.client.pieces import PIECE_BYTES, pieces_for
from graphray.replication.consistency import Consistency
from graphray.replication.messages import Read, ReadDone
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector


def encode(value: Any) -> bytes:
    """The bytes of a message, or of a tuple of messages.

    Example:
        >>> from graphray.replication.messages import CommitQuery
        >>> decode(encode((CommitQuery(term=3, number=7),)))
        (CommitQuery(term=3, number=7),)
    """
    return pickle.dumps(_to_plain(value), pickle.HIGHEST_PROTOCOL)


def encode_in_pieces(value: Any) -> tuple[bytes, ...]:
    """The same, cut so that Ray sends it along with a call (see `graphray.client.pieces`)."""
    data = encode(value)
    if len(data) <= PIECE_BYTES or pieces_for(len(data)) == 1:
        return (data,)
    return tuple(data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES))


def decode_pieces(pieces: Sequence[bytes]) -> Any:
    """The inverse of `encode_in_pieces`."""
    return decode(pieces[0] if len(pieces) == 1 else b"".join(pieces))


def decode(data: bytes) -> Any:
    """The inverse of `encode`."""
    return _from_plain(pickle.loads(data))


def _to_plain(value: Any) -> Any:
    if type(value) is Read:
        level, tags = value.level.value, tuple(value.tags)
        return "read", value.client, value.number, value.query, level, value.lsn_min, tags
    if type(value) is ReadDone:
        seen = value.dependencies.to_plain()
        return "read done", value.client, value.number, value.lsn, value.result, seen
    return value


def _from_plain(plain: Any) -> Any:
    match plain:
        case ("read", client, number, query, level, lsn_min, tags):
            return Read(client, number, query, Consistency(level), lsn_min, frozenset(tags))
        case ("read done", client, number, lsn, result, seen):
            vector = VersionVector(seen) if seen else NOTHING_SEEN
            return ReadDone(client, number, lsn, result, vector)
    return plain
