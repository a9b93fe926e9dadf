"""Which rows are worth keeping: the nodes that sampling will read most often, hottest first.

Each way is a function of the graph and a `HotQuery`; `CHOOSERS` names them. Whatever they choose,
what is read stays the same: a choice decides only how often a row has to be fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.features.degrees import HighestDegrees, reaching
from graphray.features.pagerank import personalized_pagerank
from graphray.reading.access import PartitionAccess
from graphray.reading.hot_rows import RowsOf
from graphray.reading.use_counts import add_up
from graphray.schema import Direction

Ints = npt.NDArray[np.int64]
Heat = npt.NDArray[np.float32]


@dataclass(frozen=True)
class HotQuery:
    """What is asked for.

    Attributes:
        of: the rows to choose from.
        parts: the partitions to choose from: those that are not mapped on this node.
        count: how many at most.
        direction: the direction in which sampling goes.
        seeds: per node type ``int64[n]``, the global ids that sampling starts from.
    """

    of: RowsOf
    parts: tuple[int, ...]
    count: int
    direction: Direction
    seeds: Mapping[str, Ints]


Chooser = Callable[[PartitionAccess, HotQuery], tuple[Ints, Heat]]


def by_degree(access: PartitionAccess, query: HotQuery) -> tuple[Ints, Heat]:
    """The nodes that are neighbours of most: a uniform draw meets them in proportion.

    Every owner names its own highest degrees; no adjacency travels.
    """
    adjacencies = reaching(access.schema, query.of.node_type, query.direction)
    if not adjacencies:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    request = HighestDegrees(adjacencies, query.count)
    answers = access.call_all(dict.fromkeys(query.parts, request))
    starts = access.book.node_offsets[query.of.node_type]
    gids = [starts[part] + answers[part][0] for part in query.parts]
    degrees = [answers[part][1] for part in query.parts]
    return hottest(np.concatenate(gids), np.concatenate(degrees), query.count)


def by_use(access: PartitionAccess, query: HotQuery) -> tuple[Ints, Heat]:
    """The nodes that were read most often, by this process and by those that chose before it.

    What earlier processes of the node counted stands in the rows that they had kept.
    """
    gids, counts = access.cache.uses(query.of).counted()
    kept = access.cache.hot_rows(query.of)
    if kept is not None and kept.by == USE:
        gids, counts = add_up(
            np.concatenate([gids, kept.gids]), np.concatenate([counts, kept.heat])
        )
    return hottest(gids, counts, query.count)


def by_pagerank(access: PartitionAccess, query: HotQuery) -> tuple[Ints, Heat]:
    """The nodes where walks from the seeds spend most time: what sampling around them reaches."""
    ranks = personalized_pagerank(access, query.seeds, query.direction)[query.of.node_type]
    starts = access.book.node_offsets[query.of.node_type]
    ranges = [np.arange(starts[part], starts[part + 1]) for part in query.parts]
    gids = np.concatenate(ranges)
    reached = gids[ranks[gids] > 0]
    return hottest(reached, ranks[reached], query.count)


DEGREE, USE, PAGERANK = "degree", "use", "pagerank"
CHOOSERS: dict[str, Chooser] = {DEGREE: by_degree, USE: by_use, PAGERANK: by_pagerank}


def hottest(gids: Ints, heat: npt.NDArray[Any], count: int) -> tuple[Ints, Heat]:
    """The hottest nodes and their heat, falling; of equal ones the lowest global ids.

    >>> [a.tolist() for a in hottest(np.array([4, 2, 9]), np.array([1, 1, 3]), 2)]
    [[9, 2], [3.0, 1.0]]
    """
    order = np.lexsort((gids, -heat))[:count]
    return gids[order], heat[order].astype(np.float32)
