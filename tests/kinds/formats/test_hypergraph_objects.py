from __future__ import annotations

from typing import Any

import pytest

from graphray.errors import ArgumentError, InputError
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.incidence import INCIDENCE


def incidences(tables: Any) -> set[tuple[Any, ...]]:
    columns = tables.edges[INCIDENCE].to_pydict()
    return set(zip(*columns.values(), strict=True))


def test_xgi() -> None:
    xgi = pytest.importorskip("xgi")
    network = xgi.Hypergraph({"x": ["a", "b"], "y": ["b", "c", "d"]})
    network.add_node("lone", color="red")
    network.edges["y"]["weight"] = 2.5
    tables = Hypergraph.from_xgi(network)
    assert incidences(tables) == {("a", "x"), ("b", "x"), ("b", "y"), ("c", "y"), ("d", "y")}
    vertices = tables.nodes["vertex"].to_pydict()
    assert vertices["id"] == list(network.nodes)
    assert vertices["color"] == [None, None, None, None, "red"]
    assert tables.nodes["hyperedge"].to_pydict() == {"id": ["x", "y"], "weight": [None, 2.5]}
    # The way there, by XGI's own reader, leads to the same.
    back = xgi.from_hif_dict(Hypergraph.of(tables).to_hif())
    assert back.edges.members(dtype=dict) == network.edges.members(dtype=dict)
    assert dict(back.nodes["lone"]) == {"color": "red"}


def test_xgi_directed_and_simplicial() -> None:
    xgi = pytest.importorskip("xgi")
    directed = Hypergraph.from_xgi(xgi.DiHypergraph([([1, 2], [2, 3])]))
    assert incidences(directed) == {(1, 0, "tail"), (2, 0, "tail"), (2, 0, "head"), (3, 0, "head")}
    assert Hypergraph.of(directed).members(0).tolist() == [1, 2, 3]
    complex_ = Hypergraph.from_xgi(xgi.SimplicialComplex([[1, 2, 3]]))
    assert complex_.nodes["hyperedge"].num_rows == 4  # the triangle and its three sides
    assert complex_.lost


def test_xgi_ids_and_weights_that_are_wrong() -> None:
    xgi = pytest.importorskip("xgi")
    network = xgi.Hypergraph([[1, 2]])
    network.add_node((1, 2))
    with pytest.raises(InputError, match=r"\(1, 2\) is tuple; ids are integers or strings"):
        Hypergraph.from_xgi(network)
    network = xgi.Hypergraph([[1, 2]])
    network.add_edge([], "empty")
    with pytest.raises(InputError, match=r"'empty' is str, but 0 is int"):
        Hypergraph.from_xgi(network)


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_hypernetx() -> None:
    hypernetx = pytest.importorskip("hypernetx", exc_type=ImportError)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "e": ["q", "q", "p"],
            "n": ["y", "x", "x"],
            "weight": [1.0, 2.5, 3.0],
            "role": ["a", "b", "c"],
            # HyperNetX 2.4 adds this column by itself only with a pandas before 3.
            "misc_properties": [{}, {"since": 5}, {}],
        }
    )
    network = hypernetx.Hypergraph(
        frame,
        edge_col="e",
        node_col="n",
        cell_weight_col="weight",
        misc_cell_properties_col="misc_properties",
    )
    tables = Hypergraph.from_hypernetx(network)
    assert tables.edges[INCIDENCE].to_pydict() == {
        "src": ["y", "x", "x"],
        "dst": ["q", "q", "p"],
        "weight": [1.0, 2.5, 3.0],
        "role": ["a", "b", "c"],
        "since": [None, 5, None],
    }
    assert tables.nodes["vertex"].column("id").to_pylist() == ["y", "x"]
    assert tables.nodes["hyperedge"].column("id").to_pylist() == ["q", "p"]


@pytest.mark.parametrize("read", [Hypergraph.from_xgi, Hypergraph.from_hypernetx])
def test_what_is_no_such_object(read: Any) -> None:
    with pytest.raises(ArgumentError, match="list is no hypergraph of"):
        read([[1, 2]])
