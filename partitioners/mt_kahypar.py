"""Mt-KaHyPar's split of a hypergraph, where the package is installed.

Gottesbüren, Heuer, Maas, Sanders and Schlag, "Scalable High-Quality Hypergraph Partitioning", ACM
Trans. Algorithms 20(1), 2024. It is run in its deterministic mode, because a partition is a
function of the problem and `rng_seed`, whatever the threads do.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.errors import missing_dependency
from graphray.kernels.partition_hypergraph_cluster import Pins
from graphray.threads import available_threads
from partitioners.balance import Balance, combined

PACKAGE = "mtkahypar"

_WEIGHTS_MAX = 2**30


def is_installed() -> bool:
    """Whether the package can be imported."""
    return find_spec(PACKAGE) is not None


def split(graph: Pins, balance: Balance, rng_seed: int) -> npt.NDArray[np.int32]:
    """Split a hypergraph for the least connectivity.

    Args:
        graph: the hypergraph, every hyperedge of two pins at least.
        balance: what partitions may hold; it balances one weight, in which all that are held
            count the same.
        rng_seed: the same seed gives the same partition.

    Returns:
        ``int32[n]``, the partition of each vertex.

    Raises:
        MissingDependency: where the package is not installed.
    """
    try:
        import mtkahypar
    except ImportError as error:
        raise missing_dependency(PACKAGE, PACKAGE, "Hypergraph(engine='mtkahypar')") from error
    library = _initialized()
    context = library.context_from_preset(mtkahypar.PresetType.DETERMINISTIC)
    context.set_partitioning_parameters(
        balance.parts, balance.imbalance - 1.0, mtkahypar.Objective.KM1
    )
    context.logging = False
    mtkahypar.set_seed(rng_seed % (2**31 - 1))
    weights = combined(graph.vertex_weights, balance, _WEIGHTS_MAX)
    if (balance.shares != balance.shares[0]).any():
        most = np.ceil(weights.sum() * balance.shares * balance.imbalance)
        context.set_individual_target_block_weights(most.astype(np.int64).tolist())
    rows = np.split(graph.pins, graph.edge_ptr[1:-1])
    hypergraph = library.create_hypergraph(
        context,
        graph.num_vertices,
        graph.num_hyperedges,
        [row.tolist() for row in rows],
        weights.tolist(),
        graph.edge_weights.tolist(),
    )
    return np.asarray(hypergraph.partition(context).get_partition(), np.int32)


@cache
def _initialized() -> Any:
    """Its threads are made once in a process; asking again for another number is an error."""
    import mtkahypar

    return mtkahypar.initialize(available_threads())
