"""The one call of METIS: arrays in, the partition of every node out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pymetis

from partitioners.balance import Balance, combined

_WEIGHTS_MAX = 2**40
_SEED_MAX = 2**31 - 1


def call_metis(
    indptr: npt.NDArray[np.int64],
    neighbours: npt.NDArray[Any],
    edge_weights: npt.NDArray[Any] | None,
    node_weights: npt.NDArray[Any],
    balance: Balance,
    rng_seed: int,
) -> npt.NDArray[np.int32]:
    """METIS's k-way partition; it balances one weight, in which all that are held count the same.

    Args:
        indptr: ``int64[n + 1]``, of a symmetric graph without self-loops.
        neighbours: ``int[m]``, fewer than `largest_integer`.
        edge_weights: ``int[m]``, or None where all edges weigh the same.
        node_weights: ``int[n, k]``.
        balance: the weights that are held, and the share of each partition.
        rng_seed: the same seed gives the same partition.

    Returns:
        ``int32[n]``.
    """
    integer = pymetis.zero_copy_dtype()
    weights = combined(node_weights, balance, min(largest_integer() // 2, _WEIGHTS_MAX))
    even = bool((balance.shares == balance.shares[0]).all())
    _, part = pymetis.part_graph(
        balance.parts,
        pymetis.CSRAdjacency(indptr.astype(integer), neighbours.astype(integer)),
        vweights=weights.astype(integer),
        eweights=None if edge_weights is None else edge_weights.astype(integer),
        tpwgts=None if even else balance.shares.tolist(),
        options=pymetis.Options(seed=rng_seed % _SEED_MAX),
    )
    return np.asarray(part, np.int32)


def largest_integer() -> int:
    """The largest number that METIS counts to, as it was built."""
    return int(np.iinfo(pymetis.zero_copy_dtype()).max)
