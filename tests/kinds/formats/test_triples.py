"""Tab-separated triples, as the data sets of link prediction have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import InputError, InputNotFound
from graphray.kinds.formats.triples import read_triple_files
from graphray.kinds.knowledge import KnowledgeGraph

NAMES = ("subject", "predicate", "object")
NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n"), min_size=1)


def read(path: Any, **options: Any) -> list[tuple[str, ...]]:
    table = read_triple_files(path, **options).table
    return list(zip(*(table[name].to_pylist() for name in NAMES), strict=True))


@given(st.lists(st.tuples(NAME, NAME, NAME), min_size=1))
def test_any_names_are_read_as_they_stand(
    tmp_path_factory: Any, triples: list[tuple[str, str, str]]
) -> None:
    file = tmp_path_factory.mktemp("tsv") / "train.txt"
    file.write_text("".join("\t".join(t) + "\n" for t in triples), encoding="utf-8", newline="")
    assert read(file) == triples


def test_splits_become_a_column(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("/m/1\t/r\t/m/2\n/m/2\t/r\t/m/3\n")
    (tmp_path / "test.txt").write_text("/m/1\t/r\t/m/3\n")
    by_folder = KnowledgeGraph.from_tsv(tmp_path)
    named = {"train": tmp_path / "train.txt", "test": tmp_path / "test.txt"}
    for tables in (by_folder, KnowledgeGraph.from_tsv(named)):
        assert tables.edges["entity", "/r", "entity"].to_pylist() == [
            {"src": "/m/1", "dst": "/m/2", "split": "train"},
            {"src": "/m/2", "dst": "/m/3", "split": "train"},
            {"src": "/m/1", "dst": "/m/3", "split": "test"},
        ]
    one = KnowledgeGraph.from_tsv(tmp_path / "train.txt")
    assert one.edges["entity", "/r", "entity"].column_names == ["src", "dst"]


def test_curies_are_expanded(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text("ex:a\trdf:type\tex:C\nex:a\tex:p\thttp://x/y\n")
    tables = KnowledgeGraph.from_tsv(file, prefixes={"ex": "http://e/"})
    assert ("ex:C", "rdf:type", "rdfs:Class") in tables.edges
    assert read(file, prefixes={"ex": "http://e/"})[1] == ("http://e/a", "http://e/p", "http://x/y")
    assert read(file)[1] == ("ex:a", "ex:p", "http://x/y")
    file.write_text("ex:a\tex:p\tex:b\nex:a\tfoo:p\tex:b\n")
    with pytest.raises(InputError, match="prefix 'foo' of 'foo:p'") as caught:
        KnowledgeGraph.from_tsv(file, prefixes={"ex": "http://e/"})
    assert (caught.value.source, caught.value.row) == (str(file), 2)


@pytest.mark.parametrize(
    ("content", "row", "problem"),
    [
        (b"a\tr\tb\na\tr\n", 2, "the row has 2 fields"),
        (b"a\tr\tb\na\tr\tb\tc\n", 2, "the row has 4 fields"),
        (b"a r b\n", 1, "the row has 1 fields"),
        (b"a\tr\tb\n\na\tr\tb\n", 2, "the row has 1 fields"),
        (b"a\tr\tb\na\t\tb\n", 2, "predicate is empty"),
        (b"a\tr\tb\n\tr\tb\n", 2, "subject is empty"),
        (b"a\tr\tb\nc\tr\t\xff\n", 2, "UTF-8"),
    ],
)
def test_malformed_rows_are_named(tmp_path: Path, content: bytes, row: int, problem: str) -> None:
    file = tmp_path / "bad.txt"
    file.write_bytes(content)
    with pytest.raises(InputError, match=problem) as caught:
        KnowledgeGraph.from_tsv(file)
    assert (caught.value.source, caught.value.row) == (str(file), row)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="no such file"):
        read_triple_files(tmp_path / "none.txt")
    with pytest.raises(InputNotFound, match=r"no train\.txt"):
        read_triple_files(tmp_path)
    with pytest.raises(InputNotFound, match="no splits"):
        read_triple_files({})
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(InputError, match=r"empty\.txt"):
        read_triple_files(tmp_path / "empty.txt")


@given(st.binary(max_size=60) | st.text("ab\t\n\r\"'", max_size=30).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory: Any, data: bytes) -> None:
    file = tmp_path_factory.mktemp("fuzz") / "any.txt"
    file.write_bytes(data)
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    try:
        expected = [tuple(line.decode().split("\t")) for line in lines]
        is_well_formed = all(len(triple) == 3 and all(triple) for triple in expected)
    except UnicodeDecodeError:
        is_well_formed = False
    if is_well_formed:
        assert read(file) == expected
    else:
        with pytest.raises(InputError, match=r"any\.txt"):
            read(file)
