"""Where a store is, without what would let a reader in."""

from __future__ import annotations

import re

_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
_QUERY = re.compile(r"\?.*", re.DOTALL)


def shown_uri(uri: str) -> str:
    """A URI without its login and its query, either of which may hold a key.

    >>> shown_uri("s3://key:secret@bucket/papers?endpoint_override=h&session_token=t")
    's3://bucket/papers'
    """
    return _QUERY.sub("", _LOGIN.sub("", uri)) if "://" in uri else uri
