"""Log lines carry what they are about, as text and as JSON."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from graphray import logs
from graphray.logs import LogFormat, describe_process, get_logger, log_context, start_logging

LOG = get_logger("graphray.somewhere")


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(logs, "_process", {})
    loggers = [logging.getLogger(name) for name in logs.LOGGERS]
    before = [(logger.handlers, logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def lines(style: LogFormat, write: Any) -> list[str]:
    stream = io.StringIO()
    start_logging(style, stream)
    write()
    return stream.getvalue().splitlines()


def test_a_line_says_which_replica_and_which_request() -> None:
    describe_process(graph="papers", part="3", replica="1", term="4", request=lambda: "9f2c")
    (line,) = lines("json", lambda: LOG.warning("is %s", "slow"))
    found = json.loads(line)
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "WARNING",
        "logger": "graphray.somewhere",
        "message": "is slow",
        "graph": "papers",
        "part": "3",
        "replica": "1",
        "term": "4",
        "request": "9f2c",
    }
    (text,) = lines("text", lambda: LOG.warning("is slow"))
    assert text.endswith(
        "WARNING graphray.somewhere: is slow graph=papers part=3 replica=1 term=4 request=9f2c"
    )


def test_the_innermost_context_counts_and_ends_with_its_block() -> None:
    describe_process(graph="papers", term="")

    def write() -> None:
        with log_context(part="1", request="a"):
            with log_context(part="2"):
                LOG.info("inner")
            LOG.info("outer")
        LOG.info("none")

    found = [json.loads(line) for line in lines("json", write)]
    assert [(line.get("part"), line.get("request")) for line in found] == [
        ("2", "a"),
        ("1", "a"),
        (None, None),
    ]
    assert all(line["graph"] == "papers" and "term" not in line for line in found)


def test_other_threads_have_the_process_and_not_the_context() -> None:
    describe_process(graph="papers")

    def write() -> None:
        with log_context(part="1"):
            thread = threading.Thread(target=LOG.info, args=("elsewhere",))
            thread.start()
            thread.join()

    (line,) = lines("json", write)
    assert json.loads(line)["graph"] == "papers"
    assert "part" not in json.loads(line)


def test_an_error_brings_its_traceback_in_one_json_line() -> None:
    def write() -> None:
        try:
            raise ValueError("odd")
        except ValueError:
            LOG.exception("stopped")

    (line,) = lines("json", write)
    assert "ValueError: odd" in json.loads(line)["traceback"]
    assert lines("text", write)[-1] == "ValueError: odd"


def test_a_value_with_spaces_is_quoted_in_text() -> None:
    describe_process(graph='my "graph"')
    (line,) = lines("text", lambda: LOG.info("x"))
    assert line.endswith('graph="my \\"graph\\""')


def test_nothing_is_looked_up_for_a_line_that_nobody_writes() -> None:
    asked: list[str] = []
    describe_process(request=lambda: asked.append("x") or "x")
    assert lines("text", lambda: LOG.debug("not written")) == []
    assert asked == []
