"""A small graph with every kind of column, over simulated replicas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

import graphray as gr
from graphray.changes.base import StoreVersions
from graphray.changes.column_shares import Share
from graphray.changes.data import GraphData
from graphray.client.changes.id_blocks import IdBlocks
from graphray.client.changes.places import BasePlaces
from graphray.client.changes.planning import ChangeClient
from graphray.client.changes.transaction import Transaction
from graphray.replication.configuration import Strategy
from graphray.replication.transactional_state import TransactionalState
from graphray.store import Store
from tests.client.changes.simulated import simulated_client, simulated_partitions
from tests.simulation.cluster import Cluster

AUTHORS, PAPERS, PARTS = 20, 30, 3
WRITES = ("author", "writes", "paper")
KNOWS = ("author", "knows", "author")


def build_store(folder: Path, parts: int = PARTS) -> Path:
    """Authors with string ids, papers with integers; who writes what, and who knows whom."""
    rng = np.random.default_rng(3)
    authors = pa.table(
        {
            "id": [f"a{i}" for i in range(AUTHORS)],
            "name": [f"author {i}" if i % 4 else None for i in range(AUTHORS)],
            "age": pa.array([i if i % 3 else None for i in range(AUTHORS)], pa.int16()),
        }
    )
    papers = pa.table(
        {
            "id": np.arange(PAPERS) * 7,
            "x": pa.array(rng.random((PAPERS, 3)).tolist(), pa.list_(pa.float32(), 3)),
        }
    )
    writes = pa.table(
        {
            "src": [f"a{i}" for i in rng.integers(0, AUTHORS, 60)],
            "dst": rng.integers(0, PAPERS, 60) * 7,
            "year": pa.array(rng.integers(1990, 2020, 60), pa.int32()),
        }
    )
    knows = pa.table(
        {
            "src": [f"a{i}" for i in rng.integers(0, AUTHORS, 25)],
            "dst": [f"a{i}" for i in rng.integers(0, AUTHORS, 25)],
        }
    )
    gr.build(
        {WRITES: writes, KNOWS: knows},
        folder,
        nodes={"author": authors, "paper": papers},
        directed={KNOWS: False},
        parts=parts,
        partitioner="hash",
    )
    return folder


class SimulatedGraph:
    """A graph over simulated replicas, and its clients."""

    def __init__(
        self,
        store: Path,
        rng_seed: int,
        strategy: Strategy = Strategy.FULL,
        shares: Sequence[Share] = (),
    ) -> None:
        self.cluster = Cluster(rng_seed)
        self.opened = gr.open(store)
        versions = StoreVersions(Store.open(store))
        version = Store.open(store).version
        simulated_partitions(
            self.cluster,
            PARTS,
            lambda part, kept: TransactionalState(GraphData(part, versions, version, kept)),
            strategy=strategy,
            shares=shares,
        )
        self.client = self.new_client()

    def new_client(self) -> ChangeClient:
        """What another process would have."""
        calls = simulated_client(self.cluster)
        base = BasePlaces(self.opened.access)
        return ChangeClient(self.opened.schema, calls, base, IdBlocks(calls))

    def transaction(self) -> Transaction:
        return Transaction(self.client)
