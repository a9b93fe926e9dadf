"""How the command line writes relations, files of a type, fanouts and seeds.

A relation is written ``source:name:destination``. What belongs to one relation or node type is
written ``<it>=<value>``; a value alone belongs to the only one. An equals sign in a path (as in
``year=2024/part.parquet``) is safe, because names before it hold no slash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from graphray.errors import InputError, InputNotFound
from graphray.sampling.plan import Fanout
from graphray.schema import IdKind, Relation

_RELATION = re.compile(r"([^:=/]+):([^:=/]+):([^:=/]+)=(.+)")
_NODE_TYPE = re.compile(r"([^:=/.]+)=(.+)")

_LABEL = re.compile(r"(?:(\d{1,4}):)?([^:=]+)=(.+)")

Value = TypeVar("Value")


def edge_files(values: Sequence[str]) -> str | dict[tuple[str, str, str], str]:
    """One path, or a path per relation.

    >>> edge_files(["author:writes:paper=writes.csv"])
    {Relation(source='author', name='writes', destination='paper'): 'writes.csv'}
    """
    return _one_or_named(values, _as_relation, str, "EDGES", "SOURCE:NAME:DESTINATION=FILE")


def node_files(values: Sequence[str]) -> str | dict[str, str] | None:
    """No path, one, or one per node type.

    >>> node_files(["papers.csv"]), node_files(["paper=p.csv", "author=a.csv"])
    ('papers.csv', {'paper': 'p.csv', 'author': 'a.csv'})
    """
    if not values:
        return None
    return _one_or_named(values, _as_node_type, str, "--nodes", "TYPE=FILE")


def fanouts(values: Sequence[str]) -> Fanout:
    """Draws per hop, for all relations or per relation.

    >>> fanouts(["15,10"]), fanouts(["a:b:a=5,-1"])
    ([15, 10], {Relation(source='a', name='b', destination='a'): [5, -1]})
    """
    return _one_or_named(
        values, _as_relation, _numbers, "--fanout", "SOURCE:NAME:DESTINATION=15,10"
    )


def sizes(text: str) -> list[float]:
    """Target sizes, as ``size,size,...``.

    >>> sizes("2,1,0.5")
    [2.0, 1.0, 0.5]
    """
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{text!r}: expected numbers with commas between, such as 2,1,1"
        ) from None


def labels(option: str, values: Sequence[str]) -> tuple[dict[str, str], ...]:
    """Selectors of the labels that are given as ``label=value``, for all replicas or for one.

    Returns:
        None where no label is given, one where all are for every replica; else one per replica
        number, and one for all further replicas.

    >>> labels("--require", ["zone=in(a, b)", "market=!spot"])
    ({'zone': 'in(a, b)', 'market': '!spot'},)
    >>> labels("--require", ["0:market=!spot"])
    ({'market': '!spot'}, {})
    """
    for_all: dict[str, str] = {}
    for_one: dict[int, dict[str, str]] = {}
    for value in values:
        found = _LABEL.fullmatch(value)
        if found is None:
            raise click.UsageError(f"{option} {value!r}: expected [REPLICA:]LABEL=VALUE")
        number, label, condition = found.groups()
        selector = for_all if number is None else for_one.setdefault(int(number), {})
        selector[label] = condition
    numbered = [{**for_all, **for_one.get(n, {})} for n in range(max(for_one, default=-1) + 1)]
    return (*numbered, for_all) if values else ()


def seed_ids(text: str, id_kind: IdKind) -> list[int] | list[str]:
    """Seeds as ``id,id,...``, or ``@file`` with an id a line.

    Raises:
        InputError: where an id is no integer although the graph's ids are.
    """
    if text.startswith("@"):
        words, source = _lines(text[1:]), text[1:]
    else:
        words, source = [(1, word.strip()) for word in text.split(",")], "--seeds"
    if id_kind == "string":
        return [word for _, word in words]
    return [_integer(word, source, row) for row, word in words]


def _lines(path: str) -> list[tuple[int, str]]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputNotFound(f"cannot be read: {error.strerror}", source=path) from error
    return [(row, line.strip()) for row, line in enumerate(text.splitlines(), 1) if line.strip()]


def _integer(word: str, source: str, row: int) -> int:
    try:
        return int(word)
    except ValueError:
        raise InputError(
            f"{word!r} is no integer, and this graph's ids are integers", source=source, row=row
        ) from None


def _as_relation(text: str) -> tuple[tuple[str, str, str], str] | None:
    found = _RELATION.fullmatch(text)
    return (Relation(*found.groups()[:3]), found.group(4)) if found else None


def _as_node_type(text: str) -> tuple[str, str] | None:
    found = _NODE_TYPE.fullmatch(text)
    return (found.group(1), found.group(2)) if found else None


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{text!r}: expected numbers with commas between, such as 15,10"
        ) from None


def _one_or_named(
    values: Sequence[str],
    split: Callable[[str], tuple[Any, str] | None],
    read: Callable[[str], Value],
    option: str,
    form: str,
) -> Any:
    """A single value without a name as it is, else a dictionary of the named ones."""
    named = [split(value) for value in values]
    if len(values) == 1 and named[0] is None:
        return read(values[0])
    result: dict[Any, Value] = {}
    for value, pair in zip(values, named, strict=True):
        if pair is None:
            raise click.UsageError(f"{option} {value!r}: several are written as {form}")
        if pair[0] in result:
            raise click.UsageError(f"{option}: {_written(pair[0])} is given twice")
        result[pair[0]] = read(pair[1])
    return result


def _written(name: str | Iterable[str]) -> str:
    return name if isinstance(name, str) else ":".join(name)
