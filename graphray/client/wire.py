"""How messages of the replication protocol travel between processes: as bytes.

Ray passes plain bytes on as they are; anything else goes through its own pickler, which calls back
into Python for every object. So whoever sends packs a whole batch once, and whoever receives
unpacks it on the thread that needs it. Pickle is what Ray itself trusts between its workers; what
lies on a disk is packed by `graphray.replication.packing`.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from graphray.client.pieces import PIECE_BYTES, pieces_for


def encode(value: Any) -> bytes:
    """The bytes of a message, or of a tuple of messages.

    Example:
        >>> from graphray.replication.messages import CommitQuery
        >>> decode(encode((CommitQuery(term=3, number=7),)))
        (CommitQuery(term=3, number=7),)
    """
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


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
    return pickle.loads(data)
