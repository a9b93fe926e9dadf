"""Who may ask the console, and what a browser may do with its answers.

A page from elsewhere cannot read the answers, because no answer allows it to (no CORS header). What
remains is DNS rebinding: a foreign site whose name is made to point at this machine, so that the
browser takes the console for that site. Its requests carry that site's name in ``Host``; so a name
that is not ours is refused. An address in numbers cannot be rebound.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

HEADERS = {
    # Scripts, styles and data come from here and from nowhere else.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # A page of an older GraphRay must not meet the answers of a newer one.
    "Cache-Control": "no-cache",
}

_HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:]*)(:[0-9]+)?")


def guard(names: Iterable[str]) -> Middleware:
    """The middleware that checks ``Host`` and sets `HEADERS`.

    Args:
        names: host names that are this console's, beside ``localhost`` and addresses in numbers.
    """
    ours = {"localhost", *(name.lower() for name in names)}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_ours(request.headers.get("Host", ""), ours):
            raise web.HTTPMisdirectedRequest(
                text="This console is not known by that name; start it with --allow-host NAME.\n",
                headers=HEADERS,
            )
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(HEADERS)
            raise
        response.headers.update(HEADERS)
        return response

    return check


def is_ours(host: str, names: Iterable[str]) -> bool:
    """Whether a ``Host`` header names this console.

    >>> [is_ours(host, {"localhost"}) for host in ("localhost:8270", "[::1]:8270", "evil.example")]
    [True, True, False]
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found["name"].lower()
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name in names
    return True
