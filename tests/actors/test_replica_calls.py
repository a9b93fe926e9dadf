"""The calls of a replica are counted by outcome, and what waits is seen."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from actors.observed import observed
from actors.replica_calls import ReplicaCalls, answer_bytes, request_name, rows_asked
from graphray.errors import ClusterError
from graphray.reading.operations import FindIds, Pick, TakeRows, Together
from graphray.tally import Tally

PLACE = ("g", "0", "1")


class Doubled:
    """A request."""

    def __init__(self, numbers: Any) -> None:
        self.numbers = np.asarray(numbers)

    def run(self, view: Any) -> Any:
        if view == "broken":
            raise ClusterError("broken")
        return 2 * self.numbers


def counted(tally: Tally) -> dict[tuple[str, ...], float]:
    """Sums of what was counted; of seconds, how many there are."""
    return {
        (metric.name.removeprefix("graphray_"), *labels[len(PLACE) :]): (
            len(values) if metric.kind == "histogram" else sum(values)
        )
        for (metric, labels), values in tally.take()
    }


def test_a_request_is_counted_under_its_own_name() -> None:
    tally = Tally()
    calls = ReplicaCalls(PLACE, tally.series)
    waiting = []

    def call(request: Any, at: str) -> Any:
        waiting.extend(reading.value for reading in calls.readings())
        answer = request.run(at)
        waiting.extend(reading.value for reading in calls.readings())
        return answer

    answer = calls.serve("call", call, (Doubled([1, 2, 3]), "view"))
    assert answer.tolist() == [2, 4, 6]
    assert waiting == [1, 0]
    assert counted(tally) == {
        ("calls", "Doubled", "ok"): 1,
        ("call_seconds", "Doubled"): 1,
        ("queue_seconds",): 1,
        ("rows",): 3,
        ("sent_bytes",): 24,
    }


def test_a_request_that_raises_is_an_error() -> None:
    tally = Tally()
    calls = ReplicaCalls(PLACE, tally.series)
    with pytest.raises(ClusterError, match="broken"):
        calls.serve("call", lambda request, at: request.run(at), (Doubled([1]), "broken"))
    found = counted(tally)
    assert found["calls", "Doubled", "error"] == 1
    assert ("rows",) not in found


def test_a_request_that_is_never_run_was_refused() -> None:
    tally = Tally()
    calls = ReplicaCalls(PLACE, tally.series)
    assert calls.serve("call", lambda request, at: "come back", (Doubled([1]), "")) == "come back"
    found = counted(tally)
    assert found["calls", "Doubled", "shed"] == 1
    assert ("queue_seconds",) not in found
    assert [reading.value for reading in calls.readings()] == [0]


def test_other_methods_are_counted_and_the_protocol_is_not() -> None:
    tally = Tally()
    calls = ReplicaCalls(PLACE, tally.series)
    assert calls.serve("ask", lambda data: data, (b"1234",)) == b"1234"
    assert calls.serve("receive", lambda data: data, (b"1234",)) == b"1234"
    with pytest.raises(KeyError):
        calls.serve("ask", lambda: {}["x"], ())
    assert counted(tally) == {
        ("calls", "ask", "ok"): 1,
        ("calls", "ask", "error"): 1,
        ("call_seconds", "ask"): 2,
        ("sent_bytes",): 4,
    }


def test_sizes() -> None:
    ids = np.arange(5)
    picks = TakeRows((Pick((), ids), Pick((), ids[:2])))
    together = Together((FindIds("paper", ids), picks))
    assert rows_asked(together) == 12
    assert request_name(together) == "FindIds"
    assert answer_bytes({"a": [ids, b"xyz"], "b": Doubled(ids), "c": "text"}) == 83


def test_an_observed_actor_keeps_its_signatures_and_attributes() -> None:
    class Plain:
        def add(self, one: int, *others: int, scale: int = 1) -> int:
            """Add up."""
            return scale * (one + sum(others))

        def _own(self) -> None:
            pass

    Plain.add.__dict__["__ray_concurrency_group__"] = "changes"
    own = Plain._own

    @observed
    class Seen(Plain):
        served: list[tuple[str, str]] = []  # noqa: RUF012

        def _watch_call(self, method: str, serve: Any, arguments: Any, traceparent: str) -> Any:
            self.served.append((method, traceparent))
            return serve(*arguments)

    parameters = inspect.signature(inspect.unwrap(Seen.add)).parameters
    assert list(parameters) == ["self", "one", "others", "scale", "traceparent"]

    assert Seen().add(1, 2, 3, scale=2, traceparent="00-1") == 12  # type: ignore[call-arg]
    assert Seen.served == [("add", "00-1")]
    assert Seen.add.__doc__ == "Add up."
    assert Seen.add.__ray_concurrency_group__ == "changes"  # type: ignore[attr-defined]
    assert Seen._own is own
    assert Plain().add(1) == 1
