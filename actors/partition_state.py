"""The data of a partition, as a state machine: the one place that says what is replicated."""

from __future__ import annotations

from graphray.changes.base import StoreVersions
from graphray.changes.data import GraphData
from graphray.client.view import GraphSpec
from graphray.replication import StateMachine, TransactionalState
from graphray.store import Store


def partition_state(spec: GraphSpec, part: int, base_version: int) -> StateMachine:
    """The state of a partition before its first change.

    Args:
        spec: the graph.
        part: the partition.
        base_version: the store version that the changes lie over.

    Raises:
        StoreError: where that version cannot be opened.
    """
    # Checksums are verified, where that is wanted, when the replica loads.
    versions = StoreVersions(Store.open(spec.uri, base_version, verify=False))
    return TransactionalState(GraphData(part, versions, base_version))


def state_digests(state: TransactionalState) -> dict[str, str]:
    """Hashes of a partition's changes; see `graphray.changes.data.GraphData.digests`."""
    assert isinstance(state.data, GraphData)
    return state.data.digests()
