"""JSON Lines: an object per line, whose keys are the columns.

Arrow parses it, in blocks of whole lines. A first pass settles the type of every column over the
whole file, so that a block does not decide on its own. Strings that look like times stay strings:
they may be somebody's ids. Where Arrow gives up, the lines of the block are gone through one by
one, to say which of them is wrong.
"""

from __future__ import annotations

import json as plain_json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import json

from graphray.errors import InputError
from graphray.ingest.delimited import Settled

JSON_LINES_SUFFIXES = (".jsonl", ".ndjson")
_BLOCK_BYTES = 2**24
_BLOCK_BYTES_MAX = 2**31 - 1
_NO_OBJECT = re.compile(rb"\n[ \t\r]*[^{ \t\r\n]")


class JsonLines:
    """One file of JSON Lines; the same calls as `graphray.ingest.delimited.Delimited`.

    Args:
        open_stream: opens it from the start, decompressed.
        label: what to call it in messages.
    """

    def __init__(self, open_stream: Callable[[], Any], label: str) -> None:
        self._open = open_stream
        self._label = label

    def read(self) -> pa.Table:
        r"""The whole file; null where an object lacks a key.

        Raises:
            InputError: where a line is no JSON object, or a key's values have no common type;
                naming the line.

        Example:
            >>> import io
            >>> content = b'{"src": 1, "dst": 2}\n{"src": 3}'
            >>> JsonLines(lambda: io.BytesIO(content), "e.jsonl").read().to_pylist()
            [{'src': 1, 'dst': 2}, {'src': 3, 'dst': None}]
        """
        schema = self.settle(_BLOCK_BYTES).schema
        return pa.Table.from_batches(self.batches(schema, schema.names, _BLOCK_BYTES), schema)

    def settle(self, block_bytes: int) -> Settled:
        """The number of rows, and the type of every column as all of its values have it.

        Raises as `read`.
        """
        settled, num_rows = pa.schema([]), 0
        for block in self._blocks(block_bytes):
            found = self._parse(block, pa.schema([]))
            num_rows += found.num_rows
            try:
                settled = pa.unify_schemas([settled, found.schema], promote_options="permissive")
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise InputError(
                    f"a key's values have no common type: {error}",
                    source=self._label,
                    row=block.first_line,
                ) from error
        if not settled.names:
            raise InputError("the file is empty", source=self._label)
        return Settled(settled, num_rows)

    def batches(
        self, schema: pa.Schema, columns: Sequence[str], block_bytes: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows in blocks, with some of the columns, in the types of `settle`."""
        wanted = pa.schema([schema.field(name) for name in columns])
        for block in self._blocks(block_bytes):
            yield from self._parse(block, wanted, others="ignore").select(columns).to_batches()

    def _blocks(self, block_bytes: int) -> Iterator[_Block]:
        """The file in pieces of whole lines, of about that size."""
        first_line, rest = 1, b""
        with closing(self._open()) as stream:
            while content := stream.read(block_bytes):
                whole, end, rest_of_it = content.rpartition(b"\n")
                if not end:
                    rest += content
                    continue
                block = _Block(rest + whole, first_line)
                yield block
                first_line += block.content.count(b"\n") + 1
                rest = rest_of_it
        if rest.strip():
            yield _Block(rest, first_line)

    def _parse(self, block: _Block, schema: pa.Schema, others: str = "infer") -> pa.Table:
        self._check(block)
        try:
            table = _read(block.content, schema, others)
            plain = pa.schema([field.with_type(_plain(field.type)) for field in table.schema])
            return table if plain == table.schema else _read(block.content, plain, others)
        except pa.ArrowException as error:
            raise self._explained(block, error) from error

    def _check(self, block: _Block) -> None:
        """Refuse what Arrow would let pass."""
        try:
            block.content.decode()
        except UnicodeDecodeError as error:
            line = block.first_line + block.content.count(b"\n", 0, error.start)
            raise InputError("is not UTF-8 text", source=self._label, row=line) from error
        blank = _blank_line(block.content)
        if blank is not None:
            line = block.first_line + blank
            raise InputError("the line is blank; drop it", source=self._label, row=line)
        # Arrow takes a line "null" for a row of nulls, and as the first one it ends the process.
        misfit = 0 if not block.content.lstrip().startswith(b"{") else _no_object(block.content)
        if misfit is not None:
            line = block.first_line + misfit
            problem = _problem(block.content.split(b"\n")[misfit], {})
            raise InputError(problem or "is no object", source=self._label, row=line)

    def _explained(self, block: _Block, error: pa.ArrowException) -> InputError:
        kinds: dict[str, type] = {}
        for number, line in enumerate(block.content.split(b"\n"), block.first_line):
            problem = _problem(line, kinds)
            if problem:
                return InputError(problem, source=self._label, row=number)
        return InputError(f"cannot be read: {error}", source=self._label, row=block.first_line)


class _Block(NamedTuple):
    """Some whole lines, and the number of the first."""

    content: bytes
    first_line: int


def _read(content: bytes, schema: pa.Schema, others: str) -> pa.Table:
    return json.read_json(
        pa.BufferReader(content),
        # A single object may fill the block.
        json.ReadOptions(block_size=min(len(content) + 1, _BLOCK_BYTES_MAX)),
        json.ParseOptions(explicit_schema=schema, unexpected_field_behavior=others),
    )


def _plain(dtype: pa.DataType) -> pa.DataType:
    """The type with strings in place of times."""
    if pa.types.is_timestamp(dtype):
        return pa.string()
    if pa.types.is_list(dtype):
        return pa.list_(_plain(dtype.value_type))
    if pa.types.is_struct(dtype):
        return pa.struct([field.with_type(_plain(field.type)) for field in dtype])
    return dtype


def _blank_line(content: bytes) -> int | None:
    """Which line of a block has nothing on it; None where each has something."""
    if b"\n\n" not in content and b"\n\r\n" not in content and content[:1].strip():
        return None
    lines = content.split(b"\n")
    return next((i for i, line in enumerate(lines) if not line.strip()), None)


def _no_object(content: bytes) -> int | None:
    """Which line after the first begins with anything but an object; None where none does."""
    found = _NO_OBJECT.search(content)
    return None if found is None else content.count(b"\n", 0, found.start()) + 1


def _problem(line: bytes, kinds: dict[str, type]) -> str | None:
    """What is wrong with a line, given the kinds of values that the lines before had."""
    try:
        record: Any = plain_json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {error}"
    if not isinstance(record, Mapping):
        return f"is {type(record).__name__}; expected an object"
    for key, value in record.items():
        if value is None:
            continue
        kind = float if isinstance(value, int) and not isinstance(value, bool) else type(value)
        if kinds.setdefault(key, kind) is not kind:
            return f"{key!r} is {value!r}, which is of another type than in the lines before"
    return None
