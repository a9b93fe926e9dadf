"""What ``LaunchOptions.tracing`` names in the tests: every process writes its spans to a file."""

from __future__ import annotations

import os

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

FOLDER = "GRAPHRAY_TEST_SPANS"


def start() -> None:
    file = open(f"{os.environ[FOLDER]}/spans-{os.getpid()}", "a", buffering=1)  # noqa: SIM115
    exporter = ConsoleSpanExporter(out=file, formatter=lambda span: f"{span.to_json(None)}\n")
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
