"""The loader: epochs of minibatches over a fixed set of seeds, whatever the seeds are.

Batch b of epoch e is a pure function of (snapshot, rng_seed, e, b), so an epoch can be entered
anywhere, by any process. It is shared out in rounds: from batch b on, rank r of w makes the batches
b + r, b + r + w, b + r + 2w, …, so no seed is lost or doubled, and where workers in step left an
epoch is one number, whatever w is.

What a seed is (a node, an edge) and how a batch is made of some of them is the business of a
`BatchSource`; order, ranks, checkpoints and threads are the loader's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError, missing_dependency
from graphray.kernels.warmup import ensure_compiled
from graphray.sampling.ahead import made_ahead
from graphray.sampling.plan import require_at_least
from graphray.sampling.streams import BatchStream, epoch_order

if TYPE_CHECKING:
    from graphray.sampling.torch_batches import TorchBatches

Ints = npt.NDArray[np.int64]
AnyBatch = TypeVar("AnyBatch", covariant=True)
Other = TypeVar("Other")

IN_FLIGHT_REMOTE = 4
"""Batches under way at once where some partitions cost a call: enough to hide its latency."""


class BatchSource(Protocol[AnyBatch]):
    """Numbered seeds of one snapshot, and how a batch is made of some; safe in several threads."""

    @property
    def snapshot_id(self) -> str:
        """The state of the graph that batches are sampled from."""
        ...

    @property
    def num_seeds(self) -> int:
        """How many seeds there are."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether all that is sampled from is mapped, so that no batch costs a call."""
        ...

    def fingerprint(self) -> str:
        """Equal for equal seeds that are sampled in the same way, and for no others."""
        ...

    def make(self, rows: Ints, stream: BatchStream) -> AnyBatch:
        """The batch of the seeds of these numbers: a pure function of both."""
        ...


