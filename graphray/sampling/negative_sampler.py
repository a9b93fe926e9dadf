"""Drawing the negative edges of a batch (see `graphray.sampling.negatives`).

Negative j is made from seed edge ``j % positives``. Its draws are keyed by the batch, the attempt
and j, so they depend on nothing else.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError, ColumnNotFound
from graphray.kernels.hashing import hash_words
from graphray.kernels.membership import draw_below
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import user_ids_of
from graphray.sampling.candidates import Candidates, candidates_at, node_times
from graphray.sampling.edge_check import EdgeCheck, other_ends
from graphray.sampling.negatives import Negatives
from graphray.sampling.pairs import Pairs
from graphray.sampling.streams import BatchStream, purpose_word
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ATTEMPTS = 8
"""Draws of a negative before what is left is listed: enough unless most pairs are edges."""

_COIN = purpose_word("which end a negative replaces")
_PLACES: dict[Direction, int] = {
    "in": purpose_word("negative destinations"),
    "out": purpose_word("negative sources"),
}


class NegativeSampler:
    """Draws negatives for the seed edges of a relation; safe to use from several threads.

    Raises:
        ArgumentError: where no node may be drawn at all.
        ColumnNotFound: where a time column is not there.
    """

    def __init__(self, access: PartitionAccess, relation: Relation, wanted: Negatives) -> None:
        self._access = access
        self._relation = relation
        self._wanted = wanted
        ends: dict[str, tuple[Direction, ...]] = {"destination": ("in",), "source": ("out",)}
        self._ends = ends.get(wanted.corrupt, ("in", "out"))
        self._candidates = {end: self._candidates_at(end) for end in self._ends}
        self._checks: dict[Direction, EdgeCheck] = {}
        if wanted.avoid_edges:
            # Where both ends are new, the rows of one tell it all.
            read: tuple[Direction, ...] = ("in",) if wanted.corrupt == "both" else self._ends
            self._checks = {end: EdgeCheck(access, relation, end) for end in read}
        self._node_times: dict[Direction, Ints] = {}
        if wanted.node_time is not None:
            self._node_times = self._times_of_ends(wanted.node_time)

    @property
    def is_local(self) -> bool:
        """Whether no check costs a call."""
        return all(check.is_local for check in self._checks.values())

    def draw(self, positives: Pairs, stream: BatchStream) -> Pairs:
        """The negatives of one batch: ``ceil(amount * len(positives))`` of them."""
        count = math.ceil(self._wanted.amount * len(positives))
        negatives = positives.of(np.arange(count) % max(len(positives), 1))
        replaced = self._replaced_ends(count, stream)
        pending = np.arange(count)
        for attempt in range(ATTEMPTS if self._checks or self._node_times else 1):
            for end in self._ends:
                at = pending[replaced[end][pending]]
                negatives.end(end)[at] = self._drawn(positives, end, at, attempt, stream)
            pending = pending[self._refused(negatives.of(pending), positives, replaced, pending)]
            if len(pending) == 0:
                return negatives
        if self._checks or self._node_times:
            for j in pending.tolist():
                self._pick_from_what_is_left(negatives, positives, replaced, j, stream)
        return negatives

    def _candidates_at(self, end: Direction) -> Candidates:
        power = self._wanted.alpha if self._wanted.draw == "degree" else 0.0
        seen = self._wanted.among == "seen"
        found = candidates_at(self._access, self._relation, end, seen=seen, power=power)
        if len(found.gids) == 0:
            raise ArgumentError(
                f"no node of type {self._relation.near_type(end)!r} can be drawn for negatives of "
                f"{self._relation}: the type or the relation is empty"
            )
        return found

    def _times_of_ends(self, column: str) -> dict[Direction, Ints]:
        """The times of the nodes at each end that has them; nodes without are there at any time."""
        kinds = {e: self._access.schema.node_type(self._relation.near_type(e)) for e in self._ends}
        timed = [e for e, kind in kinds.items() if column in {c.name for c in kind.columns}]
        if not timed:
            owners = " and ".join(sorted({kind.name for kind in kinds.values()}))
            raise ColumnNotFound(f"node_time = {column!r} is no column of {owners}", column=column)
        return {end: node_times(self._access, kinds[end].name, column) for end in timed}

    def _replaced_ends(self, count: int, stream: BatchStream) -> dict[Direction, Bools]:
        """Per end whether each negative has it replaced."""
        if self._wanted.corrupt != "either":
            return {end: np.ones(count, np.bool_) for end in self._ends}
        coins = hash_words(_counters(stream.hop_key(0, _COIN), np.arange(count)))
        heads = (coins & np.uint64(1)).astype(np.bool_)
        return {"in": heads, "out": ~heads}

    def _drawn(
        self, positives: Pairs, end: Direction, at: Ints, attempt: int, stream: BatchStream
    ) -> Ints:
        """A node for one end of each of some negatives."""
        words = hash_words(_counters(stream.hop_key(attempt, _PLACES[end]), at))
        # A batch may hold nothing that fits; the second half of the attempts looks outside of it.
        if self._wanted.draw == "in-batch" and (not self._checks or attempt < ATTEMPTS // 2):
            return positives.end(end)[draw_below(words, len(positives))]
        return self._candidates[end].draw(words)

    def _refused(
        self, drawn: Pairs, positives: Pairs, replaced: dict[Direction, Bools], at: Ints
    ) -> Bools:
        """Which of some negatives are edges, seed edges, or of nodes that are not there yet."""
        refused = np.zeros(len(drawn), np.bool_)
        if self._checks:
            refused |= drawn.are_among(positives)
            for end, check in self._checks.items():
                mine = np.flatnonzero(replaced[end][at] & ~refused)
                refused[mine] = check.are_edges(drawn.sources[mine], drawn.destinations[mine])
        if drawn.times is not None:
            for end, times in self._node_times.items():
                refused |= replaced[end][at] & (times[drawn.end(end)] > drawn.times)
        return refused

    def _pick_from_what_is_left(
        self,
        negatives: Pairs,
        positives: Pairs,
        replaced: dict[Direction, Bools],
        j: int,
        stream: BatchStream,
    ) -> None:
        """Settle one negative that came out badly every time: list what fits, and draw from it."""
        own = positives.of(np.array([j % len(positives)]))
        end = next(end for end in self._ends if replaced[end][j])
        candidates = self._candidates[end]
        fits = self._fitting(candidates.gids, own, positives, end)
        if not fits.any():
            kept = other(end)
            kept_type = self._relation.near_type(kept)
            named = user_ids_of(self._access, kept_type, own.end(kept)).tolist()[0]
            raise ArgumentError(
                f"{kept_type} {named!r} has an edge of {self._relation} to every node that may "
                "stand at the other end, so no negative is left for it; pass avoid_edges=False or "
                "leave its edges out of the seeds"
            )
        words = hash_words(_counters(stream.hop_key(ATTEMPTS, _PLACES[end]), np.array([j])))
        negatives.sources[j], negatives.destinations[j] = own.sources[0], own.destinations[0]
        negatives.end(end)[j] = candidates.only(fits).draw(words)[0]

    def _fitting(self, gids: Ints, own: Pairs, positives: Pairs, end: Direction) -> Bools:
        """Which nodes make a negative of one seed edge when they take the place of an end."""
        kept = other(end)
        gid = int(own.end(kept)[0])
        fits = np.ones(len(gids), np.bool_)
        if self._checks:
            fits &= ~np.isin(gids, other_ends(self._access, self._relation, kept, gid))
            fits &= ~np.isin(gids, positives.end(end)[positives.end(kept) == gid])
        if own.times is not None and end in self._node_times:
            fits &= self._node_times[end][gids] <= own.times[0]
        return fits


def other(end: Direction) -> Direction:
    """The opposite end."""
    return "out" if end == "in" else "in"


def _counters(key: int, numbers: Ints) -> npt.NDArray[np.uint64]:
    """Distinct words under a key, for numbers from 0."""
    return np.uint64(key) + numbers.astype(np.uint64)
