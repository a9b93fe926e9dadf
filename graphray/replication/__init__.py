"""Replication apart from Ray: state machines without I/O, clock or randomness of their own.

| to | use |
| --- | --- |
| hold a copy of a partition | `Replica` around a `StateMachine`, or `EventualReplica` |
| decide who leads | `ConfigurationManager` |
| read and write as a client | `Session`, `EventualSession` |
| have transactions, locks, snapshots | `TransactionalState` around `VersionedData`; `Transaction` |
| carry a machine out | `effects`: what goes in and what comes out |
| keep a log on disk | `entries.frame_batch`, `entries.scan` |
"""

from graphray.replication.configuration import Configuration, ReplicaId, Strategy
from graphray.replication.consistency import Consistency
from graphray.replication.eventual_replica import EventualReplica
from graphray.replication.eventual_session import EventualSession
from graphray.replication.manager import ConfigurationManager
from graphray.replication.replica import Replica
from graphray.replication.session import Completed, Outcome, RetryPolicy, Session
from graphray.replication.settings import ReplicationSettings
from graphray.replication.state_machine import StateMachine
from graphray.replication.transactional_state import TransactionalState, VersionedData
from graphray.replication.transactions import Transaction, resolve, take_snapshot
from graphray.replication.version_vector import VersionVector

__all__ = [
    "Completed",
    "Configuration",
    "ConfigurationManager",
    "Consistency",
    "EventualReplica",
    "EventualSession",
    "Outcome",
    "Replica",
    "ReplicaId",
    "ReplicationSettings",
    "RetryPolicy",
    "Session",
    "StateMachine",
    "Strategy",
    "Transaction",
    "TransactionalState",
    "VersionVector",
    "VersionedData",
    "resolve",
    "take_snapshot",
]
