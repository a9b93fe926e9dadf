"""What a graph's catalog tells a client: enough to read without asking it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphray.book import PartitionBook
from graphray.client.snapshot_ref import SnapshotRef
from graphray.config import LaunchOptions
from graphray.health.settings import HealthSettings
from graphray.replication.configuration import Configuration, ReplicaId, Strategy
from graphray.replication.settings import ON_RAY, ReplicationSettings
from graphray.schema import GraphSchema, KindName
from graphray.shard import file_safe

NAMESPACE = "graphray"
"""The Ray namespace of every actor of every graph, whatever namespace a job uses."""

ActorHandle = Any


@dataclass(frozen=True)
class GraphSpec:
    """A graph to be run: which version of which store, under which name."""

    name: str
    uri: Any
    version: int
    options: LaunchOptions

    @property
    def catalog_actor(self) -> str:
        """The name of the catalog actor."""
        return catalog_name(self.name)

    def replica_actor(self, part: int, replica: int) -> str:
        """The name of a replica actor."""
        return f"graph/{self.name}/part-{part}/replica-{replica}"

    def placement_group(self, part: int, replica: int) -> str:
        """The name of a replica's placement group."""
        return f"{group_prefix(self.name)}part-{part}/replica-{replica}"

    @property
    def state_uri(self) -> Any:
        """Where the catalog keeps what it must not forget, a folder of this graph's own."""
        if self.options.state_uri is not None:
            return below(self.options.state_uri, file_safe(self.name))
        return below(self.uri, f"running/{file_safe(self.name)}")

    @property
    def replication_settings(self) -> ReplicationSettings:
        """The times of the replication protocol."""
        return self.options.replication_settings or ON_RAY

    @property
    def health_settings(self) -> HealthSettings:
        """How the replicas are watched."""
        return self.options.health or HealthSettings()


@dataclass(frozen=True)
class GraphView:
    """A running graph as its clients see it.

    Attributes:
        spec: what was launched.
        kind: which kind of graph it was built as.
        schema: the graph's schema.
        book: the graph's partition book.
        snapshot_id: a hash that tells this state of the graph from every other.
        at: which state this is.
        version_id: the hash of the version that it stands on.
        handles: per partition, the actor handles of its replicas.
    """

    spec: GraphSpec
    kind: KindName
    schema: GraphSchema
    book: PartitionBook
    snapshot_id: str
    at: SnapshotRef
    version_id: str
    handles: list[list[ActorHandle]]


@dataclass(frozen=True)
class ChangeView:
    """What a client needs to change a running graph, and to read its changes.

    The replicas of ``configurations[part].members`` are reached through `GraphView.handles`: see
    `place_of`. Each of them, and the catalog, has a method ``ask`` that takes a message and returns
    the answer, both in the form of `graphray.client.wire`.

    Attributes:
        launch_id: which line of changes this is; another one after they were discarded.
        base_version: the store version that the changes lie over, when the line was begun.
        strategy: how partitions are replicated.
        settings: the times of the protocol.
        configurations: per partition, in its order, the newest that the catalog knows;
            ``Configuration.partition`` is the partition's name in calls and tokens.
    """

    launch_id: str
    base_version: int
    strategy: Strategy
    settings: ReplicationSettings
    configurations: tuple[Configuration, ...]


CATALOG = "catalog"
"""The address of the catalog in the protocol."""


def replica_id(part: int, replica: int, disk: str) -> ReplicaId:
    """The identity of a replica, which is that of its disk.

    Example:
        >>> place_of(replica_id(3, 1, "9f2c"))
        (3, 1)
    """
    return f"{part}/{replica}/{disk}"


def place_of(identity: ReplicaId) -> tuple[int, int]:
    """Which actor it is to be found at: the partition, and the number of the copy."""
    part, replica, _ = identity.split("/")
    return int(part), int(replica)


def below(uri: Any, path: str) -> Any:
    """The URI of a folder below a store's."""
    if isinstance(uri, tuple):
        filesystem, root = uri
        return filesystem, f"{root.rstrip('/')}/{path}"
    scheme_and_path, question, query = str(uri).partition("?")
    return f"{scheme_and_path.rstrip('/')}/{path}{question}{query}"


def group_prefix(graph: str) -> str:
    """What the names of all of a graph's placement groups begin with."""
    return f"graph/{graph}/"


def catalog_name(graph: str) -> str:
    """The name of a graph's catalog actor."""
    return f"graph/{graph}/catalog"


def graph_of_catalog(actor_name: str) -> str | None:
    """The graph whose catalog an actor is, or None where it is something else."""
    if actor_name.startswith("graph/") and actor_name.endswith("/catalog"):
        return actor_name.removeprefix("graph/").removesuffix("/catalog")
    return None
