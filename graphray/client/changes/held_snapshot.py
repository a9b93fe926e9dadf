"""A snapshot for as long as somebody holds it: pinned, renewed in the background, let go of.

Where the process that took a snapshot dies, nobody renews the pin, and it ends by itself.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.changes.pinned_state import pin_state, renew_pin, unpin_state
from graphray.client.snapshot_ref import SnapshotRef
from graphray.errors import ConnectionEnded, GraphRayError

_RENEWALS_PER_TTL = 3


class HeldSnapshot:
    """A pinned state of all partitions.

    Args:
        calls: the partitions.
        locate: turns a pin's name and time into the full name of the state.
        ttl_s: after the death of this process the state is kept for as long as this.

    Attributes:
        at: which state it is.

    Raises:
        ClusterError: where a partition did not answer; nothing is pinned then.
    """

    def __init__(
        self, calls: PartitionCalls, locate: Callable[[str, int], SnapshotRef], ttl_s: float
    ) -> None:
        self._calls = calls
        self._ttl_s = ttl_s
        self._released = threading.Event()
        name, time = pin_state(calls, "snapshot", ttl_s)
        try:
            self.at = locate(name, time)
        except BaseException:
            unpin_state(calls, name)
            raise
        self._renewing = threading.Thread(target=self._renew, name=f"renewing {name}", daemon=True)
        self._renewing.start()

    def release(self) -> None:
        """Let go of the state; does nothing twice, nor once this process has disconnected."""
        if not self._released.is_set():
            self.forget()
            self._renewing.join()
            with contextlib.suppress(ConnectionEnded):
                unpin_state(self._calls, self.at.pin)

    def forget(self) -> None:
        """Renew it no more, so that it ends by itself; returns at once."""
        self._released.set()

    def _renew(self) -> None:
        while not self._released.wait(self._ttl_s / _RENEWALS_PER_TTL):
            # A partition that is away now may answer the next renewal in time. Where the state is
            # gone for good, whoever reads it is told so.
            try:
                if not renew_pin(self._calls, self.at.pin, self.at.time, self._ttl_s):
                    return
            except ConnectionEnded:
                return
            except GraphRayError:
                continue
