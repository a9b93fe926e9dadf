"""Seeds in, sampled batches out: an epoch of a loader as a stream of Ray Data.

The dataset that goes in has a row per batch: its number, and which of the loader's seeds it is made
of. Actors that connect to the graph once turn rows into batches. As a batch is a function of
nothing but (snapshot, rng_seed, epoch, number), what comes out is what the loader makes in one
process, bit for bit, however many actors there are and whichever makes which.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import ray
import ray.data
from ray.data import ActorPoolStrategy

from graphray.errors import ArgumentError
from graphray.ray_data.rows import ColumnNames, row_of
from graphray.reading.background import in_background
from graphray.sampling.batch import Batch
from graphray.sampling.loader import Loader
from graphray.sampling.plan import require_at_least, require_between
from graphray.schema import GraphSchema, require_column

EPOCH, NUMBER, ROWS = "epoch", "number", "rows"

BLOCKS_MAX = 256
"""Blocks of the dataset of seeds: enough for any pool to share out evenly."""


def batches_dataset(
    loader: Loader[Batch],
    schema: GraphSchema,
    *,
    epoch: int = 0,
    features: Mapping[str, list[str]] | None = None,
    edge_features: Mapping[Any, list[str]] | None = None,
    actors: int | tuple[int, int] = 1,
    cpus_per_actor: float = 1.0,
) -> ray.data.Dataset:
    """An epoch of a loader as a dataset with a row per batch (see `graphray.ray_data.rows`).

    Args:
        loader: whose batches; only this rank's share.
        schema: the graph's.
        epoch: the epoch.
        features: properties to bring along, by node type.
        edge_features: properties to bring along, by relation.
        actors: how many sample at once, or (least, most) for as many as there is work.
        cpus_per_actor: what each reserves.

    Raises:
        ArgumentError: where a parameter is out of range.
        ColumnNotFound: where a property is not in the graph.
    """
    least, most = _pool_size(actors)
    require_between("cpus_per_actor", cpus_per_actor, 0.0, math.inf)
    wanted = _node_columns(schema, features or {}), _edge_columns(schema, edge_features or {})
    return ray.data.from_arrow(list(_seed_blocks(loader, epoch))).map_batches(
        SamplingActor,
        fn_constructor_args=(ray.put(loader), loader.snapshot_id, *wanted),
        batch_size=1,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(min_size=least, max_size=most),
        num_cpus=cpus_per_actor,
    )


class SamplingActor:
    """Turns rows of seeds into rows of batches; one of the pool.

    Args:
        loader: a reference to the loader. Taking it out of the object store connects this process
            to the graph; the arrays of seeds stay in the store, one copy for all actors of a node.
        snapshot_id: the state of the graph that the dataset was made for.
        features: see `graphray.ray_data.rows.row_of`.
        edge_features: see there.
    """

    def __init__(
        self,
        loader: ray.ObjectRef,
        snapshot_id: str,
        features: ColumnNames,
        edge_features: ColumnNames,
    ) -> None:
        self._loader: Loader[Batch] = ray.get(loader)
        self._features, self._edge_features = features, edge_features
        if self._loader.snapshot_id != snapshot_id:
            raise ArgumentError(
                f"the dataset is of snapshot {snapshot_id}, and the graph that runs now is "
                f"{self._loader.snapshot_id}; make the dataset anew"
            )

    def __call__(self, seeds: pa.Table) -> dict[str, Any]:
        """The batch that a table of one row is about."""
        epoch, number = seeds[EPOCH][0].as_py(), seeds[NUMBER][0].as_py()
        rows = seeds[ROWS][0].values.to_numpy()
        with in_background():
            batch = self._loader.make(rows, epoch, number)
            return row_of(batch, self._features, self._edge_features)


def _pool_size(actors: Any) -> tuple[int, int]:
    """The least and the most actors; raises ArgumentError."""
    bounds = actors if isinstance(actors, tuple) else (actors, actors)
    if len(bounds) != 2:
        raise ArgumentError(f"actors = {actors!r}; expected a number, or (least, most)")
    least = require_at_least("actors", bounds[0], 1)
    return least, require_at_least("actors' upper bound", bounds[1], least)


def _seed_blocks(loader: Loader[Batch], epoch: int) -> Iterator[pa.Table]:
    """The rows that go in, some in each block."""
    blocks = list(loader.seed_blocks(epoch))
    size = math.ceil(len(blocks) / BLOCKS_MAX) or 1
    fields = [(EPOCH, pa.int64()), (NUMBER, pa.int64()), (ROWS, pa.large_list(pa.int64()))]
    for start in range(0, max(1, len(blocks)), size):
        some = blocks[start : start + size]
        columns = {
            EPOCH: [epoch] * len(some),
            NUMBER: [number for number, _ in some],
            ROWS: [rows for _, rows in some],
        }
        yield pa.table(columns, pa.schema(fields))


def _node_columns(schema: GraphSchema, features: Mapping[str, list[str]]) -> ColumnNames:
    found = {}
    for name, columns in features.items():
        kind = schema.node_type(name)
        for column in columns:
            require_column(kind.columns, column, f"node type {name!r}")
        found[kind.name] = tuple(columns)
    return found


def _edge_columns(schema: GraphSchema, edge_features: Mapping[Any, list[str]]) -> ColumnNames:
    found = {}
    for name, columns in edge_features.items():
        kind = schema.relation_type(name)
        for column in columns:
            require_column(kind.columns, column, f"relation {kind.relation}")
        found[kind.relation] = tuple(columns)
    return found
