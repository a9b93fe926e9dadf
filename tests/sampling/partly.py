"""A graph of which this process has mapped some partitions only, without a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import graphray as gr
from graphray.client.graph import Graph
from graphray.reading.access import MappedArrays
from graphray.reading.operations import Request
from graphray.shard import ArrayKey


class PartlyMapped:
    """The access of an opened store, some of whose partitions have to be asked.

    Attributes:
        rounds: how often owners were asked.
    """

    def __init__(self, whole: Any, here: Iterable[int]) -> None:
        self._whole = whole
        self._here = frozenset(here)
        self.kind, self.schema, self.book = whole.kind, whole.schema, whole.book
        self.snapshot_id = whole.snapshot_id
        self.rounds = 0

    def mapped(self, keys: Sequence[ArrayKey]) -> list[MappedArrays | None]:
        every = self._whole.mapped(keys)
        return [arrays if part in self._here else None for part, arrays in enumerate(every)]

    def call_all(self, requests: Mapping[int, Request[Any]]) -> dict[int, Any]:
        assert not self._here & set(requests)
        self.rounds += 1
        return self._whole.call_all(requests)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


def open_partly(store: Path, here: Iterable[int]) -> Graph:
    return Graph(PartlyMapped(gr.open(store).access, here))
