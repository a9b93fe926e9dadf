"""Asking a console's application in this process, and a source that knows all there is to show."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from graphray.console.server import make_app
from graphray.console.source import ConsoleSource, Event, Machine, Overview, ReplicaLoad
from graphray.console.stored import StoreSource
from graphray.errors import GraphRayError
from graphray.status import CacheStatus, ReplicaStatus


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any


def ask_all(
    source: ConsoleSource, *urls: str, headers: Mapping[str, str] | None = None
) -> list[Answer]:
    """The answers to several questions at once."""
    return asyncio.run(_ask_all(make_app(source, ["graphs.example"]), urls, headers or {}))


def ask(source: ConsoleSource, url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer to one question."""
    (answer,) = ask_all(source, url, headers=headers)
    return answer


async def _ask_all(
    app: web.Application, urls: tuple[str, ...], headers: Mapping[str, str]
) -> list[Answer]:
    async with TestClient(TestServer(app)) as client:
        return await asyncio.gather(*(_ask(client, url, headers) for url in urls))


async def _ask(client: Any, url: str, headers: Mapping[str, str]) -> Answer:
    async with client.get(url, headers=headers) as response:
        text = await response.text()
        is_json = response.content_type == "application/json"
        json = await response.json() if is_json else None
        return Answer(response.status, response.headers, text, json)


MACHINES = tuple(
    Machine(f"node-{i}", f"10.0.0.{i}", f"host-{i}", i == 0, 4.0, 2**34, {}) for i in range(3)
)


@dataclass
class TellingSource(StoreSource):
    """A store that passes for a running graph with events and load, and can be away."""

    graph: Any
    is_away: GraphRayError | None = None
    asked: int = 0
    happened: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.graph)

    def overview(self) -> Overview:
        """With one replica of two that does not answer."""
        self.asked += 1
        if self.is_away is not None:
            raise self.is_away
        found = super().overview()
        replicas = tuple(
            ReplicaStatus(part, copy, "serving", f"node-{(part + copy) % 3}", 4000 + part)
            for part in range(found.status.parts)
            for copy in range(2)
        )
        lost = ReplicaStatus(0, 1, "unreachable", reason="did not answer in time")
        status = replace(
            found.status,
            name="papers",
            replicas=tuple(lost if (r.part, r.replica) == (0, 1) else r for r in replicas),
            warnings=("two replicas share a machine",),
            caches=(CacheStatus("node-0", "paper", ("year",), 20, 2048, "degree", 3, 1),),
        )
        load = (ReplicaLoad(0, 0, 12.5, 2, 1.75, 7), ReplicaLoad(1, 0, 0.0, 0, 0.5))
        return replace(found, status=status, machines=MACHINES, load=load)

    def events(self, after: int) -> tuple[Event, ...] | None:
        """What was put into ``happened``."""
        return tuple(event for event in self.happened if event.number > after)
