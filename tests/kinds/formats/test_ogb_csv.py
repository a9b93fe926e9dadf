from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from graphray.errors import ArgumentError, DanglingEdge, InputError, InputNotFound
from graphray.kinds.property import PropertyGraph
from graphray.schema import DEFAULT_RELATION, Relation

PLAIN = {
    "raw/edge": "0,1\n1,2\n2,2\n",
    "raw/num-node-list": "4\n",
    "raw/num-edge-list": "3\n",
    "raw/node-feat": "0.5,1\n1,2\n2,3\n3,\n",
    "raw/node-label": "1\n0\nnan\n2\n",
    "raw/node_year": "2019\n2020\n2021\n2022\n",
    "raw/edge-feat": "7\n8\n9\n",
    "split/time/train": "0\n2\n",
    "split/time/valid": "1\n",
    "split/time/test": "",
}
TYPED = {
    "raw/triplet-type-list": "author,writes,paper\npaper,cites,paper\n",
    "raw/num-node-dict": "author,paper\n2,3\n",
    "raw/relations/author___writes___paper/edge": "0,0\n1,2\n",
    "raw/relations/paper___cites___paper/edge": "2,1\n",
    "raw/relations/paper___cites___paper/edge_reltype": "5\n",
    "raw/node-feat/paper/node-feat": "1,2\n3,4\n5,6\n",
    "raw/node-feat/paper/node_year": "1\n2\n3\n",
    "raw/node-label/paper/node-label": "7\n8\n9\n",
    "split/time/paper/train": "0\n",
    "split/time/paper/valid": "1\n",
    "split/time/paper/test": "2\n",
}


def write(folder: Path, files: dict[str, str], **changes: Any) -> Path:
    for name, content in {**files, **changes}.items():
        path = folder / f"{name}.csv.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content.encode()) if content else b"")
    return folder


def test_one_node_type(tmp_path: Path) -> None:
    tables = PropertyGraph.from_ogb_csv(write(tmp_path, PLAIN), directed=False)
    nodes = tables.nodes["node"]
    assert nodes.drop_columns(["feat"]).to_pydict() == {
        "id": [0, 1, 2, 3],
        "label": [1.0, 0.0, None, 2.0],
        "year": [2019, 2020, 2021, 2022],
        "split": ["train", "valid", "train", None],
    }
    assert str(nodes.schema.field("feat").type) == "fixed_size_list<item: float>[2]"
    assert nodes.column("feat").to_pylist()[:3] == [[0.5, 1.0], [1.0, 2.0], [2.0, 3.0]]
    assert tables.edges[DEFAULT_RELATION].to_pydict() == {
        "src": [0, 1, 2],
        "dst": [1, 2, 2],
        "feat": [7, 8, 9],
    }
    assert tables.undirected == {DEFAULT_RELATION}
    g = PropertyGraph.of(tables)
    assert g.graph.features([2, 0], "feat").tolist() == [[2.0, 3.0], [0.5, 1.0]]


def test_several_node_types(tmp_path: Path) -> None:
    tables = PropertyGraph.from_ogb_csv(write(tmp_path, TYPED))
    assert tables.nodes["author"].to_pydict() == {"id": [0, 1]}
    assert tables.nodes["paper"].to_pydict() == {
        "id": [0, 1, 2],
        "feat": [[1, 2], [3, 4], [5, 6]],
        "year": [1, 2, 3],
        "label": [7, 8, 9],
        "split": ["train", "valid", "test"],
    }
    assert {r: e.to_pydict() for r, e in tables.edges.items()} == {
        Relation("author", "writes", "paper"): {"src": [0, 1], "dst": [0, 2]},
        Relation("paper", "cites", "paper"): {"src": [2], "dst": [1], "reltype": [5]},
    }
    with pytest.raises(ArgumentError, match="two types of nodes"):
        PropertyGraph.from_ogb_csv(tmp_path, directed=False)


@pytest.mark.parametrize(
    ("files", "name", "content", "problem"),
    [
        (
            PLAIN,
            "raw/edge",
            "0,1\n1,4\n2,2\n",
            "raw/edge.csv.gz, row 2: the edge names node 4; there are 4",
        ),
        (PLAIN, "raw/edge", "0,1\n1\n", "raw/edge.csv.gz: cannot be read"),
        (PLAIN, "raw/edge", "0,1,2\n", "raw/edge.csv.gz: has 3 columns; expected 2"),
        (PLAIN, "raw/edge", "0,1\n0,x\n", "raw/edge.csv.gz, row 1: expected integers"),
        (PLAIN, "raw/edge", "0,1\n0,\n", "raw/edge.csv.gz, row 2: expected integers"),
        (PLAIN, "raw/num-edge-list", "5\n", "raw/num-edge-list.csv.gz, row 1: there are 3 edges"),
        (PLAIN, "raw/num-node-list", "2\n2\n", "the data set has 2 graphs"),
        (PLAIN, "raw/num-node-list", "-1\n", "a number of -1"),
        (
            PLAIN,
            "raw/node_year",
            "1\n2\n",
            "raw/node_year.csv.gz: has 2 rows, but there are 4 nodes",
        ),
        (PLAIN, "raw/node-feat", "a\nb\nc\nd\n", "raw/node-feat.csv.gz: expected numbers"),
        (PLAIN, "split/time/valid", "4\n", "split/time/valid.csv.gz, row 1: names node 4"),
        (TYPED, "raw/triplet-type-list", "author,writes,book\n", "row 1: the node type 'book'"),
        (TYPED, "raw/triplet-type-list", "author\n", "has 1 columns; expected 3"),
        (TYPED, "raw/num-node-dict", "author,paper\n1,many\n", "row 2: expected numbers of nodes"),
    ],
)
def test_what_is_wrong_is_named(
    files: dict[str, str], name: str, content: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as raised:
        PropertyGraph.from_ogb_csv(write(tmp_path, files, **{name: content}))
    assert problem in str(raised.value)


def test_an_edge_to_nowhere_is_dangling(tmp_path: Path) -> None:
    with pytest.raises(DanglingEdge):
        PropertyGraph.from_ogb_csv(write(tmp_path, PLAIN, **{"raw/edge": "0,-1\n" * 3}))


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="num-node-list"):
        PropertyGraph.from_ogb_csv(tmp_path)
    write(tmp_path, {"raw/num-node-list": "4\n"})
    with pytest.raises(InputNotFound, match="edge"):
        PropertyGraph.from_ogb_csv(tmp_path)
