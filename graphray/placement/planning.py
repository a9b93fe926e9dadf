"""A plan: every replica's node, with the reason, what it moves, and what traffic to expect.

A pure function of partitions, nodes, what stands at present, and a strategy. `plan` is the one
place that calls a strategy: whatever comes back is checked here against all that a plan has to keep
to, so that nothing behind it has to, and a strategy of one's own cannot put two replicas together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from graphray.errors import ArgumentError, GraphRayError, PlacementError
from graphray.placement.arrangement import RESERVED, Arrangement
from graphray.placement.numbering import keep_numbers
from graphray.placement.problem import PlacementProblem
from graphray.placement.registry import PlacementStrategy, Priced, get, names
from graphray.placement.shortage import check_enough, warnings
from graphray.placement.traffic import Traffic, expected_traffic


@dataclass(frozen=True)
class PlannedReplica:
    """Where one replica goes, and why.

    Attributes:
        part, replica: which.
        node_id: where to.
        comes_from: the node where it stands now; None where it stands nowhere.
        reason: in a few words.
    """

    part: int
    replica: int
    node_id: str
    comes_from: str | None
    reason: str

    @property
    def moves(self) -> bool:
        """Whether it stands elsewhere now."""
        return self.comes_from not in (None, self.node_id)


@dataclass(frozen=True)
class NodeFill:
    """What a plan puts on one node.

    Attributes:
        node_id: which.
        zone: where it stands.
        replicas: how many.
        memory_bytes, cpus: what they take.
        memory_share, cpus_share: of what the node has.
    """

    node_id: str
    zone: str
    replicas: int
    memory_bytes: float
    cpus: float
    memory_share: float
    cpus_share: float


@dataclass(frozen=True)
class Plan:
    """The whole.

    Attributes:
        strategy: the name of what decided.
        replicas: every one, by partition and number.
        nodes: every node, in the order given.
        traffic: what to expect between nodes; None where the cut is not known.
        copied_bytes: what replicas that move or are new have to load.
        warnings: what the plan settles for.
    """

    strategy: str
    replicas: tuple[PlannedReplica, ...]
    nodes: tuple[NodeFill, ...]
    traffic: Traffic | None
    copied_bytes: float
    warnings: tuple[str, ...] = ()

    @property
    def moves(self) -> int:
        """How many replicas move from one node to another."""
        return sum(replica.moves for replica in self.replicas)

    def nodes_of(self, part: int) -> tuple[str, ...]:
        """Where the replicas of a partition go, by replica number."""
        return tuple(r.node_id for r in self.replicas if r.part == part)

    def to_json(self) -> dict[str, Any]:
        """A plain structure for scripts."""
        traffic = None
        if self.traffic is not None:
            traffic = {**asdict(self.traffic), "share": self.traffic.share}
        return {**asdict(self), "traffic": traffic, "moves": self.moves}


def plan(problem: PlacementProblem, strategy: PlacementStrategy | str = "balanced") -> Plan:
    """Decide where every replica goes.

    Args:
        problem: partitions, nodes and what to keep to.
        strategy: a name, or an instance with settings of its own.

    Raises:
        PlacementError: where no plan was found, and the message names what is missing; or where a
            strategy failed or put a replica where it may not be.
        StrategyNotFound: where no strategy has that name.
        ArgumentError: where the strategy is neither a name nor a strategy.

    Example:
        >>> from graphray.placement.problem import ClusterNode, PartitionDemand
        >>> partitions = tuple(PartitionDemand(part, memory_bytes=4e9) for part in range(3))
        >>> nodes = tuple(ClusterNode(name, 16e9, cpus=4) for name in "abc")
        >>> found = plan(PlacementProblem(partitions, nodes))
        >>> [found.nodes_of(part) for part in range(3)]
        [('a', 'b'), ('c', 'a'), ('b', 'c')]
        >>> found.replicas[0].reason
        'new; memory 50% (mean 50%)'
    """
    chosen = get(strategy) if isinstance(strategy, str) else strategy
    if not isinstance(chosen, PlacementStrategy):
        raise ArgumentError(
            f"strategy = {chosen!r}; expected a name ({', '.join(names())}) or an object with a "
            "name and a method place(problem)"
        )
    arrangement = Arrangement(problem)
    check_enough(arrangement)
    cost = chosen.cost(arrangement) if isinstance(chosen, Priced) else None
    placed = keep_numbers(
        problem, _checked_shape(_asked(chosen, problem), chosen.name, arrangement)
    )
    for replica, node in enumerate(np.concatenate([*placed, []]).astype(np.int64).tolist()):
        _check_allowed(arrangement, replica, node, chosen.name)
        arrangement.put(replica, node)
    replicas = _described(
        arrangement,
        [] if cost is None else [cost.reason(replica) for replica in range(len(arrangement))],
        chosen.name,
    )
    return Plan(
        strategy=chosen.name,
        replicas=replicas,
        nodes=_fills(arrangement),
        traffic=(
            None
            if problem.cut is None
            else expected_traffic(problem.cut, placed, len(problem.nodes))
        ),
        copied_bytes=sum(
            problem.partitions[r.part].memory_bytes for r in replicas if r.comes_from != r.node_id
        ),
        warnings=warnings(arrangement),
    )


def _asked(chosen: PlacementStrategy, problem: PlacementProblem) -> Sequence[Sequence[int]]:
    try:
        return chosen.place(problem)
    except GraphRayError:
        raise
    # It is someone else's code: a catalog that asks it has to go on.
    except Exception as error:
        raise PlacementError(
            f"placement strategy {chosen.name!r} failed: {type(error).__name__}: {error}",
            strategy=chosen.name,
        ) from error


def _checked_shape(
    placed: Sequence[Sequence[int]], name: str, arrangement: Arrangement
) -> list[list[int]]:
    """A node number for every replica, or an error."""
    nodes = len(arrangement.problem.nodes)
    try:
        lists = [[int(node) for node in part] for part in placed]
    except (TypeError, ValueError):
        lists = []
    wanted = [demand.replicas for demand in arrangement.problem.partitions]
    right = [len(part) for part in lists] == wanted
    if not right or any(not 0 <= node < nodes for part in lists for node in part):
        raise PlacementError(
            f"placement strategy {name!r} returned {_short(placed)}; expected, for each of the "
            f"{len(wanted)} partitions, a node in 0..{nodes - 1} for each of its replicas",
            strategy=name,
        )
    return lists


def _check_allowed(arrangement: Arrangement, replica: int, node: int, name: str) -> None:
    if arrangement.allowed(replica)[node]:
        return
    part, number = int(arrangement.part_of[replica]), int(arrangement.number_of[replica])
    if not arrangement.matching(replica)[node]:
        problem = "which is draining or lacks a required label"
    elif not arrangement.apart(replica)[node]:
        problem = "beside another replica of it, though there is a node or zone of its own"
    else:
        problem = "which has no room for it"
    raise PlacementError(
        f"placement strategy {name!r} put replica {number} of partition {part} on node "
        f"{arrangement.problem.nodes[node].node_id!r}, {problem}",
        strategy=name,
        partition=part,
        replica=number,
    )


def _described(
    arrangement: Arrangement, reasons: Sequence[str], name: str
) -> tuple[PlannedReplica, ...]:
    problem = arrangement.problem
    by_id = {node.node_id: number for number, node in enumerate(problem.nodes)}
    found = []
    for replica, node in enumerate(arrangement.node_of.tolist()):
        part, number = int(arrangement.part_of[replica]), int(arrangement.number_of[replica])
        present = problem.present.get(part, ())
        stands_on = present[number] if number < len(present) else ""
        why = _change(arrangement, replica, node, stands_on, by_id)
        because = reasons[replica] if reasons else f"by {name!r}"
        found.append(
            PlannedReplica(
                part,
                number,
                problem.nodes[node].node_id,
                stands_on or None,
                f"{why}; {because}" if because else why,
            )
        )
    return tuple(found)


def _change(
    arrangement: Arrangement, replica: int, node: int, stands_on: str, by_id: dict[str, int]
) -> str:
    """What happens to a replica, and what forces it to."""
    if not stands_on:
        return "new"
    if stands_on not in by_id:
        return f"new, since {stands_on} is gone"
    old = by_id[stands_on]
    if old == node:
        return "stays"
    if arrangement.problem.nodes[old].draining:
        return f"moves from {stands_on}, which is draining"
    if not arrangement.matching(replica)[old]:
        return f"moves from {stands_on}, which lacks {arrangement.selector_of(replica)}"
    return f"moves from {stands_on}"


def _fills(arrangement: Arrangement) -> tuple[NodeFill, ...]:
    taken = arrangement.used[:, RESERVED]
    capacity = arrangement.capacity[:, RESERVED]
    share = np.divide(taken, capacity, out=np.zeros_like(taken), where=capacity > 0)
    return tuple(
        NodeFill(
            node.node_id,
            node.zone,
            int(arrangement.replicas_on[number]),
            *taken[number].tolist(),
            *share[number].tolist(),
        )
        for number, node in enumerate(arrangement.problem.nodes)
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
