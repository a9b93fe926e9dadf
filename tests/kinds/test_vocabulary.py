"""Names of types, relations and columns lead back to their IRIs."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from graphray.kinds.literals import text_of, type_texts
from graphray.kinds.terms import Prefixes
from graphray.kinds.vocabulary import LiteralColumn, Vocabulary, name_iris
from tests.kinds.rdf_graphs import CLASSES, EX, IRIS, PREDICATES, literals, prefixes

HARD = ["ex:a", "a", "id", "level", "parent", "<id>", "a b", "p@en", f"{EX}level", f"{EX}p@en"]
iris = st.sampled_from([*IRIS, *CLASSES, *PREDICATES, *HARD])


@given(st.lists(iris, unique=True), prefixes)
def test_no_two_iris_have_one_name(found: list[str], declared: dict[str, str]) -> None:
    names = name_iris(found, Prefixes(declared))
    assert list(names) == found
    assert len(set(names.values())) == len(found)
    assert not {"entity", "vocabulary", "parent", "level", "id", "src", "dst"} & set(names.values())


@given(prefixes)
def test_a_vocabulary_is_read_as_it_was_written(declared: dict[str, str]) -> None:
    vocabulary = Vocabulary(
        {"City": f"{EX}City"},
        {"in": f"{EX}in"},
        (
            LiteralColumn("City", "size", f"{EX}size", f"{EX}own", None, "size (as written)"),
            LiteralColumn("City", "size@en", f"{EX}size", f"{EX}own", "en", None),
            LiteralColumn("entity", "size", f"{EX}size", f"{EX}own", None, None),
        ),
        Prefixes(declared),
        (f"{EX}in", f"^{EX}holds"),
    )
    rows = vocabulary.to_table().to_pylist()
    read = Vocabulary.from_rows(reversed(rows))
    assert len({row["id"] for row in rows}) == len(rows)
    assert (read.classes, read.predicates) == (vocabulary.classes, vocabulary.predicates)
    assert set(read.literals) == set(vocabulary.literals)
    assert set(read.parents) == set(vocabulary.parents)
    assert read.prefixes.namespaces == vocabulary.prefixes.namespaces


@given(st.lists(literals, min_size=1))
def test_values_lead_back_to_their_texts(found: list) -> None:
    datatype = found[0].datatype
    texts = [literal.value for literal in found]
    typed = type_texts(pa.array(texts, pa.large_string()), datatype)
    written = [None] * len(texts) if typed.written is None else typed.written.to_pylist()
    values = typed.values.to_pylist()
    assert [text_of(v, w, datatype) for v, w in zip(values, written, strict=True)] == texts
    assert all(v is not None or w is not None for v, w in zip(values, written, strict=True))
