"""Reading triples of names: tab-separated files in the layout of FB15k-237, and Python tuples.

One triple a line: head, relation, tail, without header, quotes or comments. The data sets of link
prediction come as three such files, ``train.txt``, ``valid.txt`` and ``test.txt``.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from graphray.errors import ArgumentError, InputError, InputNotFound
from graphray.ingest.source import Piece
from graphray.kinds.terms import Literal, Prefixes, Triple
from graphray.kinds.triples import (
    DATATYPE,
    LANGUAGE,
    OBJECT,
    PREDICATE,
    SUBJECT,
    TERM_COLUMNS,
    Triples,
    triples_table,
)

TriplePath: TypeAlias = str | os.PathLike[str]
TriplePaths: TypeAlias = TriplePath | Mapping[str, TriplePath]

SPLIT = "split"
SPLITS = ("train", "valid", "test")
_SUFFIXES = (".txt", ".tsv")
_NAMES = (SUBJECT, PREDICATE, OBJECT)
_FIRST_ROW = 1
_LABEL = "triples"


def read_triple_files(paths: TriplePaths, *, prefixes: Mapping[str, str] | None = None) -> Triples:
    r"""Read tab-separated triples.

    Args:
        paths: a file (``.gz`` and ``.bz2`` are read too), a folder with ``train.txt`` and others of
            `SPLITS`, or ``{split: file}``. With splits, the column ``split`` names each triple's.
        prefixes: expand every term as a CURIE of these; None to take terms as they stand.

    Raises:
        InputNotFound: where a file is absent, or a folder has none.
        InputError: where a row is malformed, or a prefix is not known, naming file and row.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "train.txt")
        >>> _ = file.write_text("/m/1\t/people/spouse\t/m/2\n")
        >>> read_triple_files(file.parent).table.select(["subject", "split"]).to_pylist()
        [{'subject': '/m/1', 'split': 'train'}]
    """
    if isinstance(paths, Mapping):
        files = {split: Path(path) for split, path in paths.items()}
    else:
        files = _splits_in(Path(paths)) if Path(paths).is_dir() else {"": Path(paths)}
    known = None if prefixes is None else Prefixes(prefixes)
    tables, pieces = [], []
    for split, file in files.items():
        table = _expanded(_read(file), known, file)
        pieces.append(Piece(str(file), table.num_rows, _FIRST_ROW))
        tables.append(table.append_column(SPLIT, _constant(split, table.num_rows)))
    if not tables:
        raise InputNotFound("no files to read: there are no splits")
    table = pa.concat_tables(tables)
    table = table if files.keys() != {""} else table.drop_columns([SPLIT])
    return Triples(table, pieces=tuple(pieces))


def read_triples(
    triples: Iterable[tuple[str, str, Any]], *, prefixes: Mapping[str, str] | None = None
) -> Triples:
    """Triples as Python has them; arguments and errors as in `checked_triples`."""
    known = None if prefixes is None else Prefixes(prefixes)
    table = triples_table(checked_triples(triples, known))
    return Triples(table, pieces=(Piece(_LABEL, table.num_rows),))


def checked_triples(
    triples: Iterable[tuple[str, str, Any]], prefixes: Prefixes | None
) -> Iterator[Triple]:
    """Triples as Python has them, in the terms of this package.

    Args:
        triples: subject, predicate and object; an object that is no string is a literal.
        prefixes: expand CURIEs; None to take terms as they stand.

    Raises:
        InputError: where a triple is none, or has a prefix that is not known, naming its row.
    """
    expand = str if prefixes is None else prefixes.expand
    for row, triple in enumerate(triples):
        try:
            checked = _checked(triple, expand)
        except (ArgumentError, UnicodeEncodeError) as error:
            raise InputError(str(error), source=_LABEL, row=row) from error
        yield checked


def _checked(triple: Any, expand: Callable[[str], str]) -> Triple:
    if not isinstance(triple, tuple) or len(triple) != 3:
        raise ArgumentError(f"{triple!r} is no (subject, predicate, object)")
    subject, predicate, value = triple
    for role, term in (("subject", subject), ("predicate", predicate), ("object", value)):
        if role != "object" and not isinstance(term, str):
            raise ArgumentError(f"the {role} {term!r} is no resource; literals are objects only")
        if term == "":
            raise ArgumentError(f"the {role} is an empty name")
    checked = Triple(
        expand(subject),
        expand(predicate),
        expand(value) if isinstance(value, str) else Literal.of(value),
    )
    text = checked.object.value if isinstance(checked.object, Literal) else checked.object
    for part in (checked.subject, checked.predicate, text):
        part.encode()  # A lone surrogate is no text that a file could hold.
    return checked


def _splits_in(folder: Path) -> dict[str, Path]:
    files = [(split, folder / f"{split}{suffix}") for split in SPLITS for suffix in _SUFFIXES]
    found = {split: file for split, file in files if file.exists()}
    if not found:
        raise InputNotFound(
            "the folder has no train.txt, valid.txt or test.txt", source=str(folder)
        )
    return found


def _read(file: Path) -> pa.Table:
    try:
        table = csv.read_csv(
            file,
            read_options=csv.ReadOptions(column_names=_NAMES),
            parse_options=csv.ParseOptions(
                delimiter="\t", quote_char=False, ignore_empty_lines=False
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(_NAMES, pa.large_string()), strings_can_be_null=False
            ),
        )
    except FileNotFoundError as error:
        raise InputNotFound("there is no such file", source=str(file)) from error
    except (pa.ArrowException, OSError) as error:
        raise _problem(file, error) from error
    if any(pc.any(pc.equal(table.column(name), "")).as_py() for name in _NAMES):
        raise _problem(file, ValueError("a field is empty"))
    nulls = pa.nulls(table.num_rows, pa.large_string())
    table = table.append_column(DATATYPE, nulls).append_column(LANGUAGE, nulls)
    return table.select(list(TERM_COLUMNS))


def _problem(file: Path, error: Exception) -> InputError:
    """The error for a file that does not parse, with the row where one is at fault."""
    try:
        with pa.input_stream(str(file), compression="detect") as stream:
            lines = io.TextIOWrapper(stream, "utf-8", "surrogateescape")
            for row, line in enumerate(lines, _FIRST_ROW):
                problem = _row_problem(line.rstrip("\n"))
                if problem:
                    return InputError(problem, source=str(file), row=row)
    except (pa.ArrowException, OSError):
        pass  # What kept it from being read the first time says more.
    return InputError(f"cannot be read: {error}", source=str(file))


def _row_problem(line: str) -> str | None:
    fields = line.split("\t")
    if len(fields) != len(_NAMES):
        return f"the row has {len(fields)} fields; expected head, relation and tail, between tabs"
    empty = next((n for n, field in zip(_NAMES, fields, strict=True) if not field), None)
    if empty:
        return f"the {empty} is empty"
    broken = any("\udc80" <= character <= "\udcff" for character in line)
    return "the text is not UTF-8; convert the file" if broken else None


def _expanded(table: pa.Table, prefixes: Prefixes | None, file: Path) -> pa.Table:
    if prefixes is None:
        return table
    for place, name in enumerate(_NAMES):
        encoded = table.column(name).combine_chunks().dictionary_encode()
        try:
            iris = [prefixes.expand(term) for term in encoded.dictionary.to_pylist()]
        except ArgumentError:
            raise _unknown_prefix(table.column(name), prefixes, file) from None
        column = pa.array(iris, pa.large_string()).take(encoded.indices)
        table = table.set_column(place, name, column)
    return table


def _unknown_prefix(column: pa.ChunkedArray, prefixes: Prefixes, file: Path) -> InputError:
    for row, term in enumerate(column.to_pylist(), _FIRST_ROW):
        try:
            prefixes.expand(term)
        except ArgumentError as error:
            return InputError(str(error), source=str(file), row=row)
    raise AssertionError("every prefix is known")


def _constant(value: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.large_string()), count)
