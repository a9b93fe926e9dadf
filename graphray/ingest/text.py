"""Reading text files line by line, from a path or URI, compressed or not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import pyarrow as pa
from pyarrow import fs

from graphray.errors import InputError, InputNotFound
from graphray.ingest.files import filesystem_of

TextPath: TypeAlias = str | os.PathLike[str]


class Line(NamedTuple):
    """A line of a file and its number, counted from 1 as an editor does."""

    number: int
    text: str


def read_text(path: TextPath) -> str:
    """The content of a UTF-8 file; what ends in ``.gz``, ``.bz2``, ``.zst``, ``.lz4`` is unpacked.

    Raises:
        InputNotFound: where there is no such file.
        InputError: where it cannot be read, or is not UTF-8.
    """
    label = os.fspath(path)
    filesystem, inner = filesystem_of(label)
    try:
        with filesystem.open_input_stream(inner) as stream:
            content = stream.read()
    except FileNotFoundError as error:
        raise InputNotFound("there is no such file", source=label) from error
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"cannot be read: {error}", source=label) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8 text", source=label, row=line) from error


def file_exists(path: TextPath) -> bool:
    """Whether there is a file at a path or URI."""
    filesystem, inner = filesystem_of(os.fspath(path))
    return filesystem.get_file_info(inner).type == fs.FileType.File


def lines_of(text: str) -> Iterator[Line]:
    r"""The lines of a text; only ``\n`` and ``\r\n`` end one.

    >>> [line.text for line in lines_of("a b\r\nc\n")]
    ['a b', 'c']
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return (Line(number, line.removesuffix("\r")) for number, line in enumerate(lines, 1))
