"""What a check finds: problems, each with the file and the row where it shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from graphray.store.reader import Store

PROBLEMS_MAX = 100
"""Of one kind in one table; further ones are counted."""


@dataclass(frozen=True)
class Problem:
    """Something in a store that is not as it has to be.

    Attributes:
        what: in words.
        path: the file, below the store.
        part: the partition.
        table: the table.
        row: the first row where it shows; None where it concerns the whole file.
        count: how many rows of the table have it.
    """

    what: str
    path: str
    part: int
    table: str
    row: int | None = None
    count: int = 1

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        more = "" if self.count <= 1 else f" ({self.count} such rows in all)"
        return f"{self.path}{row}: {self.what}{more}"


@dataclass
class CheckReport:
    """The outcome of a check.

    Attributes:
        uri: the store.
        version: which version was checked.
        files: how many files were checked.
        nodes: how many nodes.
        entries: how many adjacency entries.
        problems: what was found.
    """

    uri: str
    version: int
    files: int = 0
    nodes: int = 0
    entries: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """A plain structure."""
        return {**asdict(self), "sound": self.is_sound}


class Findings:
    """Collects the problems of one store."""

    def __init__(self, store: Store) -> None:
        self._paths = {(file.part, file.table): file.path for file in store.manifest.files}
        self.problems: list[Problem] = []

    def note(
        self, part: int, table: str, what: str, row: int | None = None, count: int = 1
    ) -> None:
        """A problem in a table, or in one row of it."""
        path = self._paths.get((part, table), f"{table} of partition {part}")
        self.problems.append(Problem(what, path, part, table, row, count))

    def has(self, part: int, table: str) -> bool:
        """Whether anything was noted about a table."""
        return any((p.part, p.table) == (part, table) for p in self.problems)
