from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graphray.errors import ArgumentError, InputError
from graphray.ingest.inputs import id_column, read_edges, read_nodes


def endpoints(*names: str, **chosen: str) -> tuple[str, str]:
    edges = read_edges(pa.table({name: [1] for name in names}), "e", **chosen)
    return edges.src, edges.dst


def test_columns_of_the_ends() -> None:
    assert endpoints("w", "dst", "src") == ("src", "dst")
    assert endpoints("w", "source", "target") == ("source", "target")
    assert endpoints("a", "b", "c") == ("a", "b")
    assert endpoints("a", "b", "c", src="c") == ("c", "b")
    assert endpoints("src", "dst", "to", dst="to") == ("src", "to")


def test_columns_of_the_ends_that_are_none() -> None:
    with pytest.raises(InputError, match="'x': there is no such column; it has: a, b"):
        endpoints("a", "b", src="x")
    with pytest.raises(InputError, match="same column"):
        endpoints("a", "b", src="b")
    with pytest.raises(InputError, match="it has: a"):
        endpoints("a")


def test_column_of_node_ids() -> None:
    assert id_column(read_nodes(pa.table({"x": [1], "id": [2]}), "n")) == "id"
    assert id_column(read_nodes(pa.table({"x": [1], "y": [2]}), "n")) == "x"
    with pytest.raises(InputError, match="no columns"):
        read_nodes(pa.table({}), "n")


@pytest.mark.parametrize("value", [None, 5, object(), {1, 2}])
def test_what_is_no_input(value: Any) -> None:
    for read in (read_edges, read_nodes):
        with pytest.raises(ArgumentError, match="expected path"):
            read(value, "e")


def test_strings_are_paths_pairs_of_strings_are_edges(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("src,dst\n1,2\n")
    paths = (str(tmp_path / "a.csv"), tmp_path / "b.csv")
    assert read_edges(paths, "e").source.table.num_rows == 2
    assert read_edges((["a.csv"], ["b.csv"]), "e").source.table.to_pydict() == {
        "src": ["a.csv"],
        "dst": ["b.csv"],
    }
    assert read_nodes(np.array(["a.csv"]), "n").table.to_pydict() == {"id": ["a.csv"]}
