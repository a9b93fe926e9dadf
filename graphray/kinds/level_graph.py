"""One level of a hierarchy as a graph of its own: what lies below stands in its ancestors' place.

Let E count the edges of one predicate between any two nodes, and let M say which node belongs to
which one of the level. Then the level graph has transpose(M) · E · M edges: the quotient matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from graphray.kinds.ancestry import OUTSIDE, Ancestry
from graphray.kinds.steps import Steps
from graphray.kinds.tables import GraphTables
from graphray.kinds.vocabulary import PARENT, PREDICATE, STATEMENT, VOCABULARY, Vocabulary
from graphray.kinds.whole import nodes_as_table
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import edge_column, to_numpy
from graphray.schema import Relation

Ints = npt.NDArray[np.int64]

COUNT = "count"
"""The column that says how many edges an edge of a level graph stands for."""


def level_tables(
    access: PartitionAccess, steps: Steps, vocabulary: Vocabulary, ancestry: Ancestry, level: int
) -> GraphTables:
    """The tables of a level graph, and what it leaves out."""
    members = ancestry.membership(level)
    nodes = {
        name: nodes_as_table(access, name, gids)
        for name, gids in _by_type(ancestry, np.flatnonzero(ancestry.levels == level))
    }
    edges: dict[Relation, pa.Table] = {}
    num_within = 0
    for name, matrix in _edge_counts(access, steps, vocabulary, ancestry).items():
        lifted = (members.T @ matrix @ members).tocoo()
        inner = lifted.row == lifted.col
        num_within += int(lifted.data[inner].sum())
        edges.update(_tables(name, lifted, ~inner, ancestry, access))
    return GraphTables(
        "property", nodes, edges, lost=tuple(_lost(access, ancestry, level, num_within))
    )


def _edge_counts(
    access: PartitionAccess, steps: Steps, vocabulary: Vocabulary, ancestry: Ancestry
) -> Mapping[str, sparse.csr_matrix]:
    """Per predicate that does not make the hierarchy, the number of edges between any two nodes."""
    making = {iri.removeprefix("^") for iri in vocabulary.parents}
    counts: dict[str, sparse.csr_matrix] = {}
    for relation in (kind.relation for kind in access.schema.relations):
        if relation.name == PARENT:
            continue
        if relation.source in ancestry.starts and relation.destination in ancestry.starts:
            for name, rows, neighbors in _edges(access, steps, relation):
                if vocabulary.predicates[name] in making:
                    continue
                sources = ancestry.starts[relation.source] + rows
                destinations = ancestry.starts[relation.destination] + neighbors
                ones = np.ones(len(sources), np.int64)
                matrix = sparse.csr_matrix((ones, (sources, destinations)), ancestry.parents.shape)
                counts[name] = counts[name] + matrix if name in counts else matrix
    return counts


def _edges(
    access: PartitionAccess, steps: Steps, relation: Relation
) -> Iterator[tuple[str, Ints, Ints]]:
    """The edges of every predicate in a relation: its name, and both ends as global ids."""
    gids = np.arange(access.book.num_nodes(relation.source))
    entries = steps.adjacency(relation, "out").of(gids)
    if relation.name != STATEMENT or len(entries.rows) == 0:
        yield relation.name, entries.rows, entries.neighbors
        return
    names = to_numpy(edge_column(access, relation, "out", PREDICATE, entries.positions))
    for name in np.unique(names):
        at = names == name
        yield str(name), entries.rows[at], entries.neighbors[at]


def _tables(
    name: str,
    lifted: sparse.coo_matrix,
    chosen: npt.NDArray[np.bool_],
    ancestry: Ancestry,
    access: PartitionAccess,
) -> Iterator[tuple[Relation, pa.Table]]:
    """The edge tables of one predicate, one per pair of node types."""
    sources, destinations = lifted.row[chosen], lifted.col[chosen]
    counts = lifted.data[chosen]
    types = np.stack([ancestry.types(sources), ancestry.types(destinations)])
    for near, far in np.unique(types, axis=1).T.tolist():
        at = (types[0] == near) & (types[1] == far)
        names = list(ancestry.starts)
        yield (
            Relation(names[near], name, names[far]),
            pa.table(
                {
                    "src": ancestry.ids(access, sources[at]),
                    "dst": ancestry.ids(access, destinations[at]),
                    COUNT: counts[at],
                }
            ),
        )


def _by_type(ancestry: Ancestry, numbers: Ints) -> Iterator[tuple[str, Ints]]:
    """Numbered nodes by node type, as global ids; types without any are left out."""
    types = ancestry.types(numbers)
    for code, (name, start) in enumerate(ancestry.starts.items()):
        if (types == code).any():
            yield name, numbers[types == code] - start


def _lost(
    access: PartitionAccess, ancestry: Ancestry, level: int, num_within: int
) -> Iterator[str]:
    """What does not survive, as far as this graph has it."""
    below = int((ancestry.levels > level).sum())
    above = int(((ancestry.levels < level) & (ancestry.levels != OUTSIDE)).sum())
    every = (name for name in access.schema.node_type_names if name != VOCABULARY)
    placed = int((ancestry.levels != OUTSIDE).sum())
    outside = sum(access.book.num_nodes(name) for name in every) - placed
    if below:
        yield f"{below} entities below level {level}: each is merged into its ancestors there"
    if num_within:
        yield f"{num_within} edges between entities that have the same ancestor"
    if above:
        yield f"{above} entities above level {level}, and their edges"
    if outside:
        yield f"{outside} entities and classes outside the hierarchy, and their edges"
