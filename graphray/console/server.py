"""The console over HTTP: the page, and what it asks, as JSON.

Every question is a GET that changes nothing. Errors come as
``{"error": {"kind": "NodeNotFound", "message": "..."}}``, in the words of `graphray.errors`. The
API is written down in ``docs/console.md``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from graphray.console.guard import guard
from graphray.console.neighborhood import NeighborhoodQuery
from graphray.console.shared import Shared
from graphray.console.source import ConsoleSource
from graphray.errors import ArgumentError, ClusterError, GraphRayError, NotFoundError

STATIC = Path(__file__).parent / "static"
_FRESH_S = 1.0
"""Many pages cost the graph no more than one: an overview is asked for at most this often."""


def make_app(source: ConsoleSource, hosts: Sequence[str] = ()) -> web.Application:
    """The web application.

    Args:
        source: the graph.
        hosts: names under which browsers may reach it (see `graphray.console.guard`).
    """
    app = web.Application(middlewares=[guard(hosts), errors_as_json])
    api = _Api(source)
    app.router.add_get("/", _page)
    app.router.add_get("/api/overview", api.overview)
    app.router.add_get("/api/schema", api.schema)
    app.router.add_get("/api/events", api.events)
    app.router.add_get("/api/neighborhood", api.neighborhood)
    app.router.add_get("/api/node", api.node)
    app.router.add_static("/static", STATIC)
    return app


async def serve(
    source: ConsoleSource,
    host: str,
    port: int,
    hosts: Sequence[str] = (),
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the console until cancelled.

    Args:
        source: the graph; closed at the end.
        host: the address to listen at.
        port: the port; 0 for any that is free.
        hosts: as for `make_app`; ``host`` itself is among them.
        ready: told the address of the page when it can be opened.

    Raises:
        ArgumentError: where the address or port cannot be had.
    """
    runner = web.AppRunner(make_app(source, [host, *hosts]), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, OverflowError) as error:
            raise ArgumentError(
                f"cannot listen at {host} port {port}: {error}; choose another with --host and "
                "--port (0 for any port that is free)"
            ) from error
        if ready is not None:
            name = f"[{host}]" if ":" in host else host
            ready(f"http://{name}:{runner.addresses[0][1]}/")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        source.close()


class _Api:
    """The questions; the source is asked in threads, because it blocks."""

    def __init__(self, source: ConsoleSource) -> None:
        self._source = source
        self._overview = Shared(source.overview, _FRESH_S)

    async def overview(self, request: web.Request) -> web.Response:
        found = await self._overview.get()
        return web.json_response({"title": self._source.title, **found.to_json()})

    async def schema(self, request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(self._source.schema))

    async def events(self, request: web.Request) -> web.Response:
        after = _integer("after", request.query.get("after", "-1"))
        found = await asyncio.to_thread(self._source.events, after)
        listed = None if found is None else [asdict(event) for event in found]
        return web.json_response({"events": listed})

    async def neighborhood(self, request: web.Request) -> web.Response:
        query = parse_query(request.query)
        found = await asyncio.to_thread(self._source.neighborhood, query)
        return web.json_response(found.to_json())

    async def node(self, request: web.Request) -> web.Response:
        node_type, node_id = request.query.get("type"), _required(request.query, "id")
        return web.json_response(await asyncio.to_thread(self._source.node, node_type, node_id))


def parse_query(words: Any) -> NeighborhoodQuery:
    """A neighbourhood as asked for in a URL's query.

    Args:
        words: parameter to text.

    Raises:
        ArgumentError: naming the parameter that is missing or wrong.

    >>> parse_query({"id": "7", "fanout": "5,2"}).fanout
    (5, 2)
    """
    given: dict[str, Any] = {"node_id": _required(words, "id"), "node_type": words.get("type")}
    for name in ("fanout", "relations"):
        if name in words:
            given[name] = tuple(_integer(name, word) for word in words[name].split(",") if word)
    for name in ("nodes_max", "rng_seed"):
        if name in words:
            given[name] = _integer(name, words[name])
    if "direction" in words:
        given["direction"] = words["direction"]
    return NeighborhoodQuery(**given)


def _required(words: Any, name: str) -> str:
    if name not in words:
        raise ArgumentError(f"the parameter {name!r} is missing")
    return words[name]


def _integer(name: str, text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ArgumentError(f"{name}: {text!r} is no integer")
    return int(text)


async def _page(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / "index.html")


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns errors of the tree into JSON and a fitting status."""
    try:
        return await handler(request)
    except GraphRayError as error:
        told = {"kind": type(error).__name__, "message": str(error)}
        return web.json_response({"error": told}, status=_status_of(error))


def _status_of(error: GraphRayError) -> int:
    if isinstance(error, NotFoundError):
        return 404
    if isinstance(error, ArgumentError):
        return 400
    return 503 if isinstance(error, ClusterError) else 500
