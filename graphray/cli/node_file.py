"""A file that describes the nodes of a cluster, so that a plan can be made without one.

A JSON or YAML list with an entry per node, its keys those of `ClusterNode`::

    - {node_id: big-1, memory_bytes: 137438953472, cpus: 32, zone: a, labels: {market: spot}}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import yaml

from graphray.errors import ArgumentError, InputError, InputNotFound
from graphray.placement import ClusterNode

_FIELDS = {field.name: field for field in fields(ClusterNode)}
_NEEDED = [name for name, f in _FIELDS.items() if f.default is f.default_factory is MISSING]


def nodes_from_file(path: str) -> tuple[ClusterNode, ...]:
    """The nodes that a file describes.

    Raises:
        InputNotFound: where it cannot be read.
        InputError: where it is not a list of nodes; the message names the entry, counted from 1.
    """
    try:
        entries = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputNotFound(f"cannot be read: {error.strerror}", source=path) from error
    # A date that there is not is a ValueError, and brackets without end a RecursionError.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"is neither JSON nor YAML: {error}", source=path) from error
    if not isinstance(entries, list):
        raise InputError("expected a list with an entry per node", source=path)
    return tuple(_node(entry, path, row) for row, entry in enumerate(entries, 1))


def _node(entry: Any, path: str, row: int) -> ClusterNode:
    if not isinstance(entry, dict):
        raise InputError(f"{entry!r} is no node; expected keys and values", source=path, row=row)
    missing = [name for name in _NEEDED if name not in entry]
    unknown = [str(name) for name in entry if name not in _FIELDS]
    if missing or unknown:
        problem = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}"
        raise InputError(f"a node {problem}; there are: {', '.join(_FIELDS)}", source=path, row=row)
    for name, value in entry.items():
        _check_type(name, value, path, row)
    try:
        return ClusterNode(**entry)
    except ArgumentError as error:
        raise InputError(error.message, source=path, row=row) from error


def _check_type(name: str, value: Any, path: str, row: int) -> None:
    wanted = str(_FIELDS[name].type)
    if not _IS_OF[wanted](value):
        raise InputError(f"{name} is {value!r}; expected {wanted}", source=path, row=row)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text_by_text(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return all(isinstance(text, str) for pair in value.items() for text in pair)


_IS_OF: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "float": _is_number,
    "Mapping[str, str]": _is_text_by_text,
}
"""Whether a value is of a field's type."""
