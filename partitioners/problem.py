"""What a partitioner is given: one graph with all node types in one numbering.

Nodes of all types are numbered through: type t owns the ids ``type_offsets[t] :
type_offsets[t + 1]``, in the order of the schema, and within a type by stable id.

Most partitioners look at all edges at once, a `PartitionProblem`. One that says ``reads_batches``
also takes a `StreamedProblem`, whose edges may be many times the memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.schema import Relation
from partitioners.goal import Goal

Batch: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any]]


class EdgeBatches(Protocol):
    """The edges of one relation, in pieces."""

    @property
    def relation(self) -> Relation:
        """Whose edges they are."""
        ...

    def batches(self) -> Iterator[Batch]:
        """Sources and destinations of some edges at a time, ``int[m]`` node numbers each.

        May be called again for another pass, which has to bring the same edges in the same order.
        """
        ...


@dataclass(frozen=True)
class EdgeSet:
    """The edges of one relation: ``sources`` and ``destinations`` are ``int64[m]`` node numbers."""

    relation: Relation
    sources: npt.NDArray[np.int64]
    destinations: npt.NDArray[np.int64]

    def batches(self) -> Iterator[Batch]:
        """All of them at once; see `EdgeBatches`."""
        yield self.sources, self.destinations


@dataclass(frozen=True)
class _Nodes:
    """The nodes of a problem.

    Attributes:
        type_names: the node types, in the schema's order.
        type_offsets: ``int64[len(type_names) + 1]``, the node numbers of each type.
    """

    type_names: tuple[str, ...]
    type_offsets: npt.NDArray[np.int64]

    @property
    def num_nodes(self) -> int:
        """Nodes of all types together."""
        return int(self.type_offsets[-1])

    def name_of(self, node: int) -> str:
        """What messages call a node: its type, and its position there."""
        number = int(np.searchsorted(self.type_offsets, node, side="right")) - 1
        return f"{self.type_names[number]} number {node - int(self.type_offsets[number])}"


@dataclass(frozen=True)
class PartitionProblem(_Nodes):
    """A graph to be split.

    Attributes:
        type_names: the node types, in the schema's order.
        type_offsets: ``int64[len(type_names) + 1]``, the node numbers of each type.
        edges: one set per relation.
        columns: property columns per node type, for partitioners that look at them, and for
            balance on columns.
        goal: what has to be balanced, and the target sizes.
    """

    edges: tuple[EdgeSet, ...]
    columns: Mapping[str, pa.Table] = field(default_factory=dict)
    goal: Goal = field(default_factory=Goal)


@dataclass(frozen=True)
class StreamedProblem(_Nodes):
    """A graph to be split whose edges come in batches, from files for example.

    Attributes:
        type_names: the node types, in the schema's order.
        type_offsets: ``int64[len(type_names) + 1]``, the node numbers of each type.
        edges: one source of batches per relation.
        columns: as in `PartitionProblem`.
        goal: what has to be balanced, and the target sizes.
    """

    edges: tuple[EdgeBatches, ...]
    columns: Mapping[str, pa.Table] = field(default_factory=dict)
    goal: Goal = field(default_factory=Goal)


AnyProblem: TypeAlias = PartitionProblem | StreamedProblem
