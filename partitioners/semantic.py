"""Partition by likeness: balanced k-means on what the nodes are, whatever the edges.

For graphs that are queried by likeness more than by neighbourhood, such as vector search with hops
around each hit. Centres are found on a sample (k-means++, then Lloyd's rounds), with a price on
every partition that rises while it is too full (an auction, as in Bertsekas' assignment algorithm);
then all nodes are placed, those that would lose most elsewhere first, within limits on nodes and
edge ends.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.partition_kmeans import place_cheapest, sum_by_part
from partitioners.balance import Balance
from partitioners.features import Features, features_of
from partitioners.goal import ANY_CRITERIA
from partitioners.limits import IMBALANCE, checked_imbalance
from partitioners.occupancy import occupy
from partitioners.problem import PartitionProblem
from partitioners.refinement import mend_blindly
from partitioners.weights import node_weights_of

_SAMPLE_MAX = 100_000
_ROUNDS = 25
_PRICE_STEP = 0.3
_CHUNK = 2**16


class Semantic:
    """Balanced k-means on a column of vectors; where there is none, on types and relations.

    In a graph of one type, it is on the spectrum instead; see `partitioners.features`.

    Args:
        column: the name of the column; None for the first column of vectors there is.
        imbalance: the largest partition may hold this many times the mean of nodes, and of edge
            ends.

    Raises:
        ArgumentError: where `imbalance` is below 1.
    """

    name = "semantic"
    balances = ANY_CRITERIA
    takes_target_sizes = True

    def __init__(self, *, column: str | None = None, imbalance: float = IMBALANCE) -> None:
        imbalance = checked_imbalance(imbalance)
        self.column = column
        self.imbalance = imbalance

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`.

        Raises:
            ColumnNotFound: where no node type has the column.
            ArgumentError: where its vectors differ in width, or hold NaN or infinity.
        """
        n = problem.num_nodes
        if parts == 1 or n <= parts:
            return np.arange(n, dtype=np.int32) % np.int32(parts)
        rng = np.random.default_rng(rng_seed)
        features = features_of(problem, self.column, parts, rng)
        sample = features
        if n > _SAMPLE_MAX:
            sample = features[np.sort(rng.choice(n, _SAMPLE_MAX, replace=False))]
        node_weights = node_weights_of(problem)
        balance = Balance.of(problem, node_weights, parts, self.imbalance)
        centres, prices = _balanced_centres(sample, balance.shares, rng)
        limits = np.maximum(balance.limits, 1)
        assignment = np.zeros(n, np.int32)
        filled = np.zeros(limits.shape, np.int64)
        order = np.argsort(-_regrets(features, centres, prices), kind="stable")
        for start in range(0, n, _CHUNK):
            nodes = order[start : start + _CHUNK]
            costs = _costs(features[nodes], centres, prices)
            place_cheapest(nodes, costs, node_weights, limits, assignment, filled)
        if problem.goal.is_stated:
            mend_blindly(node_weights, assignment, balance)
        occupy(assignment, parts)
        return assignment


def _balanced_centres(
    sample: Features, shares: npt.NDArray[np.float64], rng: np.random.Generator
) -> tuple[Features, npt.NDArray[np.float32]]:
    """Centres ``float32[parts, d]``, and prices ``float32[parts]`` that bring about the shares."""
    parts = len(shares)
    centres = _spread_centres(sample, parts, rng)
    prices = np.zeros(parts, np.float32)
    for _ in range(_ROUNDS):
        part = _costs(sample, centres, prices).argmin(axis=1)
        sums, counts = sum_by_part(sample, part, parts)
        taken = counts > 0
        centres[taken] = (sums[taken] / counts[taken, None]).astype(np.float32)
        prices += np.float32(_PRICE_STEP) * (counts / shares / len(sample) - 1).astype(np.float32)
    return centres, prices


def _spread_centres(sample: Features, parts: int, rng: np.random.Generator) -> Features:
    """Nodes far from each other (k-means++, Arthur and Vassilvitskii, SODA 2007)."""
    chosen = [int(rng.integers(len(sample)))]
    distance = np.full(len(sample), np.inf)
    for _ in range(parts - 1):
        newest = _costs(sample, sample[chosen[-1:]], np.zeros(1, np.float32))[:, 0]
        distance = np.minimum(distance, np.maximum(newest, 0.0))
        total = distance.sum()
        even = np.full(len(sample), 1 / len(sample))
        chosen.append(int(rng.choice(len(sample), p=distance / total if total > 0 else even)))
    return sample[chosen].copy()


def _costs(
    features: Features, centres: Features, prices: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Squared distance to each centre plus its price, ``float32[b, parts]``."""
    squares = (features**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    return squares - 2 * (features @ centres.T) + prices


def _regrets(
    features: Features, centres: Features, prices: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """How much more its second choice costs each node than its first, ``float32[n]``."""
    regrets = np.empty(len(features), np.float32)
    for start in range(0, len(features), _CHUNK):
        costs = _costs(features[start : start + _CHUNK], centres, prices)
        two = np.partition(costs, 1, axis=1)
        regrets[start : start + _CHUNK] = two[:, 1] - two[:, 0]
    return regrets
