"""Version vectors: how much a replica or a session has seen, per writer.

A vector maps the name of a log (a partition, or under the eventual strategy one replica of a
partition) to the highest LSN seen of it. Merging takes the larger of each; one vector *covers*
another where it is at least as large everywhere (Parker et al. 1983). A session's token is such a
vector: it can be sent to another process, which then sees at least what the first one saw.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping

from graphray.errors import ArgumentError, StoreCorrupt
from graphray.replication.packing import pack, unpack


class VersionVector(Mapping[str, int]):
    """An immutable map from log name to LSN; a log that is not named counts as 0.

    Example:
        >>> a, b = VersionVector({"p0": 3}), VersionVector({"p0": 1, "p1": 2})
        >>> a.merge(b)
        VersionVector({'p0': 3, 'p1': 2})
        >>> a.covers(b), a.merge(b).covers(b)
        (False, True)
        >>> VersionVector.from_text(a.to_text()) == a
        True
    """

    __slots__ = ("_lsns",)

    def __init__(self, lsns: Mapping[str, int] | None = None) -> None:
        self._lsns = {name: lsn for name, lsn in sorted((lsns or {}).items()) if lsn > 0}

    def __getitem__(self, name: str) -> int:
        return self._lsns.get(name, 0)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lsns)

    def __len__(self) -> int:
        return len(self._lsns)

    def __contains__(self, name: object) -> bool:
        return name in self._lsns

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VersionVector) and self._lsns == other._lsns

    def __hash__(self) -> int:
        return hash(tuple(self._lsns.items()))

    def __repr__(self) -> str:
        return f"VersionVector({self._lsns})"

    def merge(self, other: VersionVector) -> VersionVector:
        """What either has seen."""
        if not other._lsns or other is self:
            return self
        if not self._lsns:
            return other
        return VersionVector(
            {name: max(self[name], other[name]) for name in {*self._lsns, *other._lsns}}
        )

    def seen(self, name: str, lsn: int) -> VersionVector:
        """A vector that has also seen that log up to that LSN."""
        if lsn <= self[name]:
            return self
        return VersionVector({**self._lsns, name: lsn})

    def covers(self, other: VersionVector) -> bool:
        """Whether everything that ``other`` has seen has been seen."""
        return all(self[name] >= lsn for name, lsn in other._lsns.items())

    def to_plain(self) -> dict[str, int]:
        """A plain dict, for packing."""
        return dict(self._lsns)

    def to_bytes(self) -> bytes:
        """The vector as bytes, to hand to another process."""
        return pack(self._lsns)

    @classmethod
    def from_bytes(cls, data: bytes) -> VersionVector:
        """The inverse of `to_bytes`.

        Raises:
            ArgumentError: where the bytes are no version vector.
        """
        try:
            plain = unpack(data)
        except StoreCorrupt as error:
            raise ArgumentError(f"not a token of this graph: {error}") from error
        if not isinstance(plain, dict) or not all(
            isinstance(name, str) and isinstance(lsn, int) for name, lsn in plain.items()
        ):
            raise ArgumentError("not a token of this graph: no map from names to numbers")
        return cls(plain)

    def to_text(self) -> str:
        """The vector as text that is safe in URLs and environment variables."""
        return base64.urlsafe_b64encode(self.to_bytes()).decode()

    @classmethod
    def from_text(cls, text: str) -> VersionVector:
        """The inverse of `to_text`.

        Raises:
            ArgumentError: where the text is no version vector.
        """
        try:
            data = base64.b64decode(text, altchars=b"-_", validate=True)
        except binascii.Error as error:
            raise ArgumentError(f"not a token of this graph: {error}") from error
        return cls.from_bytes(data)


NOTHING_SEEN = VersionVector()
