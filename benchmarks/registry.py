"""The benchmarks there are: one module each, imported only when it is run."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from benchmarks.report import Row

Benchmark = Callable[[bool], list[Row]]

DESCRIPTIONS = {
    "sampling": "minibatches: gather bound, in process, mapped from a running graph, two nodes",
    "partitioning": "seconds, edge cut and both balances of every partitioner, beside METIS",
    "features": "properties: gathered from mapped partitions, and from another node with a cache",
    "loader": "an epoch of GraphSAGE with the sampler hidden behind it, beside the model alone",
    "mutation": "writes by strategy beside SQLite, point reads, recovery, snapshots under writes",
    "ingest": "Parquet to a published store: edges per second, and peak memory within a budget",
}


def benchmark(name: str) -> Benchmark:
    """The function ``run(quick)`` of the module ``benchmarks.<name>``."""
    return importlib.import_module(f"benchmarks.{name}").run
