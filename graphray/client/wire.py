"""How messages of the replication protocol travel between processes: as bytes.

Ray passes plain bytes on as they are; anything else goes through its own pickler, which calls back
into Python for every object. So whoever sends packs a whole batch once, and whoever receives
unpacks it on the thread that needs it. Pickle is what Ray itself trusts between its workers; what
lies on a disk is packed by `graphray.replication.packing`.
"""

from __future__ import annotations

import pickle
from typing import Any


def encode(value: Any) -> bytes:
    """The bytes of a message, or of a tuple of messages.

    Example:
        >>> from graphray.replication.messages import CommitQuery
        >>> decode(encode((CommitQuery(term=3, number=7),)))
        (CommitQuery(term=3, number=7),)
    """
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def decode(data: bytes) -> Any:
    """The inverse of `encode`."""
    return pickle.loads(data)
