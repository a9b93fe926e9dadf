"""Snapshots of the state, and the cutting of the log behind them.

The log may only be cut behind a snapshot that is durable, or a crash between the two would leave
neither. Some entries behind it are kept, for replicas that were away for a short time.
"""

from __future__ import annotations

from graphray.replication.core import ReplicaCore
from graphray.replication.effects import SaveSnapshot, TrimLog
from graphray.replication.messages import Snapshot


class Checkpointer:
    """Takes a snapshot every so many entries."""

    def __init__(self, core: ReplicaCore) -> None:
        self._core = core
        self._saving: Snapshot | None = None
        self._kept: frozenset[str] = frozenset()

    def checkpoint_if_due(self) -> None:
        """Save a snapshot where enough entries have been applied since the last one."""
        core, latest = self._core, self._core.latest_snapshot
        saved_lsn = 0 if latest is None else latest.lsn
        is_due = core.applied_lsn - saved_lsn >= core.settings.checkpoint_entries
        is_due = is_due or core.must_checkpoint
        if is_due and self._saving is None and core.installing is None:
            self._saving, self._kept = core.snapshot(), core.state.covered() or frozenset()
            core.emit(SaveSnapshot(self._saving))

    def on_snapshot_saved(self, lsn: int) -> None:
        """The snapshot is durable: entries far enough behind it may go."""
        if self._saving is not None and self._saving.lsn == lsn:
            saved, self._saving = self._saving, None
            self._core.kept = self._kept
            self._core.must_checkpoint = False
            latest = self._core.latest_snapshot
            if latest is None or latest.lsn <= lsn:
                self._core.latest_snapshot = saved
                self._trim_behind(lsn)

    def _trim_behind(self, lsn: int) -> None:
        core = self._core
        upto_lsn = lsn - core.settings.keep_entries
        if upto_lsn > core.log.base_lsn:
            core.log.trim(upto_lsn)
            core.emit(TrimLog(upto_lsn))
