"""Snapshots at the catalog: the plan of each is made once here, for all who read it.

The desk forgets nothing that matters: a plan is a function of the pinned state, so a catalog that
was restarted makes it again when it is asked for.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable

from graphray.changes.base import BaseVersions
from graphray.changes.fold_plan import FoldPlan
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.changes.pinned_state import plan_at
from graphray.client.snapshot_ref import SnapshotRef
from graphray.errors import SnapshotGone

_PLANS_MAX = 16
_ID_LENGTH = 32


class SnapshotDesk:
    """Plans of pinned states.

    Args:
        open_versions: opens the store under the changes; called when it is needed first.
        connect: makes the way to the partitions; called when it is needed first.
    """

    def __init__(
        self,
        open_versions: Callable[[], BaseVersions],
        connect: Callable[[], PartitionCalls],
    ) -> None:
        self._open_versions = open_versions
        self._connect = connect
        self._ways: tuple[PartitionCalls, BaseVersions] | None = None
        self._plans: OrderedDict[tuple[str, int], FoldPlan] = OrderedDict()
        self._planning = threading.Lock()

    def locate(self, pin: str, time: int) -> SnapshotRef:
        """The full name of a state that was just pinned."""
        return SnapshotRef(self._plan(pin, time).base_version, pin, time)

    def plan(self, at: SnapshotRef) -> FoldPlan:
        """The plan of folding a pinned state.

        Raises:
            SnapshotGone: where the state is not pinned any more.
        """
        plan = self._plan(at.pin, at.time)
        if plan.base_version != at.version:
            raise SnapshotGone(
                f"the changes of snapshot {at.pin!r} lie over version {plan.base_version} now, not "
                f"{at.version}; take another snapshot"
            )
        return plan

    def snapshot_id(self, at: SnapshotRef) -> str:
        """What tells the state from every other: what was pinned, and when."""
        return hashlib.sha256(f"{at.version}/{at.pin}/{at.time}".encode()).hexdigest()[:_ID_LENGTH]

    def _plan(self, pin: str, time: int) -> FoldPlan:
        # One at a time: each asks all partitions for their changes.
        with self._planning:
            plan = self._plans.get((pin, time))
            if plan is None:
                if self._ways is None:
                    self._ways = self._connect(), self._open_versions()
                plan = plan_at(*self._ways, time)
                self._plans[pin, time] = plan
                if len(self._plans) > _PLANS_MAX:
                    self._plans.popitem(last=False)
            self._plans.move_to_end((pin, time))
            return plan
