"""The loader: epochs of minibatches over a fixed set of seeds.

Batch b of epoch e is a pure function of (snapshot, rng_seed, e, b), so an epoch can be entered
anywhere, by any process. Where batches need calls to other nodes, several are in flight at once,
each on a thread of its own; they are handed out in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.access import PartitionAccess
from graphray.errors import ArgumentError
from graphray.gather import find_nodes
from graphray.kernels.warmup import ensure_compiled
from graphray.sampling.batch import Batch
from graphray.sampling.plan import Fanout, require_at_least, resolve_fanout, resolve_seeds
from graphray.sampling.sampler import NeighborSampler
from graphray.sampling.streams import BatchStream, epoch_order
from graphray.schema import Direction

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
        fanout: Fanout,
        *,
        batch_size: int,
        shuffle: bool,
        rng_seed: int,
        direction: Direction,
        drop_last: bool,
        in_flight: int | None,
    ) -> None:
        if direction not in ("in", "out"):
            raise ArgumentError(f"direction = {direction!r}; expected 'in' or 'out'")
        self.batch_size = require_at_least("batch_size", batch_size, 1)
        self.rng_seed = require_at_least("rng_seed", rng_seed, 0)
        self.direction: Direction = direction
        self._shuffle, self._drop_last = bool(shuffle), bool(drop_last)
        if in_flight is not None:
            require_at_least("in_flight", in_flight, 1)
        self._access = access
        fanouts = resolve_fanout(access.schema, fanout)
        self.seed_type, ids = resolve_seeds(access.schema, seeds)
        self._seeds = (
            np.arange(access.book.num_nodes(self.seed_type))
            if ids is None
            else find_nodes(access, self.seed_type, ids)
        )
        ensure_compiled()
        self._sampler = NeighborSampler(access, fanouts, direction)
        self.in_flight = in_flight or (1 if self._sampler.is_local else IN_FLIGHT_REMOTE)
        self._next_epoch = 0

    def __len__(self) -> int:
        """Batches in an epoch."""
        whole, rest = divmod(len(self._seeds), self.batch_size)
        return whole + (1 if rest and not self._drop_last else 0)

    @property
    def num_seeds(self) -> int:
        """Seeds in an epoch."""
        return len(self._seeds)

    def __iter__(self) -> Iterator[Batch]:
        epoch = self._next_epoch
        self._next_epoch += 1
        return self.epoch(epoch)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch, from the first."""
        return self.resume(epoch, 0)

    def resume(self, epoch: int, batch: int) -> Iterator[Batch]:
        """The batches of one epoch from some batch on, equal to those of an unbroken run.

        Raises:
            ArgumentError: where the epoch is below 0 or the epoch has no such batch.
        """
        require_at_least("epoch", epoch, 0)
        if require_at_least("batch", batch, 0) > len(self):
            raise ArgumentError(f"batch = {batch}; an epoch has {len(self)} batches")
        order = self._order(epoch)
        if self.in_flight == 1:
            return (self._make(order, epoch, number) for number in range(batch, len(self)))
        return self._overlapped(order, epoch, batch)

    def batch(self, epoch: int, number: int) -> Batch:
        """One batch of one epoch."""
        return next(self.resume(epoch, number))

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        if not self._shuffle:
            return self._seeds
        return self._seeds[epoch_order(len(self._seeds), self.rng_seed, epoch)]

    def _make(self, order: npt.NDArray[np.int64], epoch: int, number: int) -> Batch:
        seeds = order[number * self.batch_size : (number + 1) * self.batch_size]
        stream = BatchStream(self.rng_seed, epoch, number)
        subgraph = self._sampler.sample({self.seed_type: seeds}, stream)
        return Batch(self._access, subgraph, self.seed_type, self.direction, epoch, number)

    def _overlapped(self, order: npt.NDArray[np.int64], epoch: int, first: int) -> Iterator[Batch]:
        numbers = iter(range(first, len(self)))
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
