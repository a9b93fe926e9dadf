"""Settings, one frozen dataclass per concern; each field says what happens at either end of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from graphray.errors import ArgumentError
from graphray.logs import LogFormat

if TYPE_CHECKING:
    from graphray.health.settings import HealthSettings
    from graphray.replication.settings import ReplicationSettings

ReplicationName = Literal["full", "quorum", "chain", "partial", "eventual"]
"""How the replicas of a partition share its changes; see ``docs/guarantees.md``."""


@dataclass(frozen=True)
class CallPolicy:
    """How long a client waits for actors.

    Attributes:
        deadline_s: after this long a call ends in an error that names the partition. Shorter:
            failures show sooner, also those that a restart (about 2 s for a process, 20 s for a
            node) would have mended.
        try_timeout_s: after this long without an answer another replica is asked. Shorter: a hung
            replica costs less; too short, and slow answers are asked for twice.
        backoff_s: the pause before a partition is tried again when all of its replicas failed.
        hedge_share: a read that takes longer than 95 of 100 others did is asked of a second replica
            too, and the first answer counts; so many of all reads at most. More: a shorter tail
            while a replica is slow, and more load just then; 0: none are asked twice.
        background: these calls are work that nobody waits for, such as a nightly export. Replicas
            that have much to do refuse them first.
    """

    deadline_s: float = 60.0
    try_timeout_s: float = 5.0
    backoff_s: float = 0.1
    hedge_share: float = 0.1
    background: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.try_timeout_s <= self.deadline_s:
            raise ArgumentError(
                f"try_timeout_s = {self.try_timeout_s}, deadline_s = {self.deadline_s}; expected "
                "0 < try_timeout_s <= deadline_s, so that there is time for a second replica"
            )
        if not 0 < self.backoff_s < self.deadline_s:
            raise ArgumentError(f"backoff_s = {self.backoff_s}; expected above 0, below deadline_s")
        if not 0 <= self.hedge_share <= 1:
            raise ArgumentError(f"hedge_share = {self.hedge_share}; expected 0 to 1")


@dataclass(frozen=True)
class LaunchOptions:
    """What a graph asks of the cluster.

    Attributes:
        replicas: copies of every partition. One: a crash is felt until Ray has restarted it. Two
            or more: reads go on through any crash that leaves one of them.
        cpus_per_replica: logical CPUs to reserve for each. More: fewer replicas a node. It has to
            be above 0, or Ray would ignore where a replica is wanted.
        threads_per_replica: requests that one replica serves at once.
        queue_s_max: seconds that a request may wait at a replica; where it would be longer, it is
            refused at once, and its caller goes to another replica or comes back later. Longer:
            bursts are ridden out; answers come later when there is too much to do.
        start_timeout_s: how long all replicas may take to load before the launch is given up.
        verify: check every file's checksum while loading.
        map_files: readers on a replica's node map the files of a store that lies on that node's
            disk, one copy in the page cache. False, or a store elsewhere: they map a copy that the
            replica puts into the node's object store; better where the disk is a slow network's,
            since that copy is never read again.
        replication: how changes are replicated. It is fixed by the first change of a graph; later
            launches under the same name have to agree.
        coverage: under "partial" replication, which property columns each replica keeps of what
            changes, by its number (from 0): "all", or columns by node type or relation, such as
            ``{0: "all", 1: {"paper": ["x"], ("author", "writes", "paper"): "all"}, 2: {}}``. A
            replica that is not named keeps all. None: every column on two replicas, dealt out in
            turn. A column on one replica alone: less memory; it is gone with that replica's disk.
        merges: under "eventual" replication, what becomes of two values of one property of a node:
            by column (``"paper.score"``) "max", "min", "union" or ``"package.module:function"``, a
            join that every node can import (`graphray.changes.cell_merges`). In other columns the
            last writer wins. Fixed by the first change, as ``replication`` is.
        data_dir: a folder on every node's own disk in which replicas keep their logs of changes;
            None for the user's state folder (see `state_folder`). It must outlast restarts: whoever
            deletes it on all nodes has lost the changes. On a network disk every write waits for
            that disk.
        state_uri: where the catalog keeps who leads which partition, a folder or URI that the node
            of the catalog reaches whichever that is; None for ``running/`` in the store. It has to
            offer create-if-absent (a local or shared disk, S3).
        replication_settings: the times of the protocol; None for those that suit a cluster
            (`graphray.replication.settings.ON_RAY`).
        health: how the catalog watches the replicas, and what it does about those that hang or fail
            again and again; None for what suits a cluster (`graphray.health.HealthSettings`).
        discard_changes: begin a new line of changes over the store: those made under this name
            before are not in it. They stay on the disks until someone deletes them.
        versions_kept: how many of the newest published versions a compaction leaves in the store,
            beside those that replicas and snapshots need. More: readers of an earlier version can
            go on opening its files for longer; fewer: less disk.
        log_format: how actors write their logs: "text", or "json" (one object per line); both with
            graph, partition, replica, term and request; see ``docs/observability.md``.
        tracing: ``"package.module:function"``, called once in every actor: it sets OpenTelemetry's
            tracer provider, and calls are traced from then on, also by the processes that connect.
            Empty: no traces, at no cost. See ``docs/observability.md``.
        placement: the strategy that decides which node serves which replica, one of GraphRay's or
            your own, by name; see ``docs/placement.md``.
        zone_label: a label of nodes, such as ``ray.io/availability-zone``: replicas of a partition
            stand where its values differ, while there is another. None: any two nodes will do.
        require_labels: what a node has to have to serve replicas, such as
            ``({"ray.io/market-type": "!spot"}, {})``: one selector for all replicas, or one per
            replica number, the last for all further ones. Fewer nodes: a launch may find no room.
        prefer_labels: likewise, kept to under the strategy "labels" as far as there is room.
        share_nodes: where fewer nodes than replicas can hold a partition, have replicas share one,
            with a warning in the status. False: the launch is refused then.
        compact_bytes: changes are compacted when they take this much memory in some replica; 0 for
            only when asked (`Graph.compact`). More: longer recoveries and folds, more memory; less:
            more versions are written.
    """

    replicas: int = 2
    cpus_per_replica: float = 0.05
    threads_per_replica: int = 4
    queue_s_max: float = 0.5
    start_timeout_s: float = 300.0
    verify: bool = True
    map_files: bool = True
    replication: ReplicationName = "full"
    coverage: Mapping[int, Any] | None = None
    merges: Mapping[str, str] = field(default_factory=dict)
    data_dir: str | None = None
    state_uri: Any = None
    replication_settings: ReplicationSettings | None = None
    health: HealthSettings | None = None
    discard_changes: bool = False
    versions_kept: int = 3
    log_format: LogFormat = "text"
    tracing: str = ""
    placement: str = "balanced"
    zone_label: str | None = None
    require_labels: tuple[Mapping[str, str], ...] = ()
    prefer_labels: tuple[Mapping[str, str], ...] = ()
    share_nodes: bool = True
    compact_bytes: int = 256 * 2**20

    def __post_init__(self) -> None:
        for name, value, least in (
            ("replicas", self.replicas, 1),
            ("threads_per_replica", self.threads_per_replica, 1),
            ("versions_kept", self.versions_kept, 1),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ArgumentError(f"{name} = {value!r}; expected an integer >= {least}")
        if not self.cpus_per_replica > 0:
            raise ArgumentError(f"cpus_per_replica = {self.cpus_per_replica}; expected above 0")
        for name, seconds in (
            ("queue_s_max", self.queue_s_max),
            ("start_timeout_s", self.start_timeout_s),
        ):
            if not seconds > 0:
                raise ArgumentError(f"{name} = {seconds}; expected above 0")
        if self.replication not in get_args(ReplicationName):
            raise ArgumentError(
                f"replication = {self.replication!r}; expected one of "
                f"{', '.join(get_args(ReplicationName))}"
            )
        if self.log_format not in get_args(LogFormat):
            raise ArgumentError(f"log_format = {self.log_format!r}; expected 'text' or 'json'")
        for name, selectors in (
            ("require_labels", self.require_labels),
            ("prefer_labels", self.prefer_labels),
        ):
            if not isinstance(selectors, tuple) or not all(
                isinstance(selector, Mapping) for selector in selectors
            ):
                raise ArgumentError(
                    f"{name} = {selectors!r}; expected a tuple of dictionaries, label to "
                    "condition: one for all replicas, or one per replica number"
                )
        if self.coverage is not None and not isinstance(self.coverage, Mapping):
            raise ArgumentError(
                f"coverage = {self.coverage!r}; expected columns by the number of the replica"
            )


def state_folder() -> Path:
    """Where a user's programs keep what has to outlast them (XDG base directories)."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "graphray"
