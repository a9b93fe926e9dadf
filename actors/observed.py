"""What is done around every call of an actor: a log field, a span, and for replicas a count.

An actor class is written plainly and observed where it is made remote (`actors.factory`): each of
its public methods then takes a ``traceparent`` beside its own arguments, and is served within what
its ``_watch_call`` says.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import ray

from graphray.logs import log_context

Kind = TypeVar("Kind", bound=type)

_TRACEPARENT = inspect.Parameter(
    "traceparent", inspect.Parameter.KEYWORD_ONLY, default="", annotation=str
)


class WatchesCalls(Protocol):
    """An actor that can be observed."""

    def _watch_call(
        self, method: str, serve: Callable[..., Any], arguments: tuple[Any, ...], traceparent: str
    ) -> Any:
        """Serve a call and return its answer."""
        ...


def observed(actor: Kind) -> Kind:
    """Have all calls of an actor's public methods served through its ``_watch_call``."""
    for name, method in inspect.getmembers(actor, inspect.isfunction):
        if not name.startswith("_"):
            setattr(actor, name, _observed(name, method))
    return actor


def _observed(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def serve(self: WatchesCalls, *arguments: Any, traceparent: str = "", **named: Any) -> Any:
        bound = functools.partial(method, self, **named)
        with log_context(request=_request_id):
            return self._watch_call(name, bound, arguments, traceparent)

    # Ray checks the arguments of calls against the signature, that of what is wrapped where it can.
    signature = inspect.signature(method)
    parameters = [*signature.parameters.values(), _TRACEPARENT]
    del serve.__wrapped__
    serve.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return serve


def _request_id() -> str:
    """Ray's id of the call that this thread serves; its caller knows it from the reference."""
    return ray.get_runtime_context().get_task_id() or ""
