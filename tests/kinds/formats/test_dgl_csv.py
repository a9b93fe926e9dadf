from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import DanglingEdge, InputError, InputNotFound
from graphray.kinds.property import PropertyGraph
from graphray.schema import DEFAULT_RELATION, Relation

MINIMAL = {
    "meta.yaml": "dataset_name: d\n"
    "edge_data:\n- file_name: edges.csv\n"
    "node_data:\n- file_name: nodes.csv\n",
    "edges.csv": "src_id,dst_id,weight\n0,1,0.5\n1,2,1.5\n",
    "nodes.csv": 'node_id,label,feat\n0,a,"0.1, 0.2"\n1,b,"1,2"\n2,,"-1e-3,4"\n',
}
TYPED = {
    "meta.yaml": "dataset_name: d\nversion: 1.0.0\nseparator: ','\n"
    "edge_data:\n"
    "- {file_name: follow.csv, etype: [user, follow, user]}\n"
    "- {file_name: like.csv, etype: [user, like, item], src_id_field: who, dst_id_field: what}\n"
    "node_data:\n"
    "- {file_name: users.csv, ntype: user, node_id_field: name}\n"
    "- {file_name: items.csv, ntype: item}\n",
    "users.csv": "name,graph_id\nann,0\nbob,0\n",
    "items.csv": "node_id,price\n7,1.5\n",
    "follow.csv": "src_id,dst_id\nann,bob\n",
    "like.csv": "what,since,who\n7,2020,ann\n7,2021,bob\n",
}


def write(folder: Path, files: dict[str, str], **changes: str) -> Path:
    for name, content in {**files, **changes}.items():
        (folder / name).write_text(content)
    return folder


def test_one_node_type(tmp_path: Path) -> None:
    tables = PropertyGraph.from_dgl_csv(write(tmp_path, MINIMAL))
    g = PropertyGraph.of(tables)
    assert g.nodes().drop_columns(["feat"]).to_pydict() == {
        "id": [0, 1, 2],
        "label": ["a", "b", None],
    }
    assert g.graph.features([2, 0], "feat").tolist() == pytest.approx(
        [pytest.approx([-1e-3, 4.0]), pytest.approx([0.1, 0.2])]
    )
    assert tables.edges[DEFAULT_RELATION].to_pydict() == {
        "src": [0, 1],
        "dst": [1, 2],
        "weight": [0.5, 1.5],
    }


def test_several_node_types(tmp_path: Path) -> None:
    tables = PropertyGraph.from_dgl_csv(write(tmp_path, TYPED))
    assert {name: table.to_pydict() for name, table in tables.nodes.items()} == {
        "user": {"id": ["ann", "bob"]},
        "item": {"id": [7], "price": [1.5]},
    }
    assert tables.edges[Relation("user", "like", "item")].to_pydict() == {
        "src": ["ann", "bob"],
        "dst": [7, 7],
        "since": [2020, 2021],
    }


@pytest.mark.parametrize(
    ("files", "changes", "problem"),
    [
        (MINIMAL, {"meta.yaml": "a: [1\n"}, "meta.yaml, row 2: is no YAML"),
        (MINIMAL, {"meta.yaml": "- 1\n"}, "expected the keys 'node_data' and 'edge_data'"),
        (MINIMAL, {"meta.yaml": "node_data: 3\n"}, "'node_data' is no list"),
        (MINIMAL, {"meta.yaml": "separator: ;\n"}, "only the separator ','"),
        (MINIMAL, {"meta.yaml": "node_data: []\nedge_data: [{}]\n"}, "file_name is None"),
        (
            MINIMAL,
            {"meta.yaml": "node_data: []\nedge_data: [{file_name: edges.csv, etype: [a]}]\n"},
            "etype ['a']; expected [source, name, destination]",
        ),
        (
            MINIMAL,
            {"edges.csv": "src_id,to\n0,1\n"},
            "edges.csv, column 'dst_id': there is no such",
        ),
        (MINIMAL, {"edges.csv": "src_id,dst_id\n0,1\n1,9\n"}, "edges.csv, row 3, column 'dst'"),
        (MINIMAL, {"edges.csv": "src_id,dst_id\n0,1\n1\n"}, "edges.csv, row 3: has 1 values"),
        (
            MINIMAL,
            {"nodes.csv": 'node_id,feat\n0,"1,2"\n1,"1,2,3"\n'},
            "nodes.csv, row 3, column 'feat': a list of 3 numbers; the first row has 2",
        ),
        (MINIMAL, {"nodes.csv": 'node_id,feat\n0,"1,2"\n1,"1,e"\n'}, "column 'feat': a list that"),
        (
            MINIMAL,
            {"nodes.csv": "node_id,id\n0,1\n"},
            "column 'id': the name of this column is taken",
        ),
        (TYPED, {"users.csv": "name,graph_id\nann,0\nbob,1\n"}, "column 'graph_id': has 2 graphs"),
    ],
)
def test_what_is_wrong_is_named(
    files: dict[str, str], changes: dict[str, str], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as raised:
        PropertyGraph.from_dgl_csv(write(tmp_path, files, **changes))
    assert problem in str(raised.value)


def test_an_edge_to_nowhere_is_dangling(tmp_path: Path) -> None:
    with pytest.raises(DanglingEdge, match=r"edges\.csv, row 2"):
        PropertyGraph.from_dgl_csv(
            write(tmp_path, MINIMAL, **{"edges.csv": "src_id,dst_id\n0,5\n"})
        )


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match=r"meta\.yaml"):
        PropertyGraph.from_dgl_csv(tmp_path)
    write(tmp_path, {"meta.yaml": MINIMAL["meta.yaml"]})
    with pytest.raises(InputNotFound, match=r"nodes\.csv"):
        PropertyGraph.from_dgl_csv(tmp_path)


META = st.text(st.sampled_from("node_data:edg file.csv[]{}-,'\"&*!|>\n 01"))


@given(META | st.text(st.characters(codec="utf-8")))
@settings(max_examples=150)
def test_any_description_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, meta: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "dgl"
    folder.mkdir(exist_ok=True)
    try:
        PropertyGraph.from_dgl_csv(write(folder, {"meta.yaml": meta}))
    except InputError:
        return
