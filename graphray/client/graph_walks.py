"""What a `graphray.Graph` offers beside neighbourhoods: walks, and batches of whole clusters."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.sampling.batch import Batch
from graphray.sampling.clusters import Clusters, first_members
from graphray.sampling.loader import Loader
from graphray.sampling.metapath import Metapath
from graphray.sampling.plan import require_at_least
from graphray.sampling.random_walks import RandomWalks, WalkBatch, WalkSource, walk_once
from graphray.sampling.seed_nodes import SeedNodes
from graphray.schema import Direction

Array = npt.NDArray[Any]


class LoaderOptions(TypedDict, total=False):
    """What every loader takes; see `graphray.Graph.loader`."""

    shuffle: bool
    rng_seed: int
    drop_last: bool
    in_flight: int | None
    prefetch: int
    rank: int
    world_size: int


class GraphWalks:
    """The part of `graphray.Graph` that is about walks and clusters."""

    _access: PartitionAccess

    def walks(
        self,
        seeds: Any = None,
        *,
        length: int,
        walks_per_seed: int = 1,
        restart: float = 0.0,
        p: float = 1.0,
        q: float = 1.0,
        metapath: Metapath | None = None,
        relation: tuple[str, str, str] | str | None = None,
        direction: Direction = "out",
        weight: str | None = None,
        rng_seed: int = 0,
        filler: int = -1,
    ) -> Array:
        """Random walks: uniform, weighted, with restart, of second order, or along a metapath.

        Args:
            seeds: where to start, as for `loader`.
            length: the steps of a walk.
            walks_per_seed: how many walks start at each seed.
            restart: see `graphray.RandomWalks`, like the next six.
            p: see there.
            q: see there.
            metapath: see there.
            relation: see there.
            direction: see there.
            weight: see there.
            rng_seed: decides every step. The walks of a seed do not depend on the other seeds.
            filler: what stands behind the end of a walk that came to a dead end. Give one that is
                no node's id; where ids are strings, it is None.

        Returns:
            ``[seeds * walks_per_seed, length + 1]`` users' ids, the walks of a seed side by side:
            ``int64``, or ``object`` where not all ids on the way are integers.

        Raises:
            ArgumentError: where a parameter is out of range, or a metapath does not join.
            NodeNotFound: where a seed is not in the graph.

        Example:
            >>> import graphray as gr, tempfile
            >>> g = gr.open(gr.build(([0, 1, 2], [1, 2, 3]), tempfile.mkdtemp() + "/line").uri)
            >>> g.walks([0, 2], length=2).tolist()
            [[0, 1, 2], [2, 3, -1]]
        """
        plan = RandomWalks(
            length, walks_per_seed, restart, p, q, metapath, relation, direction, weight
        )
        return walk_once(self._access, seeds, plan, rng_seed, filler)

    def walk_loader(
        self,
        seeds: Any = None,
        walks: RandomWalks | None = None,
        *,
        batch_size: int = 1024,
        **options: Unpack[LoaderOptions],
    ) -> Loader[WalkBatch]:
        """Batches of random walks, in epochs; checkpoints and ranks as for `loader`.

        Args:
            seeds: where to start, as for `loader`.
            walks: how to walk; by default one walk of ten steps from each seed.
            batch_size: seeds per batch.
            options: see `loader`.

        Raises:
            ArgumentError: where a parameter is out of range, or a metapath does not join.
            NodeNotFound: where a seed is not in the graph.

        Example:
            >>> import graphray as gr, tempfile
            >>> g = gr.open(gr.build(([0, 1, 2], [1, 2, 0]), tempfile.mkdtemp() + "/ring").uri)
            >>> loader = g.walk_loader(walks=gr.RandomWalks(length=3), batch_size=2)
            >>> [batch.walks.tolist() for batch in loader]
            [[[0, 1, 2, 0], [1, 2, 0, 1]], [[2, 0, 1, 2]]]
        """
        source = WalkSource(self._access, seeds, walks or RandomWalks(length=10))
        return Loader(source, batch_size=batch_size, **options)

    def cluster_loader(
        self,
        clusters_per_batch: int = 1,
        *,
        column: str | None = None,
        node_type: str | None = None,
        **options: Unpack[LoaderOptions],
    ) -> Loader[Batch]:
        """Batches of whole clusters with all edges among them, as Cluster-GCN trains on.

        The seeds of a batch are one node of each of its clusters, so that `Loader.num_seeds` counts
        clusters; all nodes of the batch are there to be trained on.

        Args:
            clusters_per_batch: how many clusters a batch has; with several and ``shuffle``, every
                epoch puts others together.
            column: the node column that names clusters. None for the partitions of the store; then
                batches depend on the partitioning.
            node_type: the type that seeds are of; may be left out where the graph has one.
                Clusters without a node of the type are left out.
            options: see `loader`.

        Raises:
            ArgumentError: where a parameter is out of range, or nodes of the type are in no
                cluster.
            ColumnNotFound: where no node type has the column.

        Example:
            >>> import graphray as gr, tempfile
            >>> store = gr.build(([0, 1, 2, 3], [1, 2, 3, 0]), tempfile.mkdtemp() + "/ring",
            ...                  parts=2, partitioner="range")
            >>> loader = gr.open(store.uri).cluster_loader()
            >>> [(batch.nodes.tolist(), batch.num_edges) for batch in loader]
            [([0, 1], 1), ([2, 3], 1)]
        """
        schema = self._access.schema
        wanted = node_type or schema.only_node_type("cluster_loader").name
        schema.node_type(wanted)
        plan = Clusters(column)
        firsts = first_members(plan.of(self._access), wanted)
        if len(firsts) == 0:
            raise ArgumentError(f"no node of type {wanted!r} is in a cluster of column {column!r}")
        source = SeedNodes(self._access, wanted, firsts, plan)
        require_at_least("clusters_per_batch", clusters_per_batch, 1)
        return Loader(source, batch_size=clusters_per_batch, **options)
