"""Delimited text, CSV and TSV: read at once, or block by block.

Both ways give a column the same type: the first in Arrow's order of inference (`_LOOSER`) that fits
the column as a whole. Reading block by block, Arrow settles on a type in the first block; where a
later value does not fit, the types of that column are tried in order, each from the start of the
file, and only then are batches handed out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import csv

from graphray.errors import InputError

_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?\s*")
_FAILED_COLUMN = re.compile(r"In CSV column #(\d+)")
_BLOCK_BYTES_MAX = 2**31 - 1

# What Arrow tries next where a value does not fit (`InferStatus::LoosenType` of its CSV reader).
_LOOSER = (
    pa.null(),
    pa.int64(),
    pa.bool_(),
    pa.date32(),
    pa.time32("s"),
    pa.timestamp("s"),
    pa.timestamp("ns"),
    pa.float64(),
    pa.string(),
    pa.binary(),
)

_FITS = ((pa.int64(), pa.float64()), (pa.timestamp("s"), pa.timestamp("ns")))

Types = Mapping[str, pa.DataType]


class Settled(NamedTuple):
    """What a first pass over text finds: its columns, and how many rows there are."""

    schema: pa.Schema
    num_rows: int


class Delimited:
    """One delimited file.

    Args:
        open_stream: opens it from the start, decompressed.
        delimiter: what parts the values of a row.
        label: what to call it in messages.
    """

    def __init__(self, open_stream: Callable[[], Any], delimiter: str, label: str) -> None:
        self._open = open_stream
        self._delimiter = delimiter
        self._label = label

    def read(self) -> pa.Table:
        """The whole file."""
        table = self._convert()
        self._check_header(table.schema)
        return table

    def settle(self, block_bytes: int, at_least: Types | None = None) -> Settled:
        """The number of rows, and the type of every column as all of its values have it.

        Args:
            block_bytes: how much is parsed at once.
            at_least: for all columns in their order, or None: the type that is tried first; those
                before it in Arrow's order are not.

        Raises:
            InputError: where the file does not parse, naming the row where it can be found.
        """
        types = dict(at_least or {})
        tried = pa.schema(list(types.items()))  # all columns, or none: then Arrow decides first
        while True:
            try:
                with self._blocks(block_bytes, types) as reader:
                    tried = schema = reader.schema
                    self._check_header(schema)
                    return Settled(schema, sum(batch.num_rows for batch in reader))
            except pa.ArrowInvalid as error:
                found = _FAILED_COLUMN.match(str(error))
                if "conversion error" not in str(error) or found is None:
                    raise self._problem(error) from error
                field = tried.field(int(found.group(1)))
                types[field.name] = _looser(types.get(field.name, field.type))

    def batches(
        self, schema: pa.Schema, columns: Sequence[str], block_bytes: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows in blocks, with some of the columns, in the types of `settle`."""
        types = {field.name: field.type for field in schema}
        with self._blocks(block_bytes, types, columns) as reader:
            yield from reader

    def _check_header(self, schema: pa.Schema) -> None:
        try:
            names = schema.names
        except UnicodeDecodeError as error:
            raise InputError(
                "the name of a column is not UTF-8; convert the file", source=self._label, row=1
            ) from error
        if all(map(_NUMBER.fullmatch, names)):
            raise InputError(
                "the first row holds numbers, not the names of columns; add a header such as "
                "src,dst",
                source=self._label,
                row=1,
            )

    def _convert(self) -> pa.Table:
        try:
            return self._parse()
        except pa.ArrowInvalid as error:
            if "conversion error" in str(error):
                # A value further down does not fit the type that the first block suggests: let
                # the whole file decide. An id that does not parse is then found by its row.
                return self._parse(_BLOCK_BYTES_MAX)
            raise self._problem(error) from error

    def _parse(self, block_bytes: int | None = None) -> pa.Table:
        with self._open() as stream:
            return csv.read_csv(
                stream,
                read_options=csv.ReadOptions(block_size=block_bytes),
                parse_options=csv.ParseOptions(delimiter=self._delimiter),
                convert_options=_conversion({}),
            )

    def _blocks(
        self,
        block_bytes: int | None,
        types: Types,
        columns: Sequence[str] | None = None,
        **parse: Any,
    ) -> csv.CSVStreamingReader:
        # The reader keeps the stream, and closes it with itself.
        return csv.open_csv(
            self._open(),
            read_options=csv.ReadOptions(block_size=block_bytes, use_threads=not parse),
            parse_options=csv.ParseOptions(delimiter=self._delimiter, **parse),
            convert_options=_conversion(types, columns),
        )

    def _problem(self, error: pa.ArrowInvalid) -> InputError:
        """The error for a file that does not parse, with the row where it can be found."""
        ragged: list[csv.InvalidRow] = []

        def note(row: csv.InvalidRow) -> str:
            ragged.append(row)
            return "skip"

        try:
            with self._blocks(None, {}, invalid_row_handler=note) as reader:
                for _ in reader:
                    if ragged:
                        break
        except pa.ArrowInvalid:
            ragged.clear()  # something else is wrong as well: say what Arrow says
        if not ragged:
            what = "the file is empty" if "Empty CSV" in str(error) else str(error)
            return InputError(what, source=self._label)
        first = ragged[0]
        return InputError(
            f"has {first.actual_columns} values instead of {first.expected_columns}: {first.text}",
            source=self._label,
            row=first.number,
        )


def _conversion(types: Types, columns: Sequence[str] | None = None) -> csv.ConvertOptions:
    # Only an empty cell is null: "NA" may be somebody's id.
    return csv.ConvertOptions(
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        column_types=dict(types),
        include_columns=None if columns is None else list(columns),
    )


def common_type(dtypes: Iterable[pa.DataType]) -> pa.DataType:
    """The first type in Arrow's order that may fit all values of which some fit each type.

    >>> common_type([pa.int64(), pa.null(), pa.float64()])
    DataType(double)
    """
    return max(dtypes, key=_rank)


def surely_fits(values: pa.DataType, dtype: pa.DataType) -> bool:
    """Whether all that parses as one type parses as another; where not, it has to be tried.

    >>> surely_fits(pa.int64(), pa.float64()), surely_fits(pa.int64(), pa.bool_())
    (True, False)
    """
    return (
        values == dtype or values == pa.null() or dtype == pa.string() or (values, dtype) in _FITS
    )


def _rank(dtype: pa.DataType) -> float:
    # A type of Arrow's own, such as a time with a zone, gives way to text only.
    return _LOOSER.index(dtype) if dtype in _LOOSER else _LOOSER.index(pa.string()) - 0.5


def _looser(dtype: pa.DataType) -> pa.DataType:
    """The type that is tried where a value does not fit; text where Arrow has a type of its own."""
    if dtype in _LOOSER[:-1]:
        return _LOOSER[_LOOSER.index(dtype) + 1]
    return pa.string()
