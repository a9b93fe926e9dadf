"""Ray nodes on this machine, for benchmarks that need a running graph."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.cluster_utils import Cluster

CPUS = 4
OBJECT_STORE_BYTES = 4 * 2**30


@contextmanager
def cluster(nodes: int) -> Iterator[None]:
    """A cluster; processes that are started meanwhile connect to its head."""
    os.environ["RAY_AUTH_MODE"] = "disabled"
    arguments: dict[str, Any] = {"num_cpus": CPUS, "object_store_memory": OBJECT_STORE_BYTES}
    head = {**arguments, "include_dashboard": False}  # whose port another cluster may have
    started = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(nodes - 1):
        started.add_node(**arguments)
    os.environ["RAY_ADDRESS"] = started.address
    ray.init(address=started.address, log_to_driver=False, logging_level=logging.WARNING)
    try:
        yield
    finally:
        del os.environ["RAY_ADDRESS"]
        ray.shutdown()
        started.shutdown()
