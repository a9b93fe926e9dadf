"""What the tests share: a Ray of their own, and clusters of several nodes on this machine.

The environment is set before Ray is imported anywhere. Each run has its own short Ray folder (Unix
sockets lie in it, and their paths are limited to 107 bytes), so that runs do not find each other's
clusters.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

    StartCluster = Callable[..., Cluster]

RAY_FOLDER = tempfile.mkdtemp(prefix="gr-", dir="/tmp")

os.environ.update(
    RAY_AUTH_MODE="disabled",
    RAY_TMPDIR=RAY_FOLDER,
    RAY_USAGE_STATS_ENABLED="0",
    GRAPHRAY_PROGRESS="0",
    XDG_STATE_HOME=f"{RAY_FOLDER}/state",  # Where replicas keep their logs, unless told otherwise.
)
os.environ.pop("RAY_ADDRESS", None)

# A kernel's first call compiles it, so the time of a single example says nothing.
settings.register_profile("graphray", deadline=None, print_blob=True)
settings.load_profile("graphray")

OBJECT_STORE_BYTES = 150 * 2**20

# A node that was killed refuses connections, and five refusals take 1 s; Ray's own values take 16.
# A busy node is only slow to answer: it would have to stay silent for five whole timeouts.
FAST_HEALTH_CHECKS = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 200,
    "health_check_timeout_ms": 2000,
    "health_check_failure_threshold": 5,
}


@pytest.fixture(scope="module")
def start_cluster() -> Iterator[StartCluster]:
    """``start_cluster(nodes=3)``: a cluster on this machine, this process connected to its head.

    It ends with the module, through the process ids that it started.
    """
    import ray
    from ray.cluster_utils import Cluster

    clusters: list[Cluster] = []

    def start(nodes: int = 1, num_cpus: int = 2, **head_args: Any) -> Cluster:
        head_args.setdefault("_system_config", FAST_HEALTH_CHECKS)
        common = {
            "num_cpus": num_cpus,
            "object_store_memory": OBJECT_STORE_BYTES,
            # Any free one: on its fixed port, the agent that runs jobs is there once per machine.
            "dashboard_agent_listen_port": 0,
        }
        cluster = Cluster(initialize_head=True, head_node_args={**common, **head_args})
        clusters.append(cluster)
        for _ in range(nodes - 1):
            cluster.add_node(**common)
        ray.init(address=cluster.address, log_to_driver=False)
        return cluster

    yield start
    ray.shutdown()
    for cluster in clusters:
        cluster.shutdown()


def pytest_unconfigure() -> None:
    shutil.rmtree(RAY_FOLDER, ignore_errors=True)
