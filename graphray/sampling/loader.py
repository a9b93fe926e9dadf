"""The loader: epochs of minibatches over a fixed set of seeds.

Batch b of epoch e is a pure function of (snapshot, rng_seed, e, b), so an epoch can be entered
anywhere, by any process. It is shared out in rounds: from batch b on, rank r of w makes the batches
b + r, b + r + w, b + r + 2w, …, so no seed is lost or doubled, and where workers in step left an
epoch is one number, whatever w is.

Where batches need calls to other nodes, several are in flight at once,
each on a thread of its own; they are handed out in order.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.access import PartitionAccess
from graphray.errors import ArgumentError
from graphray.gather import find_nodes
from graphray.kernels.warmup import ensure_compiled
from graphray.sampling.batch import Batch
from graphray.sampling.plan import require_at_least, resolve_seeds
from graphray.sampling.streams import BatchStream, epoch_order
from graphray.sampling.subgraph import SamplingPlan, Seeds

IN_FLIGHT_REMOTE = 4
"""Batches under way at once where some partitions cost a call: enough to hide its latency."""


class Loader:
    """Minibatches of sampled neighbourhoods.

    Iterating runs the next epoch: the first ``for`` loop is epoch 0, the second epoch 1. `epoch`
    and `resume` name one and leave that count alone.

    Args:
        access: the graph.
        seeds: see `graphray.Graph.loader`, as for all arguments.
    """

    def __init__(
        self,
        access: PartitionAccess,
        seeds: Any,
        sampling: SamplingPlan,
        *,
        batch_size: int,
        shuffle: bool,
        rng_seed: int,
        drop_last: bool,
        in_flight: int | None,
        rank: int,
        world_size: int,
    ) -> None:
        self.batch_size = require_at_least("batch_size", batch_size, 1)
        self.rng_seed = require_at_least("rng_seed", rng_seed, 0)
        self.world_size = require_at_least("world_size", world_size, 1)
        self.rank = require_at_least("rank", rank, 0)
        if rank >= world_size:
            raise ArgumentError(f"rank = {rank}; expected 0 to world_size - 1 = {world_size - 1}")
        self._shuffle, self._drop_last = bool(shuffle), bool(drop_last)
        if in_flight is not None:
            require_at_least("in_flight", in_flight, 1)
        self._access = access
        self._sampling = sampling
        self._sampler = sampling.make_sampler(access)
        self.seed_type, ids = resolve_seeds(access.schema, seeds)
        self._seeds = (
            np.arange(access.book.num_nodes(self.seed_type))
            if ids is None
            else find_nodes(access, self.seed_type, ids)
        )
        ensure_compiled()
        self.in_flight = in_flight or (1 if self._sampler.is_local else IN_FLIGHT_REMOTE)
        self._next_epoch = 0
        self._position = (0, 0)
        self._resume_at: tuple[int, int] | None = None

    def __len__(self) -> int:
        """Batches in an epoch that this rank makes."""
        return len(range(self.rank, self.num_batches, self.world_size))

    @property
    def num_batches(self) -> int:
        """Batches in an epoch, of all ranks."""
        whole, rest = divmod(len(self._seeds), self.batch_size)
        return whole + (1 if rest and not self._drop_last else 0)

    @property
    def num_seeds(self) -> int:
        """Seeds in an epoch, of all ranks."""
        return len(self._seeds)

    def __iter__(self) -> Iterator[Batch]:
        if self._resume_at is not None:
            (epoch, batch), self._resume_at = self._resume_at, None
        else:
            epoch, batch = self._next_epoch, 0
        self._next_epoch = epoch + 1
        return self._counted(epoch, batch)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch, from the first."""
        return self.resume(epoch, 0)

    def resume(self, epoch: int, batch: int) -> Iterator[Batch]:
        """The batches of one epoch from some batch on, equal to those of an unbroken run.

        Args:
            epoch: the epoch.
            batch: where to enter it, counted over all ranks, which have to enter at the same one;
                this rank's share of the batches from there on follows.

        Raises:
            ArgumentError: where the epoch is below 0 or the epoch has no such batch.
        """
        require_at_least("epoch", epoch, 0)
        if require_at_least("batch", batch, 0) > self.num_batches:
            raise ArgumentError(f"batch = {batch}; an epoch has {self.num_batches} batches")
        order = self._order(epoch)
        numbers = range(batch + self.rank, self.num_batches, self.world_size)
        if self.in_flight == 1:
            return (self._make(order, epoch, number) for number in numbers)
        return self._overlapped(order, epoch, numbers)

    def batch(self, epoch: int, number: int) -> Batch:
        """One batch of one epoch, whichever rank's it is.

        Raises:
            ArgumentError: where the epoch has no such batch.
        """
        require_at_least("epoch", epoch, 0)
        if require_at_least("number", number, 0) >= self.num_batches:
            raise ArgumentError(f"number = {number}; an epoch has {self.num_batches} batches")
        return self._make(self._order(epoch), epoch, number)

    def state_dict(self) -> dict[str, Any]:
        """Where the loop over this loader stands, for a checkpoint; plain values.

        Counts the rounds that were handed out by ``for batch in loader``. Ranks in step have equal
        states, and any of them is good for all, also for another number of ranks.
        """
        epoch, batch = self._position
        return {
            "snapshot_id": self._access.snapshot_id,
            "seeds": self._fingerprint(),
            "epoch": epoch,
            "batch": batch,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another loader stood, of any rank and world size: the next loop resumes.

        Raises:
            ArgumentError: where the state is of another graph or snapshot, or of other seeds or
                settings that decide what is in a batch.
        """
        missing = {"snapshot_id", "seeds", "epoch", "batch"} - set(state)
        if missing:
            raise ArgumentError(f"the state lacks {', '.join(sorted(missing))}")
        if state["snapshot_id"] != self._access.snapshot_id:
            raise ArgumentError(
                f"the state is of snapshot {state['snapshot_id']}, this graph's is "
                f"{self._access.snapshot_id}; batches of the two differ"
            )
        if state["seeds"] != self._fingerprint():
            raise ArgumentError(
                "the state is of a loader with other seeds, fanout, batch_size, rng_seed, shuffle "
                "or direction; make this one with the same"
            )
        self._resume_at = self._position = (int(state["epoch"]), int(state["batch"]))

    def _counted(self, epoch: int, batch: int) -> Iterator[Batch]:
        """The batches from one on, `state_dict` following along."""
        self._position = (epoch, batch)
        for made in self.resume(epoch, batch):
            # Up to the end of this round of all ranks, which peers in step have been handed too.
            done = made.number - self.rank + self.world_size
            self._position = (epoch, min(done, self.num_batches))
            yield made
        self._position = (epoch + 1, 0)

    def _fingerprint(self) -> str:
        settings = (self.seed_type, self._sampling, self.batch_size, self.rng_seed, self._shuffle)
        state = hashlib.blake2b(repr(settings).encode(), digest_size=16)
        state.update(self._seeds.tobytes())
        return state.hexdigest()

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        if not self._shuffle:
            return self._seeds
        return self._seeds[epoch_order(len(self._seeds), self.rng_seed, epoch)]

    def _make(self, order: npt.NDArray[np.int64], epoch: int, number: int) -> Batch:
        seeds = order[number * self.batch_size : (number + 1) * self.batch_size]
        stream = BatchStream(self.rng_seed, epoch, number)
        subgraph = self._sampler.sample(Seeds({self.seed_type: seeds}), stream)
        return Batch(self._access, subgraph, self.seed_type, epoch, number)

    def _overlapped(
        self, order: npt.NDArray[np.int64], epoch: int, numbers: Iterable[int]
    ) -> Iterator[Batch]:
        under_way: deque[Future[Batch]] = deque()
        pool = ThreadPoolExecutor(self.in_flight, thread_name_prefix="graphray-loader")
        try:
            for number in numbers:
                under_way.append(pool.submit(self._make, order, epoch, number))
                if len(under_way) >= self.in_flight:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            # Also when the consumer walks away: nothing new starts, and what runs has a deadline.
            pool.shutdown(wait=True, cancel_futures=True)
