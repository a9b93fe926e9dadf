from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphray.errors import InputError, InputNotFound
from graphray.kinds.formats.hmetis import from_hmetis, parse_hmetis
from graphray.kinds.incidence import INCIDENCE
from graphray.kinds.tables import GraphTables


def sets_of(tables: GraphTables) -> dict[int, list[int]]:
    edges = tables.edges[INCIDENCE].to_pydict()
    found: dict[int, list[int]] = {}
    for vertex, hyperedge in zip(edges["src"], edges["dst"], strict=True):
        found.setdefault(hyperedge, []).append(vertex)
    return found


@st.composite
def hypergraphs(draw: st.DrawFn) -> tuple[int, list[set[int]], list[int] | None, list[int] | None]:
    count = draw(st.integers(1, 8))
    vertices = st.integers(1, count)
    sets = draw(st.lists(st.sets(vertices, min_size=1), max_size=6))
    weights = st.integers(0, 10**18 - 1)
    of_sets = draw(st.none() | st.lists(weights, min_size=len(sets), max_size=len(sets)))
    of_vertices = draw(st.none() | st.lists(weights, min_size=count, max_size=count))
    return count, sets, of_sets, of_vertices


@given(hypergraphs(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_is_written_is_read(
    hypergraph: tuple[int, list[set[int]], list[int] | None, list[int] | None],
    end: str,
    commented: bool,
) -> None:
    count, sets, of_sets, of_vertices = hypergraph
    form = (1 if of_sets is not None else 0) + (10 if of_vertices is not None else 0)
    lines = [f"{len(sets)} {count}" + (f" {form}" if form else "")]
    for i, members in enumerate(sets):
        weight = [of_sets[i]] if of_sets is not None else []
        lines.append(" ".join(map(str, [*weight, *members])))
    lines += map(str, of_vertices or [])
    if commented:
        lines = [text for line in lines for text in ("% a comment", line)]
    tables = parse_hmetis(end.join(lines), "f.hgr")
    assert sets_of(tables) == {i: list(members) for i, members in enumerate(sets, 1)}
    vertices, hyperedges = tables.nodes["vertex"].to_pydict(), tables.nodes["hyperedge"].to_pydict()
    assert vertices["id"] == list(range(1, count + 1))
    assert vertices.get("weight") == of_vertices
    assert hyperedges.get("weight") == of_sets


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "f.hgr: the file is empty"),
        ("% nothing\n\n", "f.hgr: the file is empty"),
        ("1\n", "f.hgr, row 1: the first line has 1 numbers"),
        ("1 2 3 4\n", "f.hgr, row 1: the first line has 4 numbers"),
        ("%\n1 2 7\n1 2\n", "f.hgr, row 2: the format is 7"),
        ("1 2\n1 x\n", "f.hgr, row 2: 'x' is no number"),
        ("1 2\n1 -2\n", "f.hgr, row 2: '-2' is no number"),
        ("1 2 1\n-1 1 2\n", "f.hgr, row 2: '-1' is no number"),
        ("1 2 1\nnan 1 2\n", "f.hgr, row 2: 'nan' is no number"),
        ("1 2\n1 3\n", "f.hgr, row 2: vertex 3; the first line announces vertices 1..2"),
        ("1 2\n0 1\n", "f.hgr, row 2: vertex 0"),
        ("2 2\n1 2\n\n", "f.hgr, row 3: the hyperedge is empty"),
        ("1 2 1\n5\n", "f.hgr, row 2: the hyperedge is empty"),
        ("1 2\n1 2 1\n", "f.hgr, row 2: vertex 1 is in the hyperedge twice"),
        ("3 2\n1 2\n2\n", "f.hgr: ends after 2 hyperedges; the first line announces 3"),
        ("1 2\n1 2\n2\n", "f.hgr, row 3: the file goes on"),
        ("1 2 10\n1 2\n4\n", "f.hgr: ends after 1 vertex weights; the first line announces 2"),
        ("1 2 10\n1 2\n4 4\n4\n", "f.hgr, row 3: has 2 numbers"),
        ("1 99999999999\n1\n", "announces 99999999999 vertices, but the file has only"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_hmetis(text, "f.hgr")
    assert problem in str(raised.value)


@given(st.text() | st.text("012 9\n%-.x\r"))
@example("1 2 3 \x00")
@example("1 \u0661\n1\n")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_hmetis(text, "f.hgr")
    except InputError:
        return


def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "net.hgr.gz"
    path.write_bytes(gzip.compress(b"1 2\n1 2\n"))
    assert sets_of(from_hmetis(path)) == {1: [1, 2]}
    with pytest.raises(InputNotFound, match="nowhere"):
        from_hmetis(tmp_path / "nowhere.hgr")
    path.write_bytes(b"no gzip")
    with pytest.raises(InputError, match=r"net\.hgr\.gz: cannot be read"):
        from_hmetis(path)
    (tmp_path / "latin.hgr").write_bytes(b"1 2\n1 \xff\n")
    with pytest.raises(InputError, match=r"latin\.hgr, row 2: is not UTF-8"):
        from_hmetis(tmp_path / "latin.hgr")
