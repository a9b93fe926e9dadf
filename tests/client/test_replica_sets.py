"""Reads while replicas are slow, busy or gone: who is asked, who answers, and what is said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import ray
from ray._private.worker import global_worker

import graphray as gr
from graphray.client.call_terms import CallTerms
from graphray.client.connection import submit
from graphray.client.pieces import PIECE_BYTES, cut
from graphray.client.replica_sets import ReplicaSets
from graphray.client.snapshot_ref import SnapshotRef
from graphray.client.wire import decode, encode
from graphray.errors import Overloaded, PartitionUnavailable
from graphray.health import Shed
from graphray.reading.background import in_background
from tests.polling import poll

pytestmark = pytest.mark.cluster

AT = SnapshotRef(1)
REPLICAS = 2
NAP_S = 0.02


class Scripted:
    """A replica that stalls or refuses when told to."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._refusal: Shed | None = None
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._calls = 0

    def call(self, request: Any, terms: bytes) -> Any:
        self._calls += 1
        refusal = self._refusal
        self._goes_on.wait(60)
        return refusal or (self._number, decode(terms))

    def call_in_pieces(self, request: Any, pieces: int, terms: bytes) -> tuple[bytes, ...]:
        return cut(self.call(request, terms), pieces)

    @ray.method(concurrency_group="control")
    def set(self, stalls: bool = False, retry_after_s: float | None = None) -> None:
        self._refusal = None if retry_after_s is None else Shed(retry_after_s, "much to do")
        self._goes_on.clear() if stalls else self._goes_on.set()

    @ray.method(concurrency_group="control")
    def calls(self) -> int:
        return self._calls


class Ask:
    """Something to ask of them."""


class AskMuch(Ask):
    """Its answer comes in pieces."""

    def answer_bytes(self) -> int:
        return 2 * PIECE_BYTES


@pytest.fixture(scope="module")
def cluster(start_cluster: Callable[..., Any]) -> Any:
    return start_cluster(nodes=1, num_cpus=4)


@pytest.fixture(scope="module")
def actors(cluster: Any) -> list[Any]:
    make: Any = ray.remote
    actor = make(concurrency_groups={"control": 1})(Scripted)
    options = {"num_cpus": 0.01, "max_concurrency": 16}
    return [actor.options(**options).remote(number) for number in range(REPLICAS)]


@pytest.fixture
def replicas(actors: list[Any]) -> Iterator[list[Any]]:
    ray.get([each.set.remote() for each in actors])
    yield actors
    ray.get([each.set.remote() for each in actors])


def sets_over(replicas: list[Any], **policy: Any) -> ReplicaSets:
    handles = [list(replicas)]
    return ReplicaSets(handles, gr.CallPolicy(**policy), lambda: handles, AT)


def ask(sets: ReplicaSets, request: Any = None) -> tuple[int, CallTerms]:
    answer: tuple[int, CallTerms] = sets.call_all({0: request or Ask()})[0]
    return answer


def calls_of(replica: Any) -> int:
    calls: int = ray.get(replica.calls.remote())
    return calls


def put_to_trouble(replicas: list[Any], number: int, **how: Any) -> None:
    ray.get(replicas[number].set.remote(**how))


@pytest.mark.parametrize("request_type", [Ask, AskMuch])
def test_a_slow_replica_is_not_waited_for(replicas: list[Any], request_type: type) -> None:
    sets = sets_over(replicas, try_timeout_s=50.0)
    first, _ = ask(sets, request_type())
    put_to_trouble(replicas, first, stalls=True)
    assert ask(sets, request_type())[0] == 1 - first


