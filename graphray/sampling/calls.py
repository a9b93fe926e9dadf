"""What a graph offers for training: loaders of minibatches, around nodes and around edges."""

from __future__ import annotations

from typing import Any, Unpack

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.sampling.batch import Batch
from graphray.sampling.link_batch import LinkBatch
from graphray.sampling.link_source import LinkSource
from graphray.sampling.loader import Loader
from graphray.sampling.negatives import Negatives
from graphray.sampling.neighbors import NeighborOptions, Neighbors
from graphray.sampling.plan import Fanout
from graphray.sampling.seed_edges import resolve_seed_edges
from graphray.sampling.seed_nodes import SeedNodes, find_seed_nodes
from graphray.sampling.subgraph import SamplingPlan
from graphray.schema import Direction

RelationName = tuple[str, str, str] | str


class LoaderCalls:
    """The part of `graphray.Graph` that is about minibatches."""

    _access: PartitionAccess

    def loader(
        self,
        seeds: Any = None,
        fanout: Fanout = (15, 10, 5),
        *,
        batch_size: int = 1024,
        shuffle: bool = False,
        rng_seed: int = 0,
        direction: Direction = "in",
        drop_last: bool = False,
        in_flight: int | None = None,
        prefetch: int = 0,
        rank: int = 0,
        world_size: int = 1,
        seed_times: Any = None,
        sampling: SamplingPlan | None = None,
        **options: Unpack[NeighborOptions],
    ) -> Loader[Batch]:
        """Minibatches of sampled neighbourhoods of some seeds.

        Args:
            seeds: users' ids; None for all nodes, in the order of the build's input. Where the
                graph has several node types, ``("paper", ids)``, ``{"paper": ids}``, or ``"paper"``
                for all of them. A seed that stands twice in one batch is sampled once, in a
                disjoint batch twice.
            fanout: draws per node and hop, -1 for all neighbours: a list for every relation, or
                ``{relation: list}`` to follow only those.
            batch_size: seeds per batch.
            shuffle: visit the seeds in another order every epoch.
            rng_seed: decides every random choice.
            direction: "in" samples the nodes a seed receives messages from, "out" those its edges
                lead to.
            drop_last: leave a last batch out that is not full.
            in_flight: batches sampled at once, each in a thread of its own; by default one where
                every partition is mapped into this process, else a few to hide the latency of
                calls.
            prefetch: batches that may wait, ready, for the loop to take them. 0 with one in flight
                samples each when it is asked for, in the caller's own thread.
            rank: which of several workers this is; each makes its share of every epoch's batches.
            world_size: how many workers there are.
            seed_times: when each seed is looked at, for sampling by time: an array of integers
                aligned with the seeds, or the name of a column of theirs.
            sampling: another way to sample than by ``fanout``, ``direction`` and ``options``.
            options: how neighbours are drawn, such as ``replace``, ``weight``, ``edge_time`` and
                ``disjoint``: the optional fields of `graphray.sampling.neighbors.Neighbors`.

        Raises:
            ArgumentError: where a parameter is out of range.
            NodeNotFound: where a seed is not in the graph.
        """
        plan = _plan(fanout, direction, sampling, options)
        return Loader(
            SeedNodes(self._access, *find_seed_nodes(self._access, seeds), plan, seed_times),
            batch_size=batch_size,
            shuffle=shuffle,
            rng_seed=rng_seed,
            drop_last=drop_last,
            in_flight=in_flight,
            prefetch=prefetch,
            rank=rank,
            world_size=world_size,
        )

    def link_loader(
        self,
        seed_edges: Any = None,
        fanout: Fanout = (15, 10, 5),
        *,
        labels: Any = None,
        negatives: Negatives | None = None,
        exclude_seed_edges: bool = True,
        reverse: RelationName | None = None,
        batch_size: int = 1024,
        shuffle: bool = False,
        rng_seed: int = 0,
        direction: Direction = "in",
        drop_last: bool = False,
        in_flight: int | None = None,
        prefetch: int = 0,
        rank: int = 0,
        world_size: int = 1,
        seed_times: Any = None,
        sampling: SamplingPlan | None = None,
        **options: Unpack[NeighborOptions],
    ) -> Loader[LinkBatch]:
        """Minibatches around seed edges, for link prediction.

        Args:
            seed_edges: pairs of users' ids, ``(sources, destinations)``, which need not be edges of
                the graph; or edge ids (rows in the build's input); or None for all edges, in the
                order of their ids. Where the graph has several relations, with the relation before
                them: ``(relation, pairs)``, ``{relation: pairs}``, or the relation alone for all.
            fanout: draws per node and hop around both ends.
            labels: a value for each seed edge: an array, or the name of an edge column.
            negatives: pairs that are no edges, to be added to each batch.
            exclude_seed_edges: leave out of the batch's `edge_index` every edge of the relation
                between the ends of one of its seed edges, parallel ones too, and of an undirected
                relation in either direction.
            reverse: the relation that holds the same edges the other way round, which loses these
                as well; the relation itself where it holds both.
            batch_size: seed edges per batch.
            shuffle: as in `loader`, like all that follow but the times.
            rng_seed: see there.
            direction: see there.
            drop_last: see there.
            in_flight: see there.
            prefetch: see there.
            rank: see there.
            world_size: see there.
            seed_times: when each seed edge is looked at: an array, or the name of an edge column.
            sampling: see there.
            options: see there.

        Raises:
            ArgumentError: where a parameter is out of range.
            NodeNotFound: where an end of a pair is not in the graph.
            EdgeNotFound: where an edge id is not in the relation.

        Example:
            >>> import graphray as gr, tempfile
            >>> store = gr.build(([0, 1, 2, 3], [1, 2, 3, 0]), tempfile.mkdtemp() + "/ring")
            >>> g = gr.open(store.uri)
            >>> (batch,) = g.link_loader(fanout=[2], negatives=gr.Negatives(amount=1))
            >>> batch.edge_label.tolist()
            [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
            >>> batch.nodes[batch.edge_label_index[:, :4]].tolist()
            [[0, 1, 2, 3], [1, 2, 3, 0]]
            >>> batch.num_edges  # all four are to be predicted, so none is shown
            0
        """
        source = LinkSource(
            self._access,
            resolve_seed_edges(self._access, seed_edges),
            _plan(fanout, direction, sampling, options),
            labels=labels,
            negatives=negatives,
            exclude_seed_edges=exclude_seed_edges,
            reverse=reverse,
            seed_times=seed_times,
        )
        return Loader(
            source,
            batch_size=batch_size,
            shuffle=shuffle,
            rng_seed=rng_seed,
            drop_last=drop_last,
            in_flight=in_flight,
            prefetch=prefetch,
            rank=rank,
            world_size=world_size,
        )


def _plan(
    fanout: Fanout,
    direction: Direction,
    sampling: SamplingPlan | None,
    options: NeighborOptions,
) -> SamplingPlan:
    if sampling is None:
        return Neighbors(fanout, direction, **options)
    if options:
        raise ArgumentError(
            f"{', '.join(options)} and sampling are both given; a plan says itself how it draws"
        )
    return sampling
