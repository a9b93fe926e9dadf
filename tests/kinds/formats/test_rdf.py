"""RDF files are read whole or refused by file and line."""

from __future__ import annotations

import bz2
import gzip
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError, InputError, InputNotFound, MissingDependency
from graphray.kinds.formats.ntriples import write_ntriples
from graphray.kinds.formats.rdf import read_rdf
from graphray.kinds.knowledge import KnowledgeGraph
from graphray.kinds.terms import XSD, Literal, Triple
from tests.kinds.rdf_graphs import EX, graphs

KNOWS = Triple(f"{EX}a", f"{EX}knows", f"{EX}b")
AGE = Triple(f"{EX}a", f"{EX}age", Literal("5", f"{XSD}integer"))

SAME_GRAPH = {
    "nt": f'<{EX}a> <{EX}knows> <{EX}b> .\n# {EX}\n\n<{EX}a> <{EX}age> "5"^^<{XSD}integer> .\n',
    "ttl": f"@prefix ex: <{EX}> .\nex:a ex:knows ex:b ; ex:age 5 .\n",
    "rdf": f"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:ex="{EX}">
  <rdf:Description rdf:about="{EX}a">
    <ex:knows rdf:resource="{EX}b"/>
    <ex:age rdf:datatype="{XSD}integer">5</ex:age>
  </rdf:Description>
</rdf:RDF>""",
    "jsonld": f"""{{"@context": {{"ex": "{EX}"}}, "@id": "ex:a",
  "ex:knows": {{"@id": "ex:b"}}, "ex:age": 5}}""",
    "nq": f'<{EX}a> <{EX}knows> <{EX}b> .\n<{EX}a> <{EX}age> "5"^^<{XSD}integer> .\n',
}


def rows(path: Any, **options: Any) -> set[Triple]:
    return {
        Triple(s, p, o if datatype is None else Literal(o, datatype, language))
        for s, p, o, datatype, language in zip(
            *read_rdf(path, **options).table.to_pydict().values(), strict=True
        )
    }


@pytest.mark.parametrize("suffix", SAME_GRAPH)
def test_every_format_gives_the_same_triples(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"graph.{suffix}"
    file.write_text(SAME_GRAPH[suffix])
    assert rows(file) == {KNOWS, AGE}
    file.rename(tmp_path / "graph.data")
    assert rows(tmp_path / "graph.data", format=suffix) == {KNOWS, AGE}


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_compressed_files(tmp_path: Path, suffix: str, pack: Any) -> None:
    file = tmp_path / f"graph.ttl{suffix}"
    file.write_bytes(pack(SAME_GRAPH["ttl"].encode()))
    assert rows(file) == {KNOWS, AGE}
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(InputError, match=f"graph.ttl{suffix}"):
        read_rdf(file)


@given(graphs)
def test_what_is_written_is_read(tmp_path_factory: Any, statements: list[Triple]) -> None:
    file = tmp_path_factory.mktemp("nt") / "graph.nt"
    assert write_ntriples(statements, file) == len(statements)
    assert rows(file) == set(statements)


def test_prefixes_come_along(tmp_path: Path) -> None:
    file = tmp_path / "graph.ttl"
    file.write_text(SAME_GRAPH["ttl"])
    assert read_rdf(file).prefixes == {"ex": EX}
    assert KnowledgeGraph.of(KnowledgeGraph.from_rdf(file)).predicates.keys() == {
        "ex:knows",
        "ex:age",
    }


def test_blank_nodes_are_local_to_their_file(tmp_path: Path) -> None:
    for name in ("one.nt", "two.nt"):
        (tmp_path / name).write_text(f"_:x <{EX}p> _:y .\n_:y <{EX}p> _:x .\n")
    assert rows(tmp_path / "one.nt") == {
        Triple("_:x", f"{EX}p", "_:y"),
        Triple("_:y", f"{EX}p", "_:x"),
    }
    both = rows([tmp_path / "one.nt", tmp_path / "two.nt"])
    assert len(both) == 4
    assert len({triple.subject for triple in both}) == 4


def test_unnamed_blank_nodes_are_numbered_alike_each_time(tmp_path: Path) -> None:
    file = tmp_path / "graph.ttl"
    file.write_text(f"<{EX}a> <{EX}p> [ <{EX}q> [] ], _:b0 .")
    first = rows(file)
    assert first == rows(file)
    assert {t.object for t in first} == {"_:b0", "_:b1", "_:b2"}


def test_named_graphs_are_merged_and_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "graph.nq"
    file.write_text(f"<{EX}a> <{EX}p> <{EX}b> <{EX}g> .\n")
    assert "named graph" in read_rdf(file).lost[0]
    assert KnowledgeGraph.from_rdf(file).lost == read_rdf(file).lost


@pytest.mark.parametrize(
    ("suffix", "content", "row", "problem"),
    [
        ("nt", f"<{EX}a> <{EX}p> <{EX}b> .\n<{EX}a> <{EX}p> .\n", 2, "."),
        ("nt", f'<{EX}a> <{EX}p> <{EX}b> .\n"lit" <{EX}p> <{EX}b> .\n', 2, "subject"),
        ("nt", f"<{EX}a> <{EX}p> <{EX}b>\n", 2, "."),  # The full stop may come a line later.
        ("nt", "<a> <b> <c> .\n", 1, "IRI"),
        ("nt", f"<{EX}a> _:p <{EX}b> .\n", 1, "predicate"),
        ("nt", f'<{EX}a> <{EX}p> "unfinished .\n', 1, "."),
        ("ttl", f"\n<{EX}a> foo:p <{EX}b> .\n", 2, "prefix foo"),
        ("ttl", f"@prefix ex: <{EX}> .\nex:a ex:p 5 ; ; .\n5 ex:p ex:a .\n", 3, "."),
        ("jsonld", '{"@id": "http://a", ', 1, "."),
        ("jsonld", '{"@context": "http://nowhere.example/context", "@id": "http://a"}', None, "."),
        ("rdf", "<rdf:RDF><unclosed>", None, "."),
    ],
)
def test_malformed_files_are_refused_by_line(
    tmp_path: Path, suffix: str, content: str, row: int | None, problem: str
) -> None:
    file = tmp_path / f"bad.{suffix}"
    file.write_text(content)
    with pytest.raises(InputError, match=problem) as caught:
        KnowledgeGraph.from_rdf(file)
    assert (caught.value.source, caught.value.row) == (str(file), row)


def test_broken_encoding_is_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.nt"
    file.write_bytes(f"<{EX}a> <{EX}p> <{EX}b> .\n<{EX}a> <{EX}p> ".encode() + b'"\xff" .\n')
    with pytest.raises(InputError, match=r"bad\.nt, row 2: Invalid UTF-8"):
        read_rdf(file)


def test_triples_within_triples_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.nt"
    file.write_text(f"<{EX}a> <{EX}p> <<( <{EX}a> <{EX}p> <{EX}b> )>> .\n")
    with pytest.raises(InputError, match="triple within a triple"):
        read_rdf(file)


def test_files_that_are_not_there_or_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match=r"none\.ttl: there is no such file"):
        read_rdf(tmp_path / "none.ttl")
    with pytest.raises(InputNotFound, match="list of paths is empty"):
        read_rdf([])
    with pytest.raises(InputError, match=r"type '\.csv' are not read as RDF; use \.nt"):
        read_rdf(tmp_path / "edges.csv")
    with pytest.raises(ArgumentError, match="format = 'csv'"):
        read_rdf(tmp_path / "edges", format="csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_rdf(tmp_path, format="nt")


def test_an_empty_file_is_no_graph(tmp_path: Path) -> None:
    (tmp_path / "empty.nt").write_text("")
    assert read_rdf(tmp_path / "empty.nt").table.num_rows == 0
    with pytest.raises(InputError, match="no triples"):
        KnowledgeGraph.from_rdf(tmp_path / "empty.nt")


def test_without_pyoxigraph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyoxigraph", None)
    with pytest.raises(MissingDependency, match=r"graphray\[rdf\]"):
        read_rdf(tmp_path / "graph.nt")


@given(data=st.binary(max_size=80), suffix=st.sampled_from(sorted(SAME_GRAPH)))
def test_any_bytes_are_read_or_refused(tmp_path_factory: Any, data: bytes, suffix: str) -> None:
    file = tmp_path_factory.mktemp("fuzz") / f"any.{suffix}"
    file.write_bytes(data)
    with suppress(InputError):
        assert read_rdf(file).table.num_columns == 5
