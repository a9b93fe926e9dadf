"""Settling the columns of text files: a first pass over all values, any of which may decide.

The files are read extent by extent, wherever an executor likes. Types found in one extent may not
do for another: `common_type` then proposes one, and those extents are read again for which it is
not certain, until all agree. Rows are counted on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from graphray.errors import InputError
from graphray.executor import Executor
from graphray.ingest import streams
from graphray.ingest.delimited import Delimited, Settled, Types, common_type, surely_fits
from graphray.ingest.extents import Extent, cut_lines, has_open_quote, newlines_between
from graphray.ingest.file_sections import block_bytes
from graphray.ingest.files import InputFile
from graphray.progress import progress


@dataclass(frozen=True)
class SettledText:
    """The columns of a text file, and the extents to read it in with the rows of each."""

    schema: pa.Schema
    rows: tuple[tuple[Extent | None, int], ...]


class _Question(NamedTuple):
    """Some lines of a text, and the types that its columns have at least."""

    file: InputFile
    extent: Extent | None
    at_least: Types


def settle_texts(
    files: Sequence[InputFile], batch_bytes: int, executor: Executor
) -> list[SettledText]:
    """Settle all files.

    Raises:
        InputError: where a file does not parse, naming the row where it can be found.
    """
    texts = [_Text(file) for file in files]
    while open_questions := [(text, at) for text in texts for at in text.unsettled]:
        questions = [
            _Question(text.file, text.extents[at], text.types) for text, at in open_questions
        ]
        with progress("looking through text", len(questions), "parts") as bar:
            for number, answer in executor.run(_settle, block_bytes(batch_bytes), questions):
                text, at = open_questions[number]
                text.found[at] = answer
                bar.advance()
        for text in texts:
            text.conclude()
    return [text.settled() for text in texts]


def _settle(block: int, question: _Question) -> Settled | None:
    """The columns and rows of some lines; None where they may not be read by themselves."""
    file, extent, at_least = question
    with file.reported(extent):
        text = file.text(extent)
        if not isinstance(text, Delimited):
            return text.settle(block)
        if extent is not None:
            with file.open_at_random() as content:
                if has_open_quote(content, extent):
                    return None
        return text.settle(block, at_least)


class _Text:
    """A file on its way to being settled.

    Attributes:
        extents: in which it is read; a single None for all at once.
        types: what its columns have to be at least.
        found: what is known of which extent; None where it cannot be read by itself.
    """

    def __init__(self, file: InputFile) -> None:
        self.file = file
        with file.reported():
            self.extents: list[Extent | None] = list(_cut(file)) or [None]
        self.types: dict[str, pa.DataType] = {}
        self.found: dict[int, Settled | None] = {}

    @property
    def unsettled(self) -> list[int]:
        """The extents that are to be read."""
        return [at for at in range(len(self.extents)) if at not in self.found]

    def conclude(self) -> None:
        """Let go of what does not do for the file as a whole."""
        if None in self.found.values():
            # A quoted value may run over the end of an extent: what is one row only Arrow can tell.
            self.extents, self.found = [None], {}
        elif self.file.has_header:
            schemas = [found.schema for found in self._in_order()]
            common = [common_type(types) for types in zip(*(s.types for s in schemas), strict=True)]
            self.types = dict(zip(schemas[0].names, common, strict=True))
            for at, schema in enumerate(schemas):
                if not all(map(surely_fits, schema.types, common)):
                    del self.found[at]

    def settled(self) -> SettledText:
        """The answer, when nothing is open."""
        found = self._in_order()
        rows = zip(self.extents, (each.num_rows for each in found), strict=True)
        if self.file.has_header:
            names = found[0].schema.names
            fields = [pa.field(name, self.types[name]) for name in names]
            return SettledText(pa.schema(fields), tuple(rows))
        return SettledText(self._unified([each.schema for each in found]), tuple(rows))

    def _in_order(self) -> list[Settled]:
        return [found for _, found in sorted(self.found.items()) if found is not None]

    def _unified(self, schemas: Sequence[pa.Schema]) -> pa.Schema:
        unified = pa.schema([])
        for extent, schema in zip(self.extents, schemas, strict=True):
            try:
                unified = pa.unify_schemas([unified, schema], promote_options="permissive")
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                with self.file.open_at_random() as content:
                    before = newlines_between(content, 0, extent.start if extent else 0)
                raise InputError(
                    f"a key's values have no common type: {error}",
                    source=self.file.label,
                    row=before + 1,
                ) from error
        return unified


def _cut(file: InputFile) -> list[Extent]:
    """The extents of a file; none where it is to be read at once."""
    if file.is_compressed:
        return []
    with file.open_at_random() as content:
        if content.size() < 2 * streams.SECTION_BYTES:
            return []
        extents = cut_lines(content, streams.SECTION_BYTES, has_header=file.has_header)
    return [] if extents[0].header.count(b'"') % 2 else extents
