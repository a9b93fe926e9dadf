"""The threads that write to a replica's disk: one for the log, one for snapshots.

A snapshot may be large, and no write should wait for it; the two never touch the same file. What
cannot be written *now* (a full disk) is tried again until it can: meanwhile nothing is acknowledged
and `problem` says why. A disk that *failed* (an fsync that did not succeed) is not written again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeAlias

from actors.log_files import DiskFailed
from actors.replica_disk import ReplicaDisk
from graphray.errors import StoreError
from graphray.logs import get_logger
from graphray.replication.effects import Persist, Persisted, SaveSnapshot, SnapshotSaved, TrimLog

_RETRY_S = 0.5

_LOG = get_logger(__name__)

_LOG_FILE, _SNAPSHOTS = "log", "snapshots"

Post = Callable[[Any], None]
_Tasks: TypeAlias = "SimpleQueue[tuple[Any, Post] | None]"


class DiskWriter:
    """Carries out what a machine wants of its disk (an `actors.shell.EffectTaker`).

    Args:
        disk: held by this writer alone; closed with it.
        note_seconds: is told how long each write to the log took, until it was on disk.

    Attributes:
        has_failed: the disk must not be used any more.
    """

    def __init__(
        self, disk: ReplicaDisk, note_seconds: Callable[[float], object] | None = None
    ) -> None:
        self.has_failed = False
        self._note_seconds = note_seconds
        self._problems = {_LOG_FILE: "", _SNAPSHOTS: ""}
        self._disk = disk
        self._closing = threading.Event()
        self._queues: dict[str, _Tasks] = {_LOG_FILE: SimpleQueue(), _SNAPSHOTS: SimpleQueue()}
        self._threads = [
            threading.Thread(target=self._run, args=(file,), name=f"disk-{file}", daemon=True)
            for file in self._queues
        ]
        for thread in self._threads:
            thread.start()

    @property
    def problem(self) -> str:
        """What cannot be written now, and why; empty where all can."""
        return "; ".join(filter(None, self._problems.values()))

    @property
    def is_stuck(self) -> bool:
        """Whether the log cannot be written: the replica on this disk can promise nothing."""
        return bool(self._problems[_LOG_FILE])

    def take(self, effect: Any, post: Post) -> None:
        """Queue one effect."""
        file = _SNAPSHOTS if isinstance(effect, SaveSnapshot) else _LOG_FILE
        self._queues[file].put((effect, post))

    def damage(self) -> list[str]:
        """See `ReplicaDisk.damage`."""
        return self._disk.damage()

    def condemn(self, reason: str) -> None:
        """Have nothing written any more: what the disk holds is not to be trusted."""
        self._problems[_LOG_FILE] = reason
        self.has_failed = True

    def put_away(self) -> None:
        """Set a failed disk aside, so that whoever comes next does not trust it."""
        try:
            self._disk.put_away(self.problem)
        except OSError as error:
            raise StoreError(f"{self.problem}; and its folder cannot be moved: {error}") from error

    def close(self) -> None:
        """Finish what is under way, unless it cannot be written, and let go of the disk."""
        self._closing.set()
        for tasks in self._queues.values():
            tasks.put(None)
        for thread in self._threads:
            thread.join()
        self._disk.close()

    def _run(self, file: str) -> None:
        while (task := self._queues[file].get()) is not None:
            effect, post = task
            if self._carry_out(effect, file):
                self._answer(effect, post)

    def _carry_out(self, effect: Any, file: str) -> bool:
        """Whether it was done; tries until it is, or the disk has failed or is let go."""
        while not self.has_failed:
            try:
                self._write(effect)
            except DiskFailed as error:
                self.has_failed = True
                self._note_problem(file, str(error))
            except StoreError as error:
                self._note_problem(file, str(error))
                if self._closing.wait(_RETRY_S):
                    return False
            else:
                self._problems[file] = ""
                return True
        return False

    def _note_problem(self, file: str, problem: str) -> None:
        if problem != self._problems[file]:
            _LOG.error("cannot write: %s", problem)
        self._problems[file] = problem

    def _write(self, effect: Any) -> None:
        match effect:
            case Persist(_, records):
                started = time.perf_counter()
                self._disk.append(records)
                if self._note_seconds is not None:
                    self._note_seconds(time.perf_counter() - started)
            case SaveSnapshot(snapshot):
                self._disk.save_snapshot(snapshot)
            case TrimLog(lsn):
                self._disk.trim(lsn)

    def _answer(self, effect: Any, post: Post) -> None:
        match effect:
            case Persist(number):
                post(Persisted(number))
            case SaveSnapshot(snapshot):
                post(SnapshotSaved(snapshot.lsn))
