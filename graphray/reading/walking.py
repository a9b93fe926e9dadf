"""Walkers, and the request that sends them on where the rows are that they wait for.

A walker is four numbers: where it is, where it was before, where it started, and the key of its
random stream, from which every process draws the same steps. So a partition takes the walkers that
stand at its rows as far as these lead them, in one call, and whoever owns where they have come to
goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.derived.names import ALIAS, entries_key
from graphray.kernels.rows import Rows
from graphray.kernels.walks import NOWHERE, advance_walks
from graphray.kernels.walks_second_order import NO_CANDIDATE, SecondOrder, advance_second_order
from graphray.reading.adjacency import MappedAdjacency
from graphray.reading.operations import ShardView
from graphray.schema import Direction, GraphSchema, Relation
from graphray.shard import ArrayKey

Ints = npt.NDArray[np.int64]


class Step(NamedTuple):
    """A relation, and which way it is followed: "out" along its edges, "in" against them."""

    relation: Relation
    direction: Direction

    @property
    def near_type(self) -> str:
        """The node type that the step leaves."""
        return self.relation.near_type(self.direction)

    @property
    def far_type(self) -> str:
        """The node type that the step leads to."""
        return self.relation.far_type(self.direction)


def stored(schema: GraphSchema, step: Step) -> Direction:
    """In which stored adjacency a step's rows are."""
    return schema.relation_type(step.relation).stored_direction(step.direction)


@dataclass(frozen=True)
class WalkRules:
    """How walkers go.

    Attributes:
        steps: what they follow in turn.
        restart: the probability that a round of the steps sets out from the start again.
        order: what the node before has to do with it; None where nothing.
        weight: the column of weights in proportion to which edges are followed; None for uniformly.
    """

    steps: tuple[Step, ...]
    restart: float = 0.0
    order: SecondOrder | None = None
    weight: str | None = None

    def further_keys(self, relation: Relation, direction: Direction) -> tuple[ArrayKey, ...]:
        """What is read of a stored adjacency beside its entries."""
        if self.weight is None:
            return ()
        return (entries_key(relation, direction, ALIAS, self.weight),)


@dataclass
class Walkers:
    """Some walkers, under way.

    Attributes:
        paths: ``int64[n, length + 1]``, global ids; column 0 is where each started.
        made: ``int64[n]``, how many steps each has made; ``~steps`` where it is at a dead end.
        needed: ``int64[n]``, the node whose row each waits for, as far as any does.
        keys: ``uint64[n]``, the keys of their random streams.
        attempts: ``int64[n]``, how many draws the step under way has refused.
        candidates: ``int64[n]``, a node that waits for the row of the node before, or -1.
    """

    paths: Ints
    made: Ints
    needed: Ints
    keys: npt.NDArray[np.uint64]
    attempts: Ints
    candidates: Ints

    @classmethod
    def at(cls, starts: Ints, keys: npt.NDArray[np.uint64], length: int) -> Walkers:
        """Walkers that have made no step yet."""
        paths = np.full((len(starts), length + 1), NOWHERE, np.int64)
        paths[:, 0] = starts
        zeros = np.zeros(len(starts), np.int64)
        candidates = np.full(len(starts), NO_CANDIDATE, np.int64)
        return cls(paths, zeros, starts.copy(), keys, zeros.copy(), candidates)

    @property
    def length(self) -> int:
        """How many steps they are to make."""
        return self.paths.shape[1] - 1

    def waiting(self) -> Ints:
        """Which walkers have steps left to make."""
        return np.flatnonzero((self.made >= 0) & (self.made < self.length))

    def advance(self, rules: WalkRules, adjacencies: Sequence[MappedAdjacency]) -> None:
        """Take them as far as the rows lead that are mapped."""
        rows = stacked(adjacencies)
        if rules.order is not None:
            advance_second_order(
                self.paths,
                self.made,
                self.needed,
                self.keys,
                self.attempts,
                self.candidates,
                rules.order,
                rows,
            )
        else:
            below = np.uint64(rules.restart * 2.0**64)
            advance_walks(self.paths, self.made, self.needed, self.keys, below, rows)


