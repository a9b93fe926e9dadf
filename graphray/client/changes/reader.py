"""Reads of a running graph at one level of consistency; made by `graphray.Graph.read`."""

from __future__ import annotations

from typing import TypeAlias

from graphray.client.changes.planning import ChangeClient
from graphray.client.changes.point_reads import PointReads
from graphray.client.changes.questions import LevelReads
from graphray.errors import ArgumentError
from graphray.replication.consistency import Consistency
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

Token: TypeAlias = VersionVector | bytes | str
"""A token as it is held, or as it was handed over."""

_LEVELS = tuple(level.value for level in Consistency if level is not Consistency.SNAPSHOT)


class Reader(PointReads):
    """Looks nodes and edges up; safe to use from several threads.

    Args:
        client: the graph.
        consistency: what answers show at least: "strong", "causal", "session", "monotonic" or
            "eventual"; see docs/guarantees.md.
        after: a token; answers show at least what it has seen, but at the level "eventual".

    Raises:
        ArgumentError: where there is no such level, or the token is none.
    """

    def __init__(
        self, client: ChangeClient, consistency: str = "strong", after: Token | None = None
    ) -> None:
        level = _level(consistency)
        token = as_token(after)
        client.calls.pool.observe(token)
        asks = LevelReads(client.calls, level, token)
        super().__init__(client.schema, client.calls.parts, client.base, asks)
        self._pool = client.calls.pool
        self.consistency = level.value

    @property
    def token(self) -> VersionVector:
        """Where this process stands: who reads ``after=token`` sees what has been read here."""
        return self._pool.token


def as_token(token: Token | None) -> VersionVector:
    """A token in whatever form it came; raises ArgumentError where it is none."""
    match token:
        case None:
            return NOTHING_SEEN
        case bytes():
            return VersionVector.from_bytes(token)
        case str():
            return VersionVector.from_text(token)
        case VersionVector():
            return token
    raise ArgumentError(
        f"after = {token!r}; expected a token, such as transaction.token, or its bytes or text"
    )


def _level(name: str) -> Consistency:
    if name == Consistency.SNAPSHOT.value:
        raise ArgumentError(
            "consistency = 'snapshot': a snapshot has to be pinned first; use graph.snapshot()"
        )
    if name not in _LEVELS:
        raise ArgumentError(f"consistency = {name!r}; expected one of {', '.join(_LEVELS)}")
    return Consistency(name)
