"""Settings, one frozen dataclass per concern; each field says what happens at either end of it."""

from __future__ import annotations

from dataclasses import dataclass

from graphray.errors import ArgumentError


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
    """

    deadline_s: float = 60.0
    try_timeout_s: float = 5.0
    backoff_s: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.try_timeout_s <= self.deadline_s:
            raise ArgumentError(
                f"try_timeout_s = {self.try_timeout_s}, deadline_s = {self.deadline_s}; expected "
                "0 < try_timeout_s <= deadline_s, so that there is time for a second replica"
            )
        if not 0 < self.backoff_s < self.deadline_s:
            raise ArgumentError(f"backoff_s = {self.backoff_s}; expected above 0, below deadline_s")


@dataclass(frozen=True)
class LaunchOptions:
    """What a graph asks of the cluster.

    Attributes:
        replicas: copies of every partition. One: a crash is felt until Ray has restarted it. Two
            or more: reads go on through any crash that leaves one of them.
        cpus_per_replica: logical CPUs to reserve for each. More: fewer replicas a node. It has to
            be above 0, or Ray would ignore where a replica is wanted.
        threads_per_replica: requests that one replica serves at once.
        start_timeout_s: how long all replicas may take to load before the launch is given up.
        verify: check every file's checksum while loading.
        map_files: readers on a replica's node map the files of a store that lies on that node's
            disk, one copy in the page cache. False, or a store elsewhere: they map a copy that the
            replica puts into the node's object store; better where the disk is a slow network's,
            since that copy is never read again.
    """

    replicas: int = 2
    cpus_per_replica: float = 0.05
    threads_per_replica: int = 4
    start_timeout_s: float = 300.0
    verify: bool = True
    map_files: bool = True

    def __post_init__(self) -> None:
        for name, value, least in (
            ("replicas", self.replicas, 1),
            ("threads_per_replica", self.threads_per_replica, 1),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ArgumentError(f"{name} = {value!r}; expected an integer >= {least}")
        if not self.cpus_per_replica > 0:
            raise ArgumentError(f"cpus_per_replica = {self.cpus_per_replica}; expected above 0")
        if not self.start_timeout_s > 0:
            raise ArgumentError(f"start_timeout_s = {self.start_timeout_s}; expected above 0")
