"""What a batch around seed edges asks of a model: pairs, their labels, and other destinations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.schema import Relation

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Links:
    """What a link batch asks its model, in local numbers of the relation's two node types.

    Attributes:
        relation: the relation that is predicted.
        rows: ``int64[n]``, which of the loader's seed edges these are.
        edge_label_index: ``int64[2, n + negatives]``: the seed edges, then the negatives of mode
            "binary".
        edge_label: aligned with `edge_label_index`; None where there is nothing to tell apart.
        negative_destinations: ``int64[n, amount]`` for mode "triplet", else None.
        times: ``int64[n]``, the seed edges' times, or None.
    """

    relation: Relation
    rows: Ints
    edge_label_index: Ints
    edge_label: Array | None
    negative_destinations: Ints | None
    times: Ints | None