class Loader(Generic[AnyBatch]):
    """Minibatches of sampled neighbourhoods.

    Made by `graphray.Graph.loader` and `graphray.Graph.link_loader`. Iterating runs the next epoch:
    the first ``for`` loop is epoch 0, the second epoch 1. `epoch` and `resume` name one and leave
    that count alone.

    A loop that is left, or ended by an exception, leaves no thread behind; what a thread is making
    at that moment is finished first and thrown away.

    Args:
        source: the seeds, and how they are sampled.
        batch_size: see `graphray.Graph.loader`, as for all that follow.
    """

    def __init__(
        self,
        source: BatchSource[AnyBatch],
        *,
        batch_size: int = 1024,
        shuffle: bool = False,
        rng_seed: int = 0,
        drop_last: bool = False,
        in_flight: int | None = None,
        prefetch: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.batch_size = require_at_least("batch_size", batch_size, 1)
        self.rng_seed = require_at_least("rng_seed", rng_seed, 0)
        self.world_size = require_at_least("world_size", world_size, 1)
        self.rank = require_at_least("rank", rank, 0)
        if rank >= world_size:
            raise ArgumentError(f"rank = {rank}; expected 0 to world_size - 1 = {world_size - 1}")
        self.prefetch = require_at_least("prefetch", prefetch, 0)
        if in_flight is not None:
            require_at_least("in_flight", in_flight, 1)
        self.in_flight = in_flight or (1 if source.is_local else IN_FLIGHT_REMOTE)
        self._shuffle, self._drop_last = bool(shuffle), bool(drop_last)
        self._source = source
        ensure_compiled()
        self._next_epoch = 0
        self._position = (0, 0)
        self._resume_at: tuple[int, int] | None = None

    def __len__(self) -> int:
        """Batches in an epoch that this rank makes."""
        return len(range(self.rank, self.num_batches, self.world_size))

    @property
    def num_batches(self) -> int:
        """Batches in an epoch, of all ranks."""
        whole, rest = divmod(self.num_seeds, self.batch_size)
        return whole + (1 if rest and not self._drop_last else 0)

    @property
    def num_seeds(self) -> int:
        """Seeds in an epoch, of all ranks."""
        return self._source.num_seeds

    def __iter__(self) -> Iterator[AnyBatch]:
        return self.prepared(_as_it_is)

    def prepared(self, prepare: Callable[[AnyBatch], Other]) -> Iterator[Other]:
        """The next epoch, as ``for`` over the loader runs it, of ``prepare(batch)`` for each batch.

        ``prepare`` runs where the batch is sampled: in the threads of ``in_flight``, before the
        loop asks for it, so that what it reads (such as features) is there in time as well.

        Example:
            >>> import graphray as gr, tempfile
            >>> g = gr.open(gr.build(([0, 1, 2], [1, 2, 0]), tempfile.mkdtemp() + "/ring").uri)
            >>> loader = g.loader([0, 1], [1], batch_size=1, prefetch=2)
            >>> [(n, nodes.tolist()) for n, nodes in loader.prepared(lambda b: (b.number, b.nodes))]
            [(0, [0, 2]), (1, [1, 0])]
        """
        if self._resume_at is not None:
            (epoch, batch), self._resume_at = self._resume_at, None
        else:
            epoch, batch = self._next_epoch, 0
        self._next_epoch = epoch + 1
        return self._counted(epoch, batch, prepare)

    def to_torch(
        self,
        features: Mapping[str, list[str]] | None = None,
        edge_features: Mapping[Any, list[str]] | None = None,
        *,
        convert: Callable[[Any], Any] | None = None,
    ) -> TorchBatches:
        """The loader as torch's ``IterableDataset``, of dictionaries of tensors.

        The keys are the names of a batch's attributes (``nodes``, ``edge_index``, ``edge_ids``,
        ``num_seeds``, …; around seed edges ``edge_label_index``, ``edge_label``), ``features`` and
        ``edge_features``. Arrays become tensors without being copied. Features are read in the
        threads that sample.

        Args:
            features: columns to bring along, by node type.
            edge_features: columns to bring along, by relation.
            convert: makes something else of each batch, such as ``lambda b: b.to_pyg(["x"])``.

        Raises:
            MissingDependency: where torch is not installed.
        """
        try:
            from graphray.sampling.torch_batches import TorchBatches, tensors_of
        except ImportError as error:
            raise missing_dependency("torch", "torch", "Loader.to_torch") from error
        columns, edge_columns = features or {}, edge_features or {}
        return TorchBatches(
            self, convert or (lambda batch: tensors_of(batch, columns, edge_columns))
        )

    def epoch(self, epoch: int) -> Iterator[AnyBatch]:
        """The batches of one epoch, from the first."""
        return self.resume(epoch, 0)

    def resume(self, epoch: int, batch: int) -> Iterator[AnyBatch]:
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
        return self._run(epoch, self._share(batch), _as_it_is)

    def batch(self, epoch: int, number: int) -> AnyBatch:
        """One batch of one epoch, whichever rank's it is.

        Raises:
            ArgumentError: where the epoch has no such batch.
        """
        require_at_least("epoch", epoch, 0)
        if require_at_least("number", number, 0) >= self.num_batches:
            raise ArgumentError(f"number = {number}; an epoch has {self.num_batches} batches")
        return self._make(self._order(epoch), epoch, number)

    def seed_blocks(self, epoch: int) -> Iterator[tuple[int, Ints]]:
        """What this rank's batches of an epoch are made of: the number and rows of seeds of each.

        Any process that has a copy of this loader can `make` them.
        """
        require_at_least("epoch", epoch, 0)
        order = self._order(epoch)
        for number in self._share(0):
            yield number, self._rows(order, number)

    def make(self, rows: Ints, epoch: int, number: int) -> AnyBatch:
        """The batch of one of the `seed_blocks` of an epoch."""
        return self._source.make(rows, BatchStream(self.rng_seed, epoch, number))

    @property
    def snapshot_id(self) -> str:
        """The state of the graph that batches are sampled from."""
        return self._source.snapshot_id

    def state_dict(self) -> dict[str, Any]:
        """Where the loop over this loader stands, for a checkpoint; plain values.

        Counts the rounds that were handed out by ``for batch in loader``. Ranks in step have equal
        states, and any of them is good for all, also for another number of ranks.
        """
        epoch, batch = self._position
        return {
            "snapshot_id": self._source.snapshot_id,
            "seeds": self._fingerprint(),
            "epoch": epoch,
            "batch": batch,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another loader stood, of any rank and world size: the next loop resumes.

        Raises:
            ArgumentError: where the state is of another graph or snapshot, or of other seeds or
                settings that decide what is in a batch, or names no batch of an epoch.
        """
        if not isinstance(state, Mapping):
            raise ArgumentError(f"the state is {state!r}; expected what state_dict() returned")
        missing = {"snapshot_id", "seeds", "epoch", "batch"} - set(state)
        if missing:
            raise ArgumentError(f"the state lacks {', '.join(sorted(missing))}")
        if state["snapshot_id"] != self._source.snapshot_id:
            raise ArgumentError(
                f"the state is of snapshot {state['snapshot_id']}, this graph's is "
                f"{self._source.snapshot_id}; batches of the two differ"
            )
        if state["seeds"] != self._fingerprint():
            raise ArgumentError(
                "the state is of a loader with other seeds, fanout, batch_size, rng_seed, shuffle "
                "or direction; make this one with the same"
            )
        epoch = require_at_least("the state's epoch", state["epoch"], 0)
        batch = require_at_least("the state's batch", state["batch"], 0)
        if batch > self.num_batches:
            raise ArgumentError(
                f"the state's batch = {batch}; an epoch has {self.num_batches} batches"
            )
        self._resume_at = self._position = (epoch, batch)

    def _counted(
        self, epoch: int, batch: int, prepare: Callable[[AnyBatch], Other]
    ) -> Iterator[Other]:
        """What is prepared of the batches from one on, `state_dict` following along."""
        self._position = (epoch, batch)
        share = self._share(batch)
        made = self._run(epoch, share, prepare)
        for number, prepared in zip(share, made, strict=True):
            # Up to the end of this round of all ranks, which peers in step have been handed too.
            done = number - self.rank + self.world_size
            self._position = (epoch, min(done, self.num_batches))
            yield prepared
        self._position = (epoch + 1, 0)

    def _share(self, batch: int) -> range:
        """The numbers of this rank's batches from some batch on."""
        return range(batch + self.rank, self.num_batches, self.world_size)

    def _run(
        self, epoch: int, numbers: range, prepare: Callable[[AnyBatch], Other]
    ) -> Iterator[Other]:
        order = self._order(epoch)
        return made_ahead(
            lambda number: prepare(self._make(order, epoch, number)),
            numbers,
            threads=self.in_flight,
            ahead=self.prefetch,
        )

    def _order(self, epoch: int) -> Ints | None:
        """The seeds in the order in which the epoch visits them; None for that of their numbers."""
        return epoch_order(self.num_seeds, self.rng_seed, epoch) if self._shuffle else None

    def _make(self, order: Ints | None, epoch: int, number: int) -> AnyBatch:
        return self.make(self._rows(order, number), epoch, number)

    def _rows(self, order: Ints | None, number: int) -> Ints:
        """Which seeds a batch is made of."""
        start = number * self.batch_size
        stop = min(start + self.batch_size, self.num_seeds)
        return np.arange(start, stop) if order is None else order[start:stop]

    def _fingerprint(self) -> str:
        settings = (self._source.fingerprint(), self.batch_size, self.rng_seed, self._shuffle)
        return hashlib.blake2b(repr(settings).encode(), digest_size=16).hexdigest()


def _as_it_is(batch: Other) -> Other:
    return batch
