from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import InputError, InputNotFound
from graphray.kinds.formats.simplices import from_simplices
from graphray.kinds.incidence import INCIDENCE


def write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"data-{name.replace('_', '-')}.txt").write_text(content)
    return folder


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True),
            st.integers(-(10**17), 10**17),
        ),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
@settings(max_examples=30)
def test_what_is_written_is_read(simplices: list[tuple[list[int], int]], timed: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write(
            Path(name),
            nverts="".join(f"{len(members)}\n" for members, _ in simplices),
            simplices="".join(f"{vertex}\n" for members, _ in simplices for vertex in members),
        )
        if timed:
            write(folder, times="".join(f"{time}\n" for _, time in simplices))
        by_folder, by_prefix = from_simplices(folder), from_simplices(folder / "data")
    assert by_folder == by_prefix
    edges = by_folder.edges[INCIDENCE].to_pydict()
    assert list(zip(edges["dst"], edges["src"], strict=True)) == [
        (i, vertex) for i, (members, _) in enumerate(simplices) for vertex in members
    ]
    hyperedges = by_folder.nodes["hyperedge"].to_pydict()
    assert hyperedges.get("time") == ([time for _, time in simplices] if timed else None)


def test_labels_name_vertices(tmp_path: Path) -> None:
    write(tmp_path, nverts="2\n", simplices="1\n2\n", node_labels="1 Ada L.\n2 Bob\n3\n")
    vertices = from_simplices(tmp_path).nodes["vertex"].to_pydict()
    assert vertices == {"id": [1, 2, 3], "label": ["Ada L.", "Bob", ""]}


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"nverts": "2\nx\n", "simplices": "1\n2\n"}, "data-nverts.txt, row 2: 'x' is no integer"),
        ({"nverts": "2\n", "simplices": "1\n\n"}, "data-simplices.txt, row 2: '' is no integer"),
        ({"nverts": "1\n0\n", "simplices": "1\n"}, "data-nverts.txt, row 2: a simplex of 0"),
        ({"nverts": "1\n-1\n", "simplices": "1\n"}, "data-nverts.txt, row 2: a simplex of -1"),
        ({"nverts": "2\n2\n", "simplices": "1\n2\n3\n"}, "row 2: the simplices have 4 vertices"),
        ({"nverts": "3\n", "simplices": "1\n2\n1\n"}, "row 3: vertex 1 is in simplex 0 twice"),
        (
            {"nverts": "1\n1\n", "simplices": "1\n2\n", "times": "7\n"},
            "data-times.txt, row 2: has 1 times",
        ),
        (
            {"nverts": "1\n", "simplices": "1\n", "node_labels": "one Ada\n"},
            "data-node-labels.txt, row 1: expected a vertex and its label",
        ),
        (
            {"nverts": "1\n", "simplices": "1\n", "node_labels": "1 Ada\n1 Bob\n"},
            "data-node-labels.txt, row 2, column 'id': the id 1",
        ),
        ({"nverts": "999999999999999999\n" * 99, "simplices": "1\n"}, "but"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    files: dict[str, str], problem: str, tmp_path: Path
) -> None:
    write(tmp_path, **files)
    with pytest.raises(InputError) as raised:
        from_simplices(tmp_path)
    assert problem in str(raised.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="0 files"):
        from_simplices(tmp_path)
    write(tmp_path, nverts="1\n")
    with pytest.raises(InputNotFound, match=r"data-simplices\.txt"):
        from_simplices(tmp_path)
    (tmp_path / "more-nverts.txt").write_text("")
    with pytest.raises(InputNotFound, match=r"2 files.*data-nverts\.txt, more-nverts\.txt"):
        from_simplices(tmp_path)


CONTENTS = st.text("0123 x\n-") | st.text(st.characters(codec="utf-8"), max_size=20)


@given(CONTENTS, CONTENTS, CONTENTS)
@settings(max_examples=60)
def test_any_text_is_read_or_refused(nverts: str, simplices: str, labels: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name), nverts=nverts, simplices=simplices, node_labels=labels)
        try:
            from_simplices(folder)
        except InputError:
            return
