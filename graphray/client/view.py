"""What a graph's catalog tells a client: enough to read without asking it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphray.book import PartitionBook
from graphray.config import LaunchOptions
from graphray.schema import GraphSchema, KindName

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

    def placement_group(self, part: int) -> str:
        """The name of a partition's placement group."""
        return f"graph/{self.name}/part-{part}"


@dataclass(frozen=True)
class GraphView:
    """A running graph as its clients see it.

    Attributes:
        spec: what was launched.
        kind: which kind of graph it was built as.
        schema: the graph's schema.
        book: the graph's partition book.
        snapshot_id: which state of the graph this is.
        handles: per partition, the actor handles of its replicas.
        warnings: what the launch had to settle for.
    """

    spec: GraphSpec
    kind: KindName
    schema: GraphSchema
    book: PartitionBook
    snapshot_id: str
    handles: list[list[ActorHandle]]
    warnings: tuple[str, ...]


def catalog_name(graph: str) -> str:
    """The name of a graph's catalog actor."""
    return f"graph/{graph}/catalog"


def graph_of_catalog(actor_name: str) -> str | None:
    """The graph whose catalog an actor is, or None where it is something else."""
    if actor_name.startswith("graph/") and actor_name.endswith("/catalog"):
        return actor_name.removeprefix("graph/").removesuffix("/catalog")
    return None