def stacked(adjacencies: Sequence[MappedAdjacency]) -> Rows:
    """Adjacencies as the kernels take them; they have to be kept alive meanwhile."""
    return Rows(
        np.stack([a.node_offsets for a in adjacencies]),
        np.stack([a.edge_offsets for a in adjacencies]),
        np.stack([a.indptr_bases for a in adjacencies]),
        np.stack([a.neighbor_bases for a in adjacencies]),
        np.array([a.neighbor_dtype.itemsize for a in adjacencies], np.int64),
        # What walkers read besides is an alias table, if anything.
        np.stack(
            [next(iter(a.bases.values()), np.zeros_like(a.indptr_bases)) for a in adjacencies]
        ),
    )


@dataclass(frozen=True)
class Advanced:
    """How far a partition took some walkers.

    Attributes:
        nodes: ``int64[steps]``, the nodes that they came to, walker after walker.
        made: as in `Walkers`, like the next two.
        attempts: see there.
        candidates: see there.
    """

    nodes: Ints
    made: Ints
    attempts: Ints
    candidates: Ints


@dataclass(frozen=True)
class AdvanceWalkers:
    """Take walkers on that wait for rows of this partition.

    Attributes:
        rules: how they go.
        length: how many steps they are to make in all.
        starts: ``int64[n]``, where they started.
        before: ``int64[n]``, where they were before, or `NOWHERE`.
        at: ``int64[n]``, where they are.
        made: as in `Walkers`, like the next three.
        keys: see there.
        attempts: see there.
        candidates: see there.
    """

    rules: WalkRules
    length: int
    starts: Ints
    before: Ints
    at: Ints
    made: Ints
    keys: npt.NDArray[np.uint64]
    attempts: Ints
    candidates: Ints

    @classmethod
    def of(cls, walkers: Walkers, which: Ints, rules: WalkRules) -> AdvanceWalkers:
        """The request that takes some of the walkers on."""
        paths, made = walkers.paths, walkers.made[which]
        return cls(
            rules,
            walkers.length,
            paths[which, 0],
            np.where(made > 0, paths[which, made - 1], NOWHERE),
            paths[which, made],
            made,
            walkers.keys[which],
            walkers.attempts[which],
            walkers.candidates[which],
        )

    def run(self, view: ShardView) -> Advanced:
        """Take them on, to the last node whose row is here."""
        count = len(self.at)
        # Of the steps made before only those are there which decide what comes next.
        paths = np.empty((count, self.length + 1), np.int64)
        walker = np.arange(count)
        paths[walker, np.maximum(self.made - 1, 0)] = self.before
        paths[:, 0] = self.starts
        paths[walker, self.made] = self.at
        walkers = Walkers(
            paths,
            self.made.copy(),
            self.at.copy(),
            self.keys,
            self.attempts.copy(),
            self.candidates.copy(),
        )
        adjacencies = []
        for step in self.rules.steps:
            direction = stored(view.schema, step)
            further = self.rules.further_keys(step.relation, direction)
            adjacencies.append(view.adjacency(step.relation, direction, further))
        walkers.advance(self.rules, adjacencies)
        return Advanced(
            paths[steps_between(self.made, walkers.made, self.length)],
            walkers.made,
            walkers.attempts,
            walkers.candidates,
        )


def steps_between(before: Ints, after: Ints, length: int) -> npt.NDArray[np.bool_]:
    """Which entries of paths stand for the steps made meanwhile: ``bool[n, length + 1]``.

    Args:
        before: ``int64[n]``, steps made.
        after: ``int64[n]``, steps made later, ``~steps`` where the walk is over.
        length: the steps in all.
    """
    column = np.arange(length + 1)
    reached = np.where(after < 0, ~after, after)
    return (column > before[:, None]) & (column <= reached[:, None])


def take_on(walkers: Walkers, which: Ints, answer: Advanced) -> None:
    """Write down how far a partition took some of the walkers."""
    steps = steps_between(walkers.made[which], answer.made, walkers.length)
    walker, column = np.nonzero(steps)
    walkers.paths[which[walker], column] = answer.nodes
    walkers.made[which] = answer.made
    walkers.attempts[which] = answer.attempts
    walkers.candidates[which] = answer.candidates
