"""Walkers sent through a graph: here as far as partitions are mapped, by their owners elsewhere.

In a round, all walkers that wait for rows of one partition go to its owner in one call, which takes
each as far as its own rows lead; so a walk costs a call where it crosses into another partition
rather than at every step.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.walks import walker_keys
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import MappedAdjacency
from graphray.reading.gather import node_column
from graphray.reading.walking import Advanced, AdvanceWalkers, Walkers, WalkRules, stored, take_on
from graphray.shard import STABLE

Ints = npt.NDArray[np.int64]


class Walker:
    """Walks in one snapshot by one set of rules; safe to use from several threads.

    Args:
        access: the graph.
        rules: how to walk.
    """

    def __init__(self, access: PartitionAccess, rules: WalkRules) -> None:
        self._access = access
        self.rules = rules
        self._adjacencies = []
        for step in rules.steps:
            direction = stored(access.schema, step)
            further = rules.further_keys(step.relation, direction)
            keys = (*MappedAdjacency.keys(step.relation, direction), *further)
            self._adjacencies.append(
                MappedAdjacency(access.book, step.relation, direction, access.mapped(keys), further)
            )

    @property
    def start_type(self) -> str:
        """The node type at which walks start."""
        return self.rules.steps[0].near_type

    def types(self, columns: int) -> list[str]:
        """The node type of each column of walks of ``columns - 1`` steps."""
        steps = self.rules.steps
        turns = (steps[column % len(steps)] for column in range(columns - 1))
        return [self.start_type, *(step.far_type for step in turns)]

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped, so that no step costs a call."""
        return all(adjacency.is_complete for adjacency in self._adjacencies)

    def walk(self, starts: Ints, length: int, walks_per_seed: int, key: int) -> Ints:
        """Walks from some nodes: a pure function of the snapshot and the arguments.

        Args:
            starts: ``int64[n]``, global ids; one that stands there twice is walked from twice as
                often.
            length: the steps of each walk.
            walks_per_seed: how many walks start at each.
            key: the key of their random streams.

        Returns:
            ``int64[n * walks_per_seed, length + 1]``, global ids of the nodes on each walk, those
            from one start side by side; `NOWHERE` behind the end.
        """
        stable = np.asarray(node_column(self._access, self.start_type, STABLE, starts), np.int64)
        keys = walker_keys(stable, occurrences(starts), walks_per_seed, np.uint64(key))
        walkers = Walkers.at(np.repeat(starts, walks_per_seed), keys, length)
        walkers.advance(self.rules, self._adjacencies)
        while len(waiting := walkers.waiting()):
            self._ask_owners(walkers, waiting)
            walkers.advance(self.rules, self._adjacencies)
        return walkers.paths

    def _ask_owners(self, walkers: Walkers, waiting: Ints) -> None:
        """Have the owners of the rows that walkers wait for take these on."""
        owners = self._owners_waited_for(walkers, waiting)
        groups = {int(part): waiting[owners == part] for part in np.unique(owners)}
        answers: dict[int, Advanced] = self._access.call_all(
            {part: AdvanceWalkers.of(walkers, at, self.rules) for part, at in groups.items()}
        )
        for part, at in groups.items():
            take_on(walkers, at, answers[part])

    def _owners_waited_for(self, walkers: Walkers, waiting: Ints) -> Ints:
        nodes = walkers.needed[waiting]
        owners = np.empty(len(waiting), np.int64)
        turns = walkers.made[waiting] % len(self.rules.steps)
        for turn, step in enumerate(self.rules.steps):
            at = turns == turn
            owners[at] = self._access.book.owner(step.near_type, nodes[at])
        return owners


def occurrences(gids: Ints) -> Ints:
    """How often each value stood before in the array, as ``int64[n]``.

    >>> occurrences(np.array([7, 3, 7, 7])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(gids, kind="stable")
    starts = np.flatnonzero(np.diff(gids[order], prepend=-1))
    counts = np.empty(len(gids), np.int64)
    counts[order] = np.arange(len(gids)) - np.repeat(starts, np.diff(np.append(starts, len(gids))))
    return counts
