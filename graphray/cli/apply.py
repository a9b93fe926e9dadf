"""``graphray apply``."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import IO, Any, NoReturn

import click

from graphray.cli.helptext import Command
from graphray.cli.output import print_json
from graphray.client.changes.transaction import Transaction
from graphray.client.running import connect
from graphray.errors import GraphRayError, InputError, InputNotFound

_BY_TYPE = ("add_nodes", "update_nodes", "delete_nodes")
_BY_RELATION = ("add_edges", "update_edges", "delete_edges")


@click.command("apply", cls=Command)
@click.argument("name")
@click.argument("changes")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    help="Lines per transaction; without it, the whole file is one: all of it is applied or none.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(name: str, changes: str, batch: int | None, as_json: bool) -> None:
    """Change a running graph by a file of JSON lines.

    CHANGES may be - for standard input. A line is an object: "op" is add_nodes, update_nodes,
    delete_nodes, add_edges, update_edges or delete_edges; "type" names the node type, or "relation"
    the relation (its name, or a list of three); "rows" are objects with the columns. Deletions of
    nodes may give "ids" in place of rows.

    Examples:
      graphray apply papers changes.jsonl
      graphray apply papers changes.jsonl --batch 1000
      echo '{"op": "delete_nodes", "type": "author", "ids": ["ada"]}' | graphray apply papers -
    """
    lines = 0
    transactions: list[Transaction] = []
    with connect(name) as graph, _opened(changes) as file:
        for group in _groups(_lines(file), batch):
            with graph.transaction() as transaction:
                for row, line in group:
                    _apply(transaction, line, changes, row)
                    lines += 1
            transactions.append(transaction)
    token = transactions[-1].token.to_text() if transactions else ""
    if as_json:
        print_json({"lines": lines, "transactions": len(transactions), "token": token})
    else:
        click.echo(f"applied {lines:,} lines in {len(transactions):,} transactions; token {token}")


def _opened(path: str) -> IO[str]:
    try:
        return click.open_file(path, encoding="utf-8")
    except OSError as error:
        raise InputNotFound(f"cannot be read: {error.strerror}", source=path) from error


def _lines(changes: IO[str]) -> Iterator[tuple[int, str]]:
    return ((row, line) for row, line in enumerate(changes, 1) if line.strip())


def _groups(lines: Iterator[tuple[int, str]], batch: int | None) -> Iterator[list[tuple[int, str]]]:
    while group := list(itertools.islice(lines, batch)):
        yield group


def _apply(transaction: Transaction, line: str, source: str, row: int) -> None:
    """Stage what one line says."""
    try:
        change = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"is no JSON: {error}", source=source, row=row) from error
    try:
        _stage(transaction, change)
    except InputError as error:
        raise InputError(error.message, source=source, row=row) from error
    except GraphRayError as error:
        raise type(error)(f"{source}, row {row}: {error}", **error.fields) from error


def _stage(transaction: Transaction, change: Any) -> None:
    op = change.get("op") if isinstance(change, dict) else None
    if op in _BY_TYPE:
        owner = change.get("type")
        if not isinstance(owner, str):
            _refuse(f"'type' = {owner!r}; expected the name of a node type")
    elif op in _BY_RELATION:
        owner = _relation(change.get("relation"))
    else:
        _refuse(f"'op' = {op!r}; expected one of {', '.join((*_BY_TYPE, *_BY_RELATION))}")
    table: Any = _ids(change) if op == "delete_nodes" else _columns(change.get("rows"))
    getattr(transaction, op)(owner, table)


def _relation(relation: Any) -> tuple[str, str, str] | str:
    if isinstance(relation, str):
        return relation
    if not (isinstance(relation, list) and len(relation) == 3):
        _refuse(f"'relation' = {relation!r}; expected a name, or [source, name, destination]")
    source, name, destination = map(str, relation)
    return source, name, destination


def _ids(change: dict[str, Any]) -> Any:
    if "ids" in change:
        return change["ids"]
    columns = _columns(change.get("rows"))
    return next(iter(columns.values()), [])


def _columns(rows: Any) -> dict[str, list[Any]]:
    """Rows as columns; what a row lacks is null in it."""
    if isinstance(rows, dict):
        rows = [rows]
    if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        _refuse(f"'rows' = {rows!r}; expected a list of objects, one per row")
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _refuse(message: str) -> NoReturn:
    raise InputError(message)
