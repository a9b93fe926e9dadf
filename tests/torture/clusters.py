"""A cluster to be broken, and the graphs that run on it one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import ray
from ray.cluster_utils import Cluster

from tests.torture.faults import FAULTS, NOT_UNDER_EVENTUAL
from tests.torture.graph import build_store
from tests.torture.machines import Machines
from tests.torture.running import REPLICAS, RunningGraph

PLANTED_VARIABLE = "GRAPHRAY_TORTURE_PLANTED"
_ROOT = Path(__file__).resolve().parents[2]
_HOOK = "tests.torture.planted.plant_from_environment"
# A node that was killed counts as dead after a second.
_HEALTH_CHECKS = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 200,
    "health_check_timeout_ms": 2000,
    "health_check_failure_threshold": 5,
}
_HEAD = {
    # Enough for the catalog and the clients, and for no replica.
    "num_cpus": 1,
    "include_dashboard": False,
    "object_store_memory": 150 * 2**20,
    "_system_config": _HEALTH_CHECKS,
}


class Ground:
    """A cluster of machines: a head, as many as there are replicas, and a spare one.

    Args:
        cluster: with its head alone.
        folder: for stores, disks and journals; deleted by whoever made it.
    """

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._made = 0
        self.machines = Machines(cluster, folder / "disks")
        self.has_small_disk = False

    def possible_faults(self, strategy: str) -> list[str]:
        """All that a strategy promises to survive and this process may do."""
        left_out = NOT_UNDER_EVENTUAL if strategy == "eventual" else set()
        if not self.has_small_disk:
            left_out = {*left_out, "disk full"}
        return [name for name in FAULTS if name not in left_out]

    def bring_up(self) -> None:
        """Add the machines."""
        small = self.machines.new_small_disk()
        self.has_small_disk = small is not None
        self.machines.add(small)
        for _ in range(REPLICAS):
            self.machines.add()

    @contextmanager
    def connected(self, planted: str = "") -> Iterator[None]:
        """Connect this process; every process that it has started plants that bug."""
        # The hook runs before a worker learns where its job's modules are.
        variables = {PLANTED_VARIABLE: planted, "PYTHONPATH": str(_ROOT)}
        environment = {"env_vars": variables, "worker_process_setup_hook": _HOOK}
        ray.init(
            address=self._cluster.address,
            log_to_driver=False,
            runtime_env=environment if planted else None,
        )
        try:
            yield
        finally:
            ray.shutdown()

    @contextmanager
    def launched(self, replication: str) -> Iterator[tuple[RunningGraph, Path, Path]]:
        """A new graph: itself, its store, and an empty folder for journals."""
        self._made += 1
        folder = self._folder / f"graph-{self._made}"
        store = build_store(folder / "store")
        name = f"torture-{self._made}"
        running = RunningGraph(store, folder / "state", self.machines, name, replication)
        try:
            yield running, store, folder / "journals"
        finally:
            running.close()
            self.machines.clear(name)

    def close(self) -> None:
        """Unmount what was mounted."""
        self.machines.close()


@contextmanager
def own_ray_folder() -> Iterator[None]:
    """A Ray of its own beside others on this machine; the tests have theirs from a fixture."""
    with TemporaryDirectory(prefix="gt-", dir="/tmp") as folder:
        os.environ.update(
            RAY_AUTH_MODE="disabled",
            RAY_TMPDIR=folder,
            RAY_USAGE_STATS_ENABLED="0",
            GRAPHRAY_PROGRESS="0",
        )
        os.environ.pop("RAY_ADDRESS", None)
        yield


@contextmanager
def ground() -> Iterator[Ground]:
    """A cluster of its own, which ends with the block and leaves nothing."""
    with TemporaryDirectory(prefix="gt-", dir="/tmp") as folder, ExitStack() as ends:
        cluster = Cluster(initialize_head=True, head_node_args=_HEAD)
        made = Ground(cluster, Path(folder))
        ends.callback(made.close)
        ends.callback(cluster.shutdown)
        made.bring_up()
        yield made
