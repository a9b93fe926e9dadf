"""What an actor's process sets up before anything else: its logs, its traces, its metrics."""

from __future__ import annotations

from graphray import tracing
from graphray.client.exporter import start_exporting
from graphray.client.view import GraphSpec
from graphray.errors import GraphRayError
from graphray.logs import describe_process, get_logger, start_logging

_LOG = get_logger(__name__)


def set_up(spec: GraphSpec, **place: str) -> None:
    """Begin to log, to trace and to export; never fails, since an actor's constructor must not.

    Args:
        spec: the graph.
        place: what of the graph this process is, for its log lines.
    """
    start_logging(spec.options.log_format)
    describe_process(graph=spec.name, **place, trace=tracing.current_trace)
    start_exporting()
    if spec.options.tracing:
        _start_tracing(spec.options.tracing)


def _start_tracing(name: str) -> None:
    try:
        tracing.find_start(name)()
        tracing.enable()
    except GraphRayError as error:
        _LOG.error("calls are not traced here: %s", error)
    except Exception:  # noqa: BLE001 - it is the user's function, and the graph goes on
        _LOG.exception("calls are not traced here: %s failed", name)
