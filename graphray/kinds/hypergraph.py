"""Hypergraphs: edges that join any number of vertices.

Terms follow Berge ("Hypergraphs", 1989) and, for s-walks, Aksoy et al. ("Hypernetwork science via
high-order hypergraph walks", EPJ Data Science, 2020): two hyperedges are s-adjacent where they
share at least s vertices, and an s-walk goes from one to an s-adjacent one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.sparse as sp

from graphray.errors import ArgumentError
from graphray.kinds import expansions
from graphray.kinds.adjacent import Adjacent
from graphray.kinds.face import Face
from graphray.kinds.formats import hif, hmetis, hypergraph_objects, incidence_pairs, simplices
from graphray.kinds.incidence import HYPEREDGE, INCIDENCE, ROLE, VERTEX
from graphray.kinds.tables import GraphTables
from graphray.reading.gather import (
    edge_column,
    find_nodes,
    node_column,
    to_arrow,
    to_numpy,
    user_ids_of,
)
from graphray.schema import Direction, require_column
from graphray.shard import ID

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
NodeId = int | str


class Hypergraph(Face):
    """A hypergraph, opened or running.

    Example:
        >>> h = Hypergraph.of(Hypergraph.from_sets({"x": ["a", "b", "c"], "y": ["b", "c", "d"]}))
        >>> h.members("x").tolist(), h.edges_of("b").tolist()
        (['a', 'b', 'c'], ['x', 'y'])
        >>> h.s_neighbors("x", s=2).tolist()
        ['y']
    """

    kinds = frozenset({"hypergraph"})

    @property
    def num_vertices(self) -> int:
        """How many vertices there are, isolated ones included."""
        return self.graph.num_nodes(VERTEX)

    @property
    def num_hyperedges(self) -> int:
        """How many hyperedges there are."""
        return self.graph.num_nodes(HYPEREDGE)

    def vertices(self) -> Array:
        """The ids of all vertices: ``int64[n]``, or ``object[n]`` of strings."""
        return self.graph.node_ids(VERTEX)

    def hyperedges(self) -> Array:
        """The ids of all hyperedges, aligned with `s_adjacency`."""
        return self.graph.node_ids(HYPEREDGE)

    def members(self, hyperedge: NodeId, role: str | None = None) -> Array:
        """The vertices of a hyperedge.

        Args:
            hyperedge: its id.
            role: only those in this role; None for all, each once.

        Raises:
            NodeNotFound: where there is no such hyperedge.
            ColumnNotFound: where a role is asked for and incidences have none.
        """
        return self._across(HYPEREDGE, hyperedge, role)

    def edges_of(self, vertex: NodeId, role: str | None = None) -> Array:
        """The hyperedges that a vertex belongs to; arguments and errors as in `members`."""
        return self._across(VERTEX, vertex, role)

    def size(self, hyperedges: Any = None) -> Ints:
        """How many vertices each hyperedge has, as ``int64[n]``.

        Args:
            hyperedges: ids; None for all, in the order of `hyperedges`.

        Raises:
            NodeNotFound: where there is no such hyperedge.
        """
        return self._counts(HYPEREDGE, hyperedges)

    def degree(self, vertices: Any = None) -> Ints:
        """How many hyperedges each vertex belongs to; arguments and errors as in `size`."""
        return self._counts(VERTEX, vertices)

    def incidence(self, hyperedges: Any = None) -> pa.Table:
        """The incidences of some hyperedges, with all their properties.

        Args:
            hyperedges: ids; None for all.

        Returns:
            The columns ``vertex`` and ``hyperedge``, then ``role``, ``weight`` and others where the
            hypergraph has them.

        Raises:
            NodeNotFound: where there is no such hyperedge.
        """
        gids = np.unique(self._gids(HYPEREDGE, hyperedges))
        entries = self._entries(HYPEREDGE, gids)
        access = self.graph.access
        columns = {
            VERTEX: to_arrow(node_column(access, VERTEX, ID, entries.neighbors)),
            HYPEREDGE: to_arrow(node_column(access, HYPEREDGE, ID, gids[entries.rows])),
        }
        for column in access.schema.relation_type(INCIDENCE).columns:
            values = edge_column(access, INCIDENCE, "in", column.name, entries.positions)
            columns[column.name] = to_arrow(values, column.dtype)
        return pa.table(columns)

    def s_neighbors(self, hyperedge: NodeId, s: int = 1) -> Array:
        """The other hyperedges that share at least ``s`` vertices with one.

        Reads no more than the hyperedges that meet this one.

        Raises:
            NodeNotFound: where there is no such hyperedge.
            ArgumentError: where ``s`` is below 1.
        """
        _require_s(s)
        gid = find_nodes(self.graph.access, HYPEREDGE, hyperedge)
        members = np.unique(self._entries(HYPEREDGE, gid).neighbors)
        others, shared = np.unique(self._pairs(VERTEX, members)[1], return_counts=True)
        found = others[(shared >= s) & (others != gid[0])]
        return user_ids_of(self.graph.access, HYPEREDGE, found)

    def s_adjacency(self, s: int = 1) -> sp.csr_array:
        """Which hyperedges share at least ``s`` vertices.

        Returns:
            ``int64[n, n]``, symmetric, the numbers of shared vertices; rows and columns in the
            order of `hyperedges`, the diagonal empty.

        Raises:
            ArgumentError: where ``s`` is below 1.
        """
        _require_s(s)
        matrix = self.incidence_matrix()
        shared = (matrix.T @ matrix).tocoo()
        keep = (shared.data >= s) & (shared.row != shared.col)
        return sp.csr_array(
            (shared.data[keep], (shared.row[keep], shared.col[keep])), shape=shared.shape
        )

    def s_components(self, s: int = 1) -> list[Array]:
        """The sets of hyperedges that s-walks connect, the largest first.

        Raises:
            ArgumentError: where ``s`` is below 1.
        """
        count, labels = sp.csgraph.connected_components(self.s_adjacency(s), directed=False)
        order = np.argsort(labels, kind="stable")
        pieces = np.split(self.hyperedges()[order], np.cumsum(np.bincount(labels, minlength=count)))
        return sorted(pieces[:-1], key=len, reverse=True)

    def s_distance(self, start: NodeId, end: NodeId, s: int = 1) -> int | None:
        """The steps of the shortest s-walk between two hyperedges; None where there is none.

        Raises:
            NodeNotFound: where there is no such hyperedge.
            ArgumentError: where ``s`` is below 1.
        """
        _require_s(s)
        gids = find_nodes(self.graph.access, HYPEREDGE, [start, end])
        steps = sp.csgraph.dijkstra(self.s_adjacency(s), indices=gids[0], unweighted=True)[gids[1]]
        return int(steps) if np.isfinite(steps) else None

    def incidence_matrix(self) -> sp.csr_array:
        """``int64[vertices, hyperedges]``: 1 where a vertex belongs to a hyperedge.

        Rows are in the order of `vertices`, columns in that of `hyperedges`.
        """
        every = np.arange(self.num_hyperedges, dtype=np.int64)
        hyperedges, vertices = self._pairs(HYPEREDGE, every)
        return sp.csr_array(
            (np.ones(len(vertices), np.int64), (vertices, hyperedges)),
            shape=(self.num_vertices, self.num_hyperedges),
        )

    def dual(self) -> GraphTables:
        """The hypergraph with vertices and hyperedges exchanged; the dual of the dual is the same.

        An isolated vertex becomes an empty hyperedge.
        """
        return expansions.dual(self.tables())

    def clique_expansion(self) -> GraphTables:
        """See `graphray.kinds.expansions.clique`."""
        return expansions.clique(self.tables())

    def star_expansion(self) -> GraphTables:
        """See `graphray.kinds.expansions.star`."""
        return expansions.star(self.tables())

    def line_graph(self, s: int = 1) -> GraphTables:
        """See `graphray.kinds.expansions.line`."""
        return expansions.line(self.tables(), s)

    def to_hif(self) -> dict[str, Any]:
        """The Hypergraph Interchange Format, as plain data for ``json.dump``."""
        return hif.to_hif(self.tables())

    from_incidence = staticmethod(incidence_pairs.from_incidence)
    from_sets = staticmethod(incidence_pairs.from_sets)
    from_hif = staticmethod(hif.from_hif)
    from_hmetis = staticmethod(hmetis.from_hmetis)
    from_simplices = staticmethod(simplices.from_simplices)
    from_hypernetx = staticmethod(hypergraph_objects.from_hypernetx)
    from_xgi = staticmethod(hypergraph_objects.from_xgi)

    def _gids(self, node_type: str, ids: Any) -> Ints:
        if ids is None:
            return np.arange(self.graph.num_nodes(node_type), dtype=np.int64)
        return find_nodes(self.graph.access, node_type, ids)

    def _entries(self, near: str, gids: Ints) -> Adjacent:
        """The incidences of some distinct vertices or hyperedges."""
        return self.adjacency(INCIDENCE, _direction_from(near)).of(gids)

    def _pairs(self, near: str, gids: Ints) -> tuple[Ints, Ints]:
        """The same as rows and neighbours, each pair once whatever its roles."""
        entries = self._entries(near, gids)
        rows, neighbors = entries.rows, entries.neighbors
        # In canonical order the entries of one neighbour stand side by side.
        first = np.ones(len(rows), bool)
        first[1:] = (rows[1:] != rows[:-1]) | (neighbors[1:] != neighbors[:-1])
        return rows[first], neighbors[first]

    def _across(self, near: str, node_id: NodeId, role: str | None) -> Array:
        access = self.graph.access
        gid = find_nodes(access, near, node_id)
        far = VERTEX if near == HYPEREDGE else HYPEREDGE
        if role is None:
            return user_ids_of(access, far, self._pairs(near, gid)[1])
        require_column(access.schema.relation_type(INCIDENCE).columns, ROLE, "the incidence")
        entries = self._entries(near, gid)
        roles = edge_column(access, INCIDENCE, _direction_from(near), ROLE, entries.positions)
        return user_ids_of(access, far, entries.neighbors[to_numpy(roles) == role])

    def _counts(self, near: str, ids: Any) -> Ints:
        gids, inverse = np.unique(self._gids(near, ids), return_inverse=True)
        return np.bincount(self._pairs(near, gids)[0], minlength=len(gids))[inverse]


def _direction_from(near: str) -> Direction:
    return "in" if near == HYPEREDGE else "out"


def _require_s(s: int) -> None:
    if s < 1:
        raise ArgumentError(f"s = {s}; expected at least 1 shared vertex")
