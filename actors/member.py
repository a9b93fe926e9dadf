"""A replica's part in replication: its disk, its machine, its shell, from the first change on.

A graph that nobody changes has none of it. `Member.start` may be called any number of times, by the
catalog and by a replica that was restarted; it begins again where the disk was lost or has failed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import TypeVar

from actors.cell_state import cell_digests, cell_merges
from actors.disk_writer import DiskWriter
from actors.launch_record import LaunchRecord, find_record
from actors.parking import Parking, expects_answer
from actors.partition_state import (
    bytes_of,
    partition_state,
    state_digests,
    versions_in,
    versions_of,
)
from actors.peers import Peers
from actors.replica_disk import ReplicaDisk
from actors.shell import MachineShell, read_clock
from actors.standing import Standing, standing_of
from graphray.changes.cell_merges import Merges
from graphray.client.view import CATALOG, ActorHandle, GraphSpec
from graphray.config import state_folder
from graphray.errors import ClusterError, GraphRayError
from graphray.logs import describe_process, get_logger
from graphray.metrics import LOG_WRITE_SECONDS
from graphray.replication import (
    EventualReplica,
    Replica,
    ReplicaId,
    StateMachine,
    Strategy,
    TransactionalState,
)
from graphray.replication.core import ReplicaCore
from graphray.replication.eventual_messages import GetCells, PutCells
from graphray.replication.messages import Message, Read, Redirect, Snapshot, Write
from graphray.shard import file_safe
from graphray.tally import count_series

Found = TypeVar("Found")

_LOG = get_logger(__name__)

_LOOK_TIMEOUT_S = 2.0
# All changes since the base version are hashed.
_DIGEST_TIMEOUT_S = 60.0

FindPeers = Callable[[], tuple[Mapping[tuple[int, int], ActorHandle], ActorHandle]]


class Member:
    """One replica as a member of its partition's replica set.

    Args:
        spec: the graph.
        part: the partition.
        replica: the number of the copy.
        find_peers: the handles of the partition's replicas, and of the catalog.
    """

    def __init__(self, spec: GraphSpec, part: int, replica: int, find_peers: FindPeers) -> None:
        self._spec = spec
        self._part = part
        self._replica = replica
        self._find_peers = find_peers
        self._starting = threading.Lock()
        self._shell: MachineShell | None = None
        self._writer: DiskWriter | None = None
        self._machine: Replica | EventualReplica | None = None
        self._state: StateMachine | None = None
        self._merges: Merges | None = None
        self._parking = Parking()
        self._launch_id = ""
        self._base_version = 0
        self._identity = ""
        self._problem = ""

    def start_if_begun(self) -> None:
        """Take part where the graph has been changed before; `problem` says where that failed."""
        try:
            record = find_record(self._spec)
            if record is not None:
                self.start(record)
        except (GraphRayError, OSError, ValueError) as error:
            # The catalog misses this replica's reports, and calls `start` until it can.
            self._problem = f"takes no part in changes: {error}"

    def start(self, record: LaunchRecord) -> ReplicaId:
        """Take part in a line of changes, with what the disk holds of it; does nothing twice.

        Returns:
            The identity under which this replica takes part.

        Raises:
            StoreError: where the disk cannot be used now.
            ClusterError: where the machine has failed; `problem` says why.
        """
        with self._starting:
            if self._launch_id == record.launch_id and not self._has_lost_disk():
                self._refuse_if_failed()
                return self._identity
            self._stop()
            self._begin(record)
            return self._identity

    def receive(
        self, to: ReplicaId, sender: str, messages: tuple[Message, ...]
    ) -> Sequence[Message] | None:
        """Messages of the catalog or of another replica, and what is answered within a moment.

        Those for somebody whose disk was here before are dropped: his promises are not kept here.
        """
        shell = self._shell
        if shell is None or to != self._identity:
            return None
        if not expects_answer(messages):
            shell.post_batch(sender, messages)
            return None
        answer = self._parking.enter(sender)
        shell.run_batch(sender, messages)
        return self._parking.leave(sender, answer)

    def ask(self, message: Message, timeout_s: float) -> Message | None:
        """A client's message and its answer; None where there was none in time."""
        shell = self._shell
        if shell is None:
            return _turn_away(message)
        return shell.ask(message, timeout_s)

    def unended(self) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
        """Transactions that wait here for a decision, and those decided here but not finished.

        See `TransactionalState.undecided` and `TransactionalState.unfinished`.
        """
        nothing: tuple[dict[str, str], dict[str, tuple[str, ...]]] = {}, {}
        return self._look(lambda state: (state.undecided(), state.unfinished()), nothing)

    def oldest_version(self) -> int:
        """The oldest version of the store that this replica, or one that joins, has to read.

        Its log may have to be read again from the last snapshot on, or from the beginning; and
        pinned states may lie over older versions than the present.
        """
        shell, machine, state = self._shell, self._machine, self._state
        if shell is None or not isinstance(machine, Replica):
            return 0
        if not isinstance(state, TransactionalState):
            return 0

        def look() -> tuple[int, Snapshot | None, tuple[int, ...]]:
            core = machine.core
            return core.log.base_lsn, core.latest_snapshot, versions_of(state)

        base_lsn, snapshot, versions = shell.inspect(look, _LOOK_TIMEOUT_S)
        if base_lsn == 0 or snapshot is None:
            return self._base_version
        return min(*versions, *versions_in(snapshot.state))

    def standing(self) -> Standing | None:
        """Where this replica stands in its partition; None where it takes no part in changes.

        Raises:
            ClusterError: where its machine has failed or is too busy to say.
        """
        shell, machine, state = self._shell, self._machine, self._state
        if shell is None or machine is None:
            return None
        return shell.inspect(lambda: standing_of(machine, state), _LOOK_TIMEOUT_S)

    def pending_bytes(self) -> int:
        """The memory that changes take here beside the store."""
        return self._look(bytes_of, 0)

    def pins(self) -> tuple[str, ...]:
        """The names of the states that are pinned here."""
        return self._look(TransactionalState.pins, ())

    def digests(self) -> tuple[int, dict[str, str]]:
        """How much of the log has been applied, and hashes of what came of it, at one moment.

        Members that have applied as much have the same hashes of what both keep.
        """
        shell, machine = self._shell, self._machine
        if shell is not None and isinstance(machine, EventualReplica):
            cells = machine
            return shell.inspect(lambda: cell_digests(cells), _DIGEST_TIMEOUT_S)
        if shell is None or not isinstance(machine, Replica):
            return 0, {}
        core, state = machine.core, self._state
        assert isinstance(state, TransactionalState)
        return shell.inspect(lambda: (core.applied_lsn, state_digests(state)), _DIGEST_TIMEOUT_S)

    @property
    def conflicts(self) -> int:
        """How many conflicting writes this replica has met, under the eventual strategy."""
        machine = self._machine
        return machine.cells.conflicts if isinstance(machine, EventualReplica) else 0

    def load_merges(self) -> Merges:
        """What this process merges values by; raises ArgumentError where it cannot be imported."""
        if self._merges is None:
            self._merges = cell_merges(self._spec)
        return self._merges

    def check_disk(self) -> list[str]:
        """What is wrong with the files of this replica's disk."""
        writer = self._writer
        return [] if writer is None else writer.damage()

    def rebuild(self, reason: str) -> None:
        """Set the disk aside, and come back from the peers as somebody new."""
        writer, record = self._writer, find_record(self._spec)
        if writer is not None and record is not None:
            writer.condemn(reason)
            self.start(record)

    @property
    def scratch(self) -> Path:
        """A folder on this replica's disk for what can be made again."""
        part, replica = f"part-{self._part:05d}", f"replica-{self._replica}"
        return self._root / "scratch" / part / replica

    @property
    def problem(self) -> str:
        """What keeps this replica from taking part as it should; empty where nothing does."""
        shell, writer = self._shell, self._writer
        found = [self._problem]
        if shell is not None and shell.failure:
            found.append(f"stopped: {shell.failure}")
        if writer is not None:
            found.append(writer.problem)
        if self._merges is not None:
            found.append(self._merges.problem)
        return "; ".join(filter(None, found))

    def _begin(self, record: LaunchRecord) -> None:
        replicas, catalog = self._find_peers()
        with ExitStack() as undo:
            disk = ReplicaDisk(self._folder(record), self._part, self._replica)
            undo.callback(disk.close)
            machine = self._new_machine(record, disk)
            undo.pop_all()
        self._problem = ""
        if disk.set_aside:
            self._problem = f"began anew under another identity: {disk.set_aside}"
        place = (self._spec.name, str(self._part), str(self._replica))
        writer = DiskWriter(disk, count_series(LOG_WRITE_SECONDS, place).append)
        peers = Peers(disk.identity, replicas, catalog, self._deliver)
        self._identity, self._writer, self._machine = disk.identity, writer, machine

        def send(to: str, messages: Sequence[Message]) -> None:
            # A replica that cannot write must not look alive: its peers go on without it.
            if not writer.is_stuck and not self._parking.give(to, messages):
                peers.send(to, messages)

        self._shell = MachineShell(f"replica {disk.identity}", machine, send, disk=writer)
        self._launch_id, self._base_version = record.launch_id, record.base_version
        _LOG.info("takes part in changes as %s", disk.identity)

    def _deliver(self, sender: str, messages: Sequence[Message]) -> None:
        shell = self._shell
        if shell is not None:
            shell.post_batch(sender, messages)

    def _new_machine(self, record: LaunchRecord, disk: ReplicaDisk) -> Replica | EventualReplica:
        machine: Replica | EventualReplica
        settings, identity = self._spec.replication_settings, disk.identity
        if record.strategy is Strategy.EVENTUAL:
            merges, rng = self.load_merges().functions, Random(identity)
            machine = EventualReplica(identity, CATALOG, merges, settings, rng)
        else:
            self._state = partition_state(
                self._spec, self._part, self._replica, record.base_version
            )
            machine = Replica(identity, CATALOG, self._state, settings, read_clock())
            machine.core.on_adopted.append(lambda: _note_term(machine.core))
        machine.recover(*disk.read())
        return machine

    def _folder(self, record: LaunchRecord) -> Path:
        part, replica = f"part-{self._part:05d}", f"replica-{self._replica}"
        return self._root / record.launch_id / part / replica

    @property
    def _root(self) -> Path:
        data_dir = self._spec.options.data_dir
        root = state_folder() if data_dir is None else Path(data_dir)
        return root / file_safe(self._spec.name)

    def _has_lost_disk(self) -> bool:
        return self._writer is not None and self._writer.has_failed

    def _refuse_if_failed(self) -> None:
        if self._shell is not None and self._shell.failure:
            raise ClusterError(
                f"replica {self._identity} stopped: {self._shell.failure}; the other replicas go "
                "on without it"
            )

    def _stop(self) -> None:
        shell, writer = self._shell, self._writer
        self._shell = self._writer = None
        self._launch_id = ""
        if writer is not None and writer.has_failed:
            writer.put_away()
        if shell is not None:
            shell.close()

    def _look(self, look: Callable[[TransactionalState], Found], nothing: Found) -> Found:
        shell, state = self._shell, self._state
        if shell is None or not isinstance(state, TransactionalState):
            return nothing
        return shell.inspect(lambda: look(state), _LOOK_TIMEOUT_S)


def _note_term(core: ReplicaCore) -> None:
    """A later term has begun: say so, and with every line from now on."""
    describe_process(term=str(core.term))
    assert core.configuration is not None
    _LOG.info("is %s of term %d", core.configuration.role(core.replica), core.term)


def _turn_away(message: Message) -> Redirect | None:
    """The answer of a replica that takes no part yet; a client asks again."""
    match message:
        case (
            Read(number=request)
            | Write(seq=request)
            | GetCells(number=request)
            | PutCells(seq=request)
        ):
            return Redirect(request, None, "takes no part yet")
    return None