def test_second_calls_and_failures_are_counted(
    replicas: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.setattr(
        "graphray.client.replica_sets.count",
        lambda metric, labels: counted.append((metric.name, labels)),
    )
    sets = sets_over(replicas, try_timeout_s=50.0)
    first, _ = ask(sets)
    assert counted == []
    put_to_trouble(replicas, first, stalls=True)
    ask(sets)
    assert counted == [("graphray_hedged_calls", ("", "0"))]
    sets = sets_over(replicas, try_timeout_s=0.2, hedge_share=0.0)
    ask(sets)
    assert counted[1:] == [("graphray_failovers", ("", "0"))]


def test_one_that_is_slow_again_and_again_is_no_longer_asked_and_later_tried_again(
    replicas: list[Any],
) -> None:
    sets = sets_over(replicas)
    first, _ = ask(sets)
    put_to_trouble(replicas, first, stalls=True)
    for _ in range(3):
        assert ask(sets)[0] == 1 - first
    before = calls_of(replicas[first])
    ask(sets)
    assert calls_of(replicas[first]) == before
    put_to_trouble(replicas, first)
    poll(lambda: ask(sets)[0] == first, "a trial")
    assert ask(sets)[0] == first


def test_answers_that_come_second_are_let_go_of(replicas: list[Any]) -> None:
    sets = sets_over(replicas)
    first, _ = ask(sets)
    held = len(global_worker.core_worker.get_all_reference_counts())
    put_to_trouble(replicas, first, stalls=True)
    for _ in range(3):
        ask(sets, AskMuch())
    put_to_trouble(replicas, first)
    poll(
        lambda: len(global_worker.core_worker.get_all_reference_counts()) <= held,
        "letting go of the late answers",
    )


def test_without_hedging_a_second_replica_is_asked_when_the_first_has_failed(
    replicas: list[Any],
) -> None:
    sets = sets_over(replicas, hedge_share=0.0, try_timeout_s=1.0)
    first, _ = ask(sets)
    put_to_trouble(replicas, first, stalls=True)
    other = calls_of(replicas[1 - first])
    with ThreadPoolExecutor(1) as thread:
        begun = time.monotonic()
        answer = thread.submit(ask, sets)
        assert answer.result(60)[0] == 1 - first
        assert time.monotonic() - begun >= 1.0
    assert calls_of(replicas[1 - first]) == other + 1


def test_one_that_refuses_is_left_for_the_other(replicas: list[Any]) -> None:
    sets = sets_over(replicas)
    first, _ = ask(sets)
    put_to_trouble(replicas, first, retry_after_s=30.0)
    assert ask(sets)[0] == 1 - first
    before = calls_of(replicas[first])
    ask(sets)
    assert calls_of(replicas[first]) == before, "it asked to be left alone"


def test_where_all_refuse_they_are_asked_again_when_they_said(replicas: list[Any]) -> None:
    for number in range(REPLICAS):
        put_to_trouble(replicas, number, retry_after_s=0.05)
    sets = sets_over(replicas)
    before = calls_of(replicas[0])
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(ask, sets)
        poll(lambda: calls_of(replicas[0]) >= before + 3, "coming back")
        assert not answer.done()
        put_to_trouble(replicas, 1)
        assert answer.result(60)[0] == 1


def test_overload_past_the_deadline_is_said_with_a_time_to_come_back(
    replicas: list[Any],
) -> None:
    for number in range(REPLICAS):
        put_to_trouble(replicas, number, retry_after_s=7.0 + number)
    sets = sets_over(replicas, deadline_s=6.0)
    with pytest.raises(Overloaded, match="replica 0: refused: much to do; replica 1") as caught:
        ask(sets)
    assert caught.value.retry_after_s == 7.0
    assert caught.value.fields["part"] == 0
    assert set(caught.value.fields["replicas"]) == {0, 1}


def test_where_none_answers_the_error_names_each(replicas: list[Any]) -> None:
    for number in range(REPLICAS):
        put_to_trouble(replicas, number, stalls=True)
    sets = sets_over(replicas, deadline_s=1.0, try_timeout_s=0.2)
    with pytest.raises(PartitionUnavailable, match=r"replica 0: no answer.*replica 1: no answer"):
        ask(sets)


def test_calls_say_how_long_they_are_waited_for_and_how_urgent_they_are(
    replicas: list[Any],
) -> None:
    assert ask(sets_over(replicas))[1] == CallTerms(AT, 5.0)
    with in_background():
        _, terms = ask(sets_over(replicas, deadline_s=2.0, try_timeout_s=2.0))
    assert terms.background
    assert 0 < terms.left_s <= 2.0
    assert ask(sets_over(replicas, background=True))[1].background


# --- a replica that has too much to do ------------------------------------------------------------


class Nap:
    """A request that takes a while, and no processor."""

    def run(self, view: Any) -> float:
        begun = time.monotonic()
        threading.Event().wait(NAP_S)
        return begun


@pytest.fixture(scope="module")
def replica(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The only one of a running graph, with two threads."""
    store = tmp_path_factory.mktemp("store")
    gr.build((np.arange(9), np.arange(9)), store, parts=1)
    options = gr.LaunchOptions(threads_per_replica=2, queue_s_max=0.1)
    graph = gr.launch(store, "busy", replicas=1, options=options)
    access: Any = graph.access
    yield access._current_handles()[0][0]
    graph.shutdown()


def served_per_s(replica: Any, calls: int) -> float:
    """By as many callers as it has threads."""
    terms = encode(CallTerms(AT, 60.0))
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as threads:
        answers = threads.map(
            lambda _: ray.get(submit(replica, "call", Nap(), terms)), range(calls)
        )
    assert not any(isinstance(answer, Shed) for answer in answers)
    return calls / (time.monotonic() - begun)


def driven(replica: Any, per_s: float, calls: int) -> tuple[list[float], list[Any], float]:
    """Calls at a steady pace: when each was made, its answer, and how long all took."""
    terms = encode(CallTerms(AT, 60.0))
    made, asked, pause = [], [], threading.Event()
    begun = due = time.monotonic()
    for _ in range(calls):
        pause.wait(max(0.0, due - time.monotonic()))
        made.append(time.monotonic())
        asked.append(submit(replica, "call", Nap(), terms))
        due = max(due, made[-1]) + 1 / per_s
    answers = ray.get(asked)
    return made, answers, time.monotonic() - begun


def test_twice_what_it_can_take_is_served_at_full_speed_and_the_rest_refused(
    replica: Any,
) -> None:
    capacity = served_per_s(replica, 60)
    made, answers, seconds = driven(replica, 2 * capacity, 240)
    served = [i for i, answer in enumerate(answers) if not isinstance(answer, Shed)]
    refused = [answer for answer in answers if isinstance(answer, Shed)]
    assert len(served) / seconds >= 0.8 * capacity
    assert refused
    assert all(shed.retry_after_s > 0 and "calls wait" in shed.reason for shed in refused)
    waits_s = [answers[i] - made[i] for i in served]
    assert np.quantile(waits_s, 0.9) < 0.5, "without a limit the last would wait for over a second"


def test_half_of_what_it_can_take_is_refused_to_nobody(replica: Any) -> None:
    capacity = served_per_s(replica, 60)
    _, answers, _ = driven(replica, capacity / 2, 60)
    assert not any(isinstance(answer, Shed) for answer in answers)


def test_callers_who_come_back_are_all_served(replica: Any) -> None:
    graph = gr.connect("busy")
    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(lambda _: graph.access.call_all({0: Nap()}), range(120)))
    assert len(answers) == 120
