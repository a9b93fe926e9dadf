"""What goes along with every request to a replica: about which state, how soon, how urgent.

As bytes, made once for all calls of a reader that has its whole patience left: Ray passes bytes on
as they are, and calls back into Python for every part of anything else.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphray.client.snapshot_ref import SnapshotRef
from graphray.client.wire import encode


@dataclass(frozen=True)
class CallTerms:
    """On which terms a request is made.

    Attributes:
        at: the state of the graph that it is about.
        left_s: after so long nobody waits for the answer any more. A span rather than a moment,
            since clocks of nodes differ; what a call takes on its way is not known.
        background: to be refused before others where there is too much to do.
    """

    at: SnapshotRef
    left_s: float
    background: bool = False


class TermsOfReader:
    """The terms of one reader's calls, encoded.

    Args:
        at: the state that it reads.
        patience_s: how long it waits for a replica, at most.

    Example:
        >>> from graphray.client.wire import decode
        >>> decode(TermsOfReader(SnapshotRef(3), 5.0).encoded(0.5, background=True))
        CallTerms(at=SnapshotRef(version=3, pin='', time=0), left_s=0.5, background=True)
    """

    def __init__(self, at: SnapshotRef, patience_s: float) -> None:
        self._at = at
        self._patience_s = patience_s
        self._usual = {
            background: encode(CallTerms(at, patience_s, background))
            for background in (False, True)
        }

    def encoded(self, left_s: float, background: bool) -> bytes:
        """The terms of a call whose answer is waited for so long."""
        if left_s == self._patience_s:
            return self._usual[background]
        return encode(CallTerms(self._at, left_s, background))
