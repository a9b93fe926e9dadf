"""Traces: which calls one call of a client led to, in all processes, by OpenTelemetry.

Off unless a graph was launched with ``LaunchOptions.tracing``; then every actor of the graph, and
every process that connects to it, makes *spans* through OpenTelemetry's API, and whatever provider
the process has set keeps them. Off, a call costs one look at a flag.

The context travels with the call, as the text of W3C Trace Context (``traceparent``): see
`begin_call` and `serve`. A span is made by whoever calls (from the call to its answer) and below it
by whoever serves.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphray.errors import ArgumentError, missing_dependency

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_SCOPE = "graphray"


@dataclass
class _Switch:
    """Whether this process makes spans, and what with."""

    is_on: bool = False
    tracer: Any = None


_SWITCH = _Switch()
_OFF: AbstractContextManager[None] = nullcontext()


def is_on() -> bool:
    """Whether this process makes spans."""
    return _SWITCH.is_on


def find_start(name: str) -> Callable[[], object]:
    """The function that sets OpenTelemetry up in a process.

    Args:
        name: ``"package.module:function"``.

    Raises:
        ArgumentError: where it cannot be imported.
        MissingDependency: where OpenTelemetry is not installed.
    """
    _require_api()
    module, _, function = name.partition(":")
    try:
        found: Callable[[], object] = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ArgumentError(
            f"tracing = {name!r} cannot be imported: {error}; expected 'package.module:function', "
            "a function that every node can import and that sets OpenTelemetry's tracer provider"
        ) from error
    return found


def enable() -> None:
    """Make spans from now on, with the tracer provider that this process has.

    Raises:
        MissingDependency: where OpenTelemetry is not installed.
    """
    _SWITCH.tracer = _require_api().get_tracer(_SCOPE)
    _SWITCH.is_on = True


def disable() -> None:
    """Make no more spans."""
    _SWITCH.is_on = False


def span(name: str, **attributes: str | int) -> AbstractContextManager[Any]:
    """A span around what is done within, below the present one; nothing while tracing is off.

    Example:
        >>> with span("sample", graph="papers"):
        ...     pass
    """
    if not _SWITCH.is_on:
        return _OFF
    return _SWITCH.tracer.start_as_current_span(name, attributes=_named(attributes))


class CallSpan:
    """The span of one call of an actor, on the side of whoever calls.

    Attributes:
        traceparent: travels with the call.
    """

    def __init__(self, begun: Span, traceparent: str) -> None:
        self.traceparent = traceparent
        self._span = begun

    def end(self, error: BaseException | None = None) -> None:
        """The answer is here, or there will be none."""
        if error is not None:
            self._span.record_exception(error)
            self._span.set_status(_status_error(error))
        self._span.end()


def begin_call(method: str, **attributes: str | int) -> CallSpan:
    """Begin the span of a call, below the present one; only while tracing is on."""
    from opentelemetry.trace import SpanKind, set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    begun = _SWITCH.tracer.start_span(
        f"call {method}", kind=SpanKind.CLIENT, attributes=_named(attributes)
    )
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, set_span_in_context(begun))
    return CallSpan(begun, carrier.get("traceparent", ""))


@contextlib.contextmanager
def serve(method: str, traceparent: str, **attributes: str | int) -> Iterator[None]:
    """A span around serving a call, below that of whoever called; nothing where nobody traces.

    Args:
        method: what is called.
        traceparent: what came with the call; empty where its caller does not trace.
        attributes: of the span.
    """
    if not (_SWITCH.is_on and traceparent):
        yield
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    caller = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    with _SWITCH.tracer.start_as_current_span(
        f"serve {method}", context=caller, kind=SpanKind.SERVER, attributes=_named(attributes)
    ):
        yield


def current_trace() -> str:
    """The id of the present trace, 32 hexadecimal digits; empty where there is none."""
    if not _SWITCH.is_on:
        return ""
    context = _require_api().get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def _named(attributes: dict[str, str | int]) -> dict[str, str | int]:
    return {f"graphray.{name}": value for name, value in attributes.items()}


def _status_error(error: BaseException) -> Any:
    from opentelemetry.trace import Status, StatusCode

    return Status(StatusCode.ERROR, f"{type(error).__name__}: {error}")


def _require_api() -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        raise missing_dependency("opentelemetry-api", "tracing", "tracing") from None
    return trace
