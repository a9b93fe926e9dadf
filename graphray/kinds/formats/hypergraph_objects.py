"""Hypergraphs of other libraries: XGI and HyperNetX. Neither is imported to read its objects."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

from graphray.errors import ArgumentError
from graphray.kinds.formats.hif import ATTRS, DIRECTION, EDGE, NODE, WEIGHT, from_hif
from graphray.kinds.tables import GraphTables

_PROPERTIES = "misc_properties"


def from_xgi(network: Any, *, allow_empty: bool = False) -> GraphTables:
    """A hypergraph from an XGI ``Hypergraph``, ``DiHypergraph`` or ``SimplicialComplex``.

    Attributes become columns. In a ``DiHypergraph`` a vertex has the role "tail" or "head".

    Args:
        network: the XGI object.
        allow_empty: accept hyperedges without vertices.

    Raises:
        InputError: where the hypergraph is wrong, such as ids that are tuples.
        ArgumentError: where it is no object of XGI.
    """
    xgi = sys.modules.get("xgi")
    if xgi is None or not isinstance(network, (xgi.Hypergraph, xgi.DiHypergraph)):
        raise ArgumentError(f"{type(network).__name__} is no hypergraph of XGI")
    rank = {node: i for i, node in enumerate(network.nodes)}
    directed = isinstance(network, xgi.DiHypergraph)
    incidences = []
    for edge in network.edges:
        tail, head = (
            network.edges.dimembers(edge) if directed else (network.edges.members(edge), ())
        )
        for direction, members in (("tail", tail), ("head", head)):
            role = {DIRECTION: direction} if directed else {}
            incidences += [
                {EDGE: edge, NODE: node, **role} for node in sorted(members, key=rank.__getitem__)
            ]
    hif: dict[str, Any] = {
        "network-type": "asc" if isinstance(network, xgi.SimplicialComplex) else "undirected",
        "metadata": getattr(network, "_net_attr", {}),
        "incidences": incidences,
        "nodes": [{NODE: node, ATTRS: dict(network.nodes[node])} for node in network.nodes],
        "edges": [{EDGE: edge, ATTRS: dict(network.edges[edge])} for edge in network.edges],
    }
    return from_hif(hif, allow_empty=allow_empty)


def from_hypernetx(hypergraph: Any, *, allow_empty: bool = False) -> GraphTables:
    """A hypergraph from a HyperNetX ``Hypergraph``.

    Weights and properties become columns.

    Args:
        hypergraph: the HyperNetX object.
        allow_empty: accept hyperedges without vertices.

    Raises:
        InputError: where the hypergraph is wrong, such as ids that are tuples.
        ArgumentError: where it is no object of HyperNetX.
    """
    hypernetx = sys.modules.get("hypernetx")
    if hypernetx is None or not isinstance(hypergraph, hypernetx.Hypergraph):
        raise ArgumentError(f"{type(hypergraph).__name__} is no hypergraph of HyperNetX")
    incidences = _rows(hypergraph.incidences)
    # HyperNetX keeps nodes and edges in sets; the order of the incidences is the user's.
    edges, nodes = (dict.fromkeys(key[side] for key in incidences) for side in (0, 1))
    hif = {
        "incidences": [
            {EDGE: edge, NODE: node, **record} for (edge, node), record in incidences.items()
        ],
        "nodes": [{NODE: n, **record} for n, record in _in_order(hypergraph.nodes, nodes)],
        "edges": [{EDGE: e, **record} for e, record in _in_order(hypergraph.edges, edges)],
    }
    return from_hif(hif, allow_empty=allow_empty)


def _in_order(view: Any, first: Mapping[Any, None]) -> list[tuple[Any, dict[str, Any]]]:
    rows = _rows(view)
    return [(key, rows[key]) for key in {**first, **dict.fromkeys(sorted(rows, key=repr))}]


def _rows(view: Any) -> dict[Any, dict[str, Any]]:
    """The weight and properties of each node, edge or incidence, as HIF has them."""
    records = view.to_dataframe.to_dict(orient="index")
    return {key: _record(properties) for key, properties in records.items()}


def _record(properties: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in properties.items() if not _is_missing(value)}
    attrs = {**known.pop(_PROPERTIES, {})}
    weight = {WEIGHT: known.pop(WEIGHT)} if WEIGHT in known else {}
    return {**weight, ATTRS: {**known, **attrs}}


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
