"""Spans are made where tracing is on, and lie below those of whoever called."""

from __future__ import annotations

import contextvars
import re
import sys

import pytest

from graphray import tracing
from graphray.errors import ArgumentError, ClusterError, MissingDependency

sdk = pytest.importorskip("opentelemetry.sdk.trace")
export = pytest.importorskip("opentelemetry.sdk.trace.export")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> memory.InMemorySpanExporter:
    found = memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(found))
    monkeypatch.setattr(tracing, "_SWITCH", tracing._Switch(True, provider.get_tracer("test")))
    return found


def test_a_call_is_below_its_caller_and_above_its_server(
    kept: memory.InMemorySpanExporter,
) -> None:
    with tracing.span("read", graph="papers"):
        trace = tracing.current_trace()
        call = tracing.begin_call("call", part=3)

    def serve() -> None:
        with tracing.serve("call", call.traceparent, replica=1):
            assert tracing.current_trace() == trace

    contextvars.Context().run(serve)  # As in another process: nothing is inherited.
    call.end()
    assert re.fullmatch(f"00-{trace}-[0-9a-f]{{16}}-0[13]", call.traceparent)
    read, served, called = kept.get_finished_spans()
    assert (read.name, served.name, called.name) == ("read", "serve call", "call call")
    assert called.parent.span_id == read.context.span_id
    assert served.parent.span_id == called.context.span_id
    assert dict(served.attributes) == {"graphray.replica": 1}
    assert dict(called.attributes) == {"graphray.part": 3}


def test_a_call_that_fails_says_why(kept: memory.InMemorySpanExporter) -> None:
    tracing.begin_call("call").end(ClusterError("gone"))
    (span,) = kept.get_finished_spans()
    assert not span.status.is_ok
    assert span.status.description == "ClusterError: gone"


def test_what_comes_from_nobody_who_traces_is_not_traced(
    kept: memory.InMemorySpanExporter,
) -> None:
    with tracing.serve("receive", ""):
        assert tracing.current_trace() == ""
    assert kept.get_finished_spans() == ()


def test_off_nothing_is_made() -> None:
    assert not tracing.is_on()
    with tracing.span("read"), tracing.serve("call", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"):
        assert tracing.current_trace() == ""


@pytest.mark.parametrize("name", ["", "graphray.logs", "graphray.logs:none", "no.such:start"])
def test_a_function_that_cannot_be_imported_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match=f"tracing = '{name}' cannot be imported"):
        tracing.find_start(name)


def test_without_opentelemetry_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(MissingDependency, match=r"graphray\[tracing\]"):
        tracing.enable()
    assert not tracing.is_on()
