"""A neighbourhood of one node to be drawn: what is asked for, and what comes back.

It is a function of the snapshot and the query alone. Users' ids travel as text: a browser's numbers
are exact up to 2**53 only.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from graphray.errors import ArgumentError
from graphray.schema import Direction, GraphSchema

HOPS_MAX = 4
FANOUT_MAX = 100
NODES_MAX = 400


@dataclass(frozen=True)
class NeighborhoodQuery:
    """What is to be drawn.

    Attributes:
        node_id: the node in the middle, as text.
        node_type: its type; None where the graph has one.
        fanout: neighbours drawn per node, relation and direction, hop by hop.
        direction: "in" against the edges, "out" along them, or "both".
        relations: which relations to follow, by their place in the schema; None for all.
        nodes_max: how many nodes there may be.
        rng_seed: decides every draw.

    Raises:
        ArgumentError: where one of them is out of range.
    """

    node_id: str
    node_type: str | None = None
    fanout: tuple[int, ...] = (6, 3)
    direction: Literal["in", "out", "both"] = "both"
    relations: tuple[int, ...] | None = None
    nodes_max: int = 60
    rng_seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.fanout) <= HOPS_MAX:
            raise ArgumentError(f"the fanout has {len(self.fanout)} hops; expected 1 to {HOPS_MAX}")
        for hop, draws in enumerate(self.fanout):
            if not 1 <= draws <= FANOUT_MAX:
                raise ArgumentError(f"fanout[{hop}] = {draws}; expected 1 to {FANOUT_MAX}")
        if self.direction not in ("in", "out", "both"):
            raise ArgumentError(f"direction = {self.direction!r}; expected 'in', 'out' or 'both'")
        if not 1 <= self.nodes_max <= NODES_MAX:
            raise ArgumentError(f"nodes_max = {self.nodes_max}; expected 1 to {NODES_MAX}")

    def followed(self, schema: GraphSchema, direction: Direction) -> tuple[int, ...]:
        """The relations that are followed in a direction; an undirected one only once.

        Raises:
            ArgumentError: where there is no relation of such a number.
        """
        everything = range(len(schema.relations))
        chosen = everything if self.relations is None else self.relations
        for number in chosen:
            if number not in everything:
                raise ArgumentError(
                    f"relation {number}; expected a number from 0 to {len(everything) - 1}"
                )
        if self.direction not in (direction, "both"):
            return ()
        both_ways = self.direction == "both"
        return tuple(
            n
            for n in sorted(set(chosen))
            if schema.relations[n].directed or direction == "in" or not both_ways
        )


@dataclass(frozen=True)
class DrawnNode:
    """A node of a drawing.

    Attributes:
        node_type: its type.
        id: the user's id, as text.
        label: what to write beside it; empty where no column names it.
        hop: how many steps it is away from the middle.
        part: the partition that owns it.
    """

    node_type: str
    id: str
    label: str
    hop: int
    part: int


@dataclass(frozen=True)
class DrawnEdge:
    """An edge of a drawing.

    Attributes:
        source: place of its source among the nodes.
        destination: likewise of its destination.
        relation: place of its relation in the schema.
        id: its row in the build's input.
        label: what to write at it beyond the relation's name, such as a role.
    """

    source: int
    destination: int
    relation: int
    id: int
    label: str = ""


@dataclass(frozen=True)
class Neighborhood:
    """A neighbourhood to be drawn; the node in the middle comes first.

    Attributes:
        nodes: in the order in which they were met.
        edges: by relation and id.
        left_out: how many further nodes were sampled, for which there was no room.
        snapshot_id: the state of the graph.
    """

    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]
    left_out: int
    snapshot_id: str

    def to_json(self) -> dict[str, Any]:
        """A plain structure for the page."""
        return asdict(self)
