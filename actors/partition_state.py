"""The data of a partition, as a state machine: the one place that says what is replicated."""

from __future__ import annotations

from graphray.changes.base import StoreVersions
from graphray.changes.column_shares import Share, column_shares
from graphray.changes.data import GraphData
from graphray.client.view import GraphSpec
from graphray.replication import StateMachine, TransactionalState
from graphray.schema import GraphSchema
from graphray.store import Store
from graphray.store.place import Place
from graphray.store.reader import store_versions


def partition_state(spec: GraphSpec, part: int, replica: int, base_version: int) -> StateMachine:
    """The state of a partition before its first change.

    Args:
        spec: the graph.
        part: the partition.
        replica: the number of the copy, which says what it keeps under partial replication.
        base_version: the store version that the changes lie over.

    Raises:
        StoreError: where that version cannot be opened.
    """
    # Checksums are verified, where that is wanted, when the replica loads.
    store = Store.open(spec.uri, _existing(spec, base_version), verify=False)
    shares = launched_shares(spec, store.schema)
    kept = None if shares is None else shares[replica]
    return TransactionalState(GraphData(part, StoreVersions(store), store.version, kept))


def _existing(spec: GraphSpec, base_version: int) -> int:
    """The version over which the line began, or one that stands for it.

    It is dropped once no log is read from its beginning any more. What is begun anew then comes
    from a snapshot, which says which version it lies over.
    """
    there = store_versions(Place(spec.uri))
    return base_version if base_version in there else there[0]


def launched_shares(spec: GraphSpec, schema: GraphSchema) -> tuple[Share, ...] | None:
    """Which columns each replica keeps; None where all keep all."""
    options = spec.options
    if options.replication != "partial":
        return None
    return column_shares(schema, options.replicas, options.coverage)


def state_digests(state: TransactionalState) -> dict[str, str]:
    """Hashes of a partition's changes; see `graphray.changes.data.GraphData.digests`."""
    assert isinstance(state.data, GraphData)
    return state.data.digests()


def versions_of(state: TransactionalState) -> tuple[int, ...]:
    """The versions of the store that the present and pinned states are read over."""
    assert isinstance(state.data, GraphData)
    return state.data.versions


def bytes_of(state: TransactionalState) -> int:
    """The memory that the changes take."""
    assert isinstance(state.data, GraphData)
    return state.data.nbytes


def versions_in(checkpoint: bytes) -> tuple[int, ...]:
    """The same of a checkpoint of such a state."""
    return GraphData.versions_in(TransactionalState.data_in(checkpoint))
