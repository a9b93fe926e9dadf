"""The data of a partition, as a state machine: the one place that says what is replicated."""

from __future__ import annotations

from graphray.client.view import GraphSpec
from graphray.replication import StateMachine


def partition_state(spec: GraphSpec, part: int, base_version: int) -> StateMachine:
    """The state of a partition before its first change.

    Args:
        spec: the graph.
        part: the partition.
        base_version: the store version that the changes lie over.
    """
    raise NotImplementedError
