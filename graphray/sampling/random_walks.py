"""Random walks as a user asks for them, and batches of them.

A walk is a row of users' ids. Its random stream is keyed by its seed and its number among the walks
of that seed, so that it is the same whatever else is asked for with it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.kernels.walks import NOWHERE
from graphray.kernels.walks_second_order import SecondOrder
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import user_ids_of
from graphray.reading.walking import WalkRules
from graphray.sampling.metapath import Metapath, resolve_metapath, resolve_single
from graphray.sampling.plan import require_at_least, require_between
from graphray.sampling.seed_nodes import find_seed_nodes
from graphray.sampling.streams import BatchStream, purpose_word
from graphray.sampling.walker import Walker
from graphray.schema import Direction, require_column

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
_STREAM = purpose_word("walks")


@dataclass(frozen=True)
class RandomWalks:
    """How to walk: an immutable value. A walk ends where there is nothing to follow.

    Attributes:
        length: the steps of a walk.
        walks_per_seed: how many walks start at each seed.
        restart: at each step the probability of setting out from the seed again, so that the next
            node is one that follows the seed (Tong, Faloutsos and Pan, "Fast Random Walk with
            Restart", 2006).
        p: return parameter of node2vec: the larger, the rarer a walk goes back where it came from.
        q: in-out parameter of node2vec: the larger, the closer it keeps to where it came from.
        metapath: relations to follow in turn, as often as the length asks for; see
            `graphray.sampling.metapath`. A walk restarts at the beginning of a round only.
        relation: the relation to follow instead, from a node type to itself; may be left out where
            the graph has one.
        direction: "out" along the relation's edges, "in" against them.
        weight: a column of the edges' weights: the next edge is followed in proportion to them.
            None for uniformly.
    """

    length: int
    walks_per_seed: int = 1
    restart: float = 0.0
    p: float = 1.0
    q: float = 1.0
    metapath: Metapath | None = None
    relation: tuple[str, str, str] | str | None = None
    direction: Direction = "out"
    weight: str | None = None

    def make_walker(self, access: PartitionAccess, start: str) -> Walker:
        """The walker of one graph, from one node type.

        Raises:
            ArgumentError: where a setting is out of range, or not for this graph.
            RelationNotFound: where a relation is not in the graph.
            ColumnNotFound: where a relation has no such column of weights.
        """
        require_at_least("length", self.length, 1)
        require_at_least("walks_per_seed", self.walks_per_seed, 1)
        restart = require_between("restart", self.restart, 0.0, 1.0)
        p, q = _positive("p", self.p), _positive("q", self.q)
        if self.metapath is None:
            steps = resolve_single(access.schema, self.relation, self.direction, start)
        else:
            steps = resolve_metapath(access.schema, self.metapath, start)
            if self.length > len(steps) and steps[-1].far_type != start:
                raise ArgumentError(
                    f"length = {self.length} goes round a metapath of {len(steps)}, which leads "
                    f"from {start!r} to {steps[-1].far_type!r} and not back"
                )
        order = None
        if (p, q) != (1.0, 1.0):
            if restart or len(steps) > 1 or self.weight is not None:
                raise ArgumentError(
                    f"p = {p}, q = {q} say how to go on from an edge of one relation; they do not "
                    "go with restart, nor with weights, nor with a metapath of several relations"
                )
            kind = access.schema.relation_type(steps[0].relation)
            order = SecondOrder(1.0 / p, 1.0 / q, not kind.directed)
        if self.weight is not None:
            for step in steps:
                columns = access.schema.relation_type(step.relation).columns
                require_column(columns, self.weight, f"relation {step.relation}")
        rules = WalkRules(steps, restart, order, self.weight)
        return Walker(access, rules)


class WalkBatch:
    """Some walks.

    Attributes:
        epoch: the epoch it belongs to.
        number: its number within the epoch.
        seed_rows: ``int64[n]``, which of the loader's seeds these are.
        paths: ``int64[n * walks_per_seed, length + 1]``, global ids; -1 behind the end of a walk.
    """

    def __init__(
        self, access: PartitionAccess, walker: Walker, paths: Ints, stream: BatchStream, rows: Ints
    ) -> None:
        self._access = access
        self._walker = walker
        self.paths = paths
        self.epoch, self.number, self.seed_rows = stream.epoch, stream.batch, rows

    def __repr__(self) -> str:
        walks, columns = self.paths.shape
        return (
            f"WalkBatch(epoch={self.epoch}, number={self.number}, walks={walks}, "
            f"length={columns - 1})"
        )

    @property
    def num_steps(self) -> int:
        """How many steps all walks made together."""
        return int(np.count_nonzero(self.paths[:, 1:] != NOWHERE))

    @property
    def walks(self) -> Array:
        """The walks in users' ids; see `graphray.Graph.walks`."""
        return self.in_user_ids(-1)

    def in_user_ids(self, filler: int) -> Array:
        """The walks in users' ids, with what to put behind an end where ids are integers."""
        return users_walks(self._access, self._walker, self.paths, filler)


class WalkSource:
    """Nodes to walk from (see `graphray.sampling.loader.BatchSource`).

    Args:
        access: the graph.
        seeds: users' ids, as for `graphray.Graph.loader`.
        plan: how to walk.
    """

    def __init__(self, access: PartitionAccess, seeds: Any, plan: RandomWalks) -> None:
        self._access, self._plan = access, plan
        self._seed_type, self._seeds = find_seed_nodes(access, seeds)
        self._walker = plan.make_walker(access, self._seed_type)

    @property
    def snapshot_id(self) -> str:
        """The state of the graph that is walked in."""
        return self._access.snapshot_id

    @property
    def num_seeds(self) -> int:
        """How many seeds there are."""
        return len(self._seeds)

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped."""
        return self._walker.is_local

    def fingerprint(self) -> str:
        """Equal for equal seeds that are walked from in the same way, and for no others."""
        state = hashlib.blake2b(repr((self._seed_type, self._plan)).encode(), digest_size=16)
        state.update(self._seeds.tobytes())
        return state.hexdigest()

    def make(self, rows: Ints, stream: BatchStream) -> WalkBatch:
        """The walks from the seeds of these numbers."""
        paths = self._walker.walk(
            self._seeds[rows],
            self._plan.length,
            self._plan.walks_per_seed,
            stream.hop_key(0, _STREAM),
        )
        return WalkBatch(self._access, self._walker, paths, stream, rows)


def walk_once(
    access: PartitionAccess, seeds: Any, plan: RandomWalks, rng_seed: int, filler: int
) -> Array:
    """All walks from some seeds at once; see `graphray.Graph.walks`."""
    stream = BatchStream(require_at_least("rng_seed", rng_seed, 0), 0, 0)
    source = WalkSource(access, seeds, plan)
    return source.make(np.arange(source.num_seeds), stream).in_user_ids(filler)


def users_walks(access: PartitionAccess, walker: Walker, paths: Ints, filler: int) -> Array:
    """Users' ids of the nodes on walks: ``int64`` where all are integers, else ``object``."""
    types = walker.types(paths.shape[1])
    integers = {access.schema.node_type(name).id_kind for name in types} == {"int64"}
    walks = np.full(paths.shape, filler if integers else None, np.int64 if integers else object)
    for name in dict.fromkeys(types):
        at = (paths != NOWHERE) & np.array([name == each for each in types])
        walks[at] = user_ids_of(access, name, paths[at])
    return walks


def _positive(name: str, value: Any) -> float:
    number = require_between(name, value, 0.0, np.inf)
    if number == 0.0 or number == np.inf:
        raise ArgumentError(f"{name} = {value!r}; expected a number above 0")
    return number
