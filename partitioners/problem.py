"""What a partitioner is given: one graph with all node types in one numbering.

Nodes of all types are numbered through: type t owns the ids ``type_offsets[t] :
type_offsets[t + 1]``, in the order of the schema, and within a type by stable id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.schema import Relation


@dataclass(frozen=True)
class EdgeSet:
    """The edges of one relation: ``sources`` and ``destinations`` are ``int64[m]`` node numbers."""

    relation: Relation
    sources: npt.NDArray[np.int64]
    destinations: npt.NDArray[np.int64]


@dataclass(frozen=True)
class PartitionProblem:
    """A graph to be split.

    Attributes:
        type_names: the node types, in the schema's order.
        type_offsets: ``int64[len(type_names) + 1]``, the node numbers of each type.
        edges: one set per relation.
        columns: property columns per node type, for partitioners that look at them.
    """

    type_names: tuple[str, ...]
    type_offsets: npt.NDArray[np.int64]
    edges: tuple[EdgeSet, ...]
    columns: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def num_nodes(self) -> int:
        """Nodes of all types together."""
        return int(self.type_offsets[-1])
