from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import InputError
from graphray.ingest.files import read_files
from graphray.ingest.json_lines import JsonLines

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "text": st.text() | st.sampled_from(["2020-01-01", "2020-01-01T00:00:00Z", "1", "null"]),
    "truth": st.booleans(),
    "list": st.lists(st.integers(-5, 5)),
    "object": st.fixed_dictionaries({"x": st.integers(-5, 5), "when": st.just("2020-01-01")}),
}
ROWS = st.lists(st.fixed_dictionaries(VALUES, optional={"rare": st.text()}), min_size=1, max_size=8)


def lines_of(content: bytes) -> JsonLines:
    return JsonLines(lambda: io.BytesIO(content), "f.jsonl")


@given(ROWS, st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.integers(1, 400))
@settings(max_examples=80)
def test_what_is_written_is_read(
    rows: list[dict[str, Any]], end: bytes, ended: bool, block_bytes: int
) -> None:
    content = end.join(json.dumps(row).encode() for row in rows) + (end if ended else b"")
    expected = [{name: row.get(name) for name in (*VALUES, "rare")} for row in rows]
    if not any("rare" in row for row in rows):
        expected = rows
    lines = lines_of(content)
    assert lines.read().to_pylist() == expected
    schema = lines.settle(block_bytes).schema
    batches = list(lines.batches(schema, schema.names, block_bytes))
    assert [row for batch in batches for row in batch.to_pylist()] == expected
    some = list(lines.batches(schema, ["text", "int"], block_bytes))
    assert [row for batch in some for row in batch.to_pylist()] == [
        {"text": row["text"], "int": row["int"]} for row in rows
    ]


def test_the_whole_file_decides_on_a_type() -> None:
    content = b'{"a": 1, "b": null}\n{"a": 0.5, "b": "x"}\n'
    lines = lines_of(content)
    for block_bytes in (1, 10**6):
        schema = lines.settle(block_bytes).schema
        assert [str(dtype) for dtype in schema.types] == ["double", "string"]
    assert lines.read().to_pylist() == [{"a": 1.0, "b": None}, {"a": 0.5, "b": "x"}]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "f.jsonl: the file is empty"),
        (b"\n\n", "f.jsonl, row 1: the line is blank"),
        (b"{}\n", "f.jsonl: the file is empty"),
        (b'{"a": 1}\n\n{"a": 2}\n', "f.jsonl, row 2: the line is blank"),
        (b'{"a": 1}\n{"a": 2\n', "f.jsonl, row 2: is no JSON"),
        (b'{"a": 1}\n{"\xd1": 2}\n', "f.jsonl, row 2: is not UTF-8"),
        (b'{"a": 1}\n[1]\n', "f.jsonl, row 2: is list; expected an object"),
        (b'null\n{"a": 1}\n', "f.jsonl, row 1: is NoneType; expected an object"),
        (b'nullx": 1}\n', "f.jsonl, row 1: is no JSON"),
        (b'{"a": 1}\n{"a": 2}\n null\n', "f.jsonl, row 3: is NoneType; expected an object"),
        (b'{"a": 1}\n{"a": 2}\n{"a": "x"}\n', "f.jsonl, row 3: 'a' is 'x', which is of another"),
        (b'{"a": "x"}\n{"a": true}\n', "f.jsonl, row 2: 'a' is True, which is of another type"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(content: bytes, problem: str) -> None:
    with pytest.raises(InputError) as raised:
        lines_of(content).read()
    assert problem in str(raised.value)


def test_types_that_differ_between_blocks() -> None:
    content = b'{"a": 1}\n' * 50 + b'{"a": "x"}\n'
    with pytest.raises(InputError, match=r"f\.jsonl, row \d+"):
        lines_of(content).settle(20)


@given(st.text() | st.text('{}[]":,1a\n ') | st.binary())
@example('{"a": 1, "a": 2}')
@example('{"a": {"b": 1}}\n{"a": {"b": "x"}}')
@example('{"a": 99999999999999999999}')
def test_any_text_is_read_or_refused(content: str | bytes) -> None:
    try:
        lines_of(content if isinstance(content, bytes) else content.encode()).read()
    except InputError:
        return


def test_files_and_builds(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"src": "2020-01-01", "dst": "b", "w": 1}\n')
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(b'{"src": "b", "dst": "c", "w": 2.5}\n'))
    assert read_files(tmp_path).table.to_pydict() == {
        "src": ["2020-01-01", "b"],
        "dst": ["b", "c"],
        "w": [1.0, 2.5],
    }
    gr.build(tmp_path, tmp_path / "store")
    assert gr.open(tmp_path / "store").neighbors("2020-01-01").tolist() == ["b"]
    (tmp_path / "a.jsonl").write_text('{"src": "a", "dst": "b"}\n{"src": null, "dst": "b"}\n')
    with pytest.raises(InputError, match=r"a\.jsonl, row 2, column 'src': the id is null"):
        gr.build(tmp_path / "a.jsonl", tmp_path / "other")
    assert not (tmp_path / "other").exists()
