"""How long calls took in this process, by kind, and when to ask a second replica therefore.

The kind of a call is the class of its request and the magnitude of its answer: the third hop of a
sample takes longer than the first, and is not slow for that.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable

from graphray.health import HedgeBudget, HedgeSettings, LatencyHistogram, hedge_delay_s

# A quantile takes a hundred times as long as to note a latency, and moves little by one.
_REFRESHED_AFTER = 32


class _Kind:
    """The latencies of one kind of call."""

    def __init__(self, settings: HedgeSettings) -> None:
        self.seen = LatencyHistogram()
        self.delay_s = settings.delay_unknown_s
        self.noted = 0


class SeenCalls:
    """What one client has seen of the calls to one graph; used by many threads.

    Args:
        settings: when to ask twice.

    Example:
        >>> calls = SeenCalls(HedgeSettings())
        >>> calls.delay_s("lookup")
        0.1
        >>> for _ in range(64):
        ...     calls.note("lookup", latency_s=0.01, now_s=0.0)
        >>> 0.01 <= calls.delay_s("lookup") < 0.012
        True
    """

    def __init__(self, settings: HedgeSettings) -> None:
        self._settings = settings
        self._budget = HedgeBudget(settings)
        self._kinds: dict[Hashable, _Kind] = {}
        self._lock = threading.Lock()

    def delay_s(self, kind: Hashable) -> float:
        """After how long without an answer to ask a second replica."""
        known = self._kinds.get(kind)
        return self._settings.delay_unknown_s if known is None else known.delay_s

    def may_hedge(self) -> bool:
        """Whether a second call can be afforded; where so, it is paid for."""
        with self._lock:
            return self._budget.spend()

    def note(self, kind: Hashable, latency_s: float, now_s: float) -> None:
        """A call was answered, by whichever replica, so long after it was first sent."""
        with self._lock:
            self._budget.called()
            known = self._kinds.get(kind)
            if known is None:
                known = self._kinds[kind] = _Kind(self._settings)
            known.seen.note(latency_s, now_s)
            known.noted += 1
            if known.noted % _REFRESHED_AFTER == 0:
                known.delay_s = hedge_delay_s(known.seen, self._settings)
