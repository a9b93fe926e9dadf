"""What is taken in under overload, in a simulated queue."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.health import AdmissionSettings, Admitted, Shed, admit

SETTINGS = AdmissionSettings(threads=4, wait_max_s=0.1)
SERVICE_S = 0.01


class Replica:
    """First come, first served by four threads, each call taking the same time."""

    def __init__(self) -> None:
        self.free_at = [0.0] * SETTINGS.threads
        self.starts: list[float] = []
        self.wait_s: dict[bool, list[float]] = {False: [], True: []}
        self.shed = {False: 0, True: 0}

    def ask(self, now_s: float, background: bool) -> None:
        waiting = sum(start > now_s for start in self.starts[-200:])
        serving = sum(free > now_s for free in self.free_at) if not waiting else SETTINGS.threads
        answer = admit(
            SETTINGS,
            waiting=waiting,
            serving=serving,
            service_s=SERVICE_S,
            deadline_left_s=10.0,
            background=background,
        )
        if isinstance(answer, Shed):
            assert answer.retry_after_s > 0
            self.shed[background] += 1
            return
        start = max(now_s, heapq.heappop(self.free_at))
        heapq.heappush(self.free_at, start + SERVICE_S)
        self.starts.append(start)
        self.wait_s[background].append(start - now_s)


def overloaded(reads_per_s: float, background_per_s: float, seconds: float = 10.0) -> Replica:
    rng = np.random.default_rng(0)
    calls = [
        (float(at), background)
        for background, rate in ((False, reads_per_s), (True, background_per_s))
        for at in np.cumsum(rng.exponential(1 / max(rate, 1e-9), int(rate * seconds)))
    ]
    replica = Replica()
    for at, background in sorted(calls):
        replica.ask(at, background)
    return replica


def test_three_times_the_load_is_served_at_full_speed_without_long_waits() -> None:
    replica = overloaded(reads_per_s=1200, background_per_s=0)  # 400 can be served.
    served = len(replica.wait_s[False])
    assert served >= 0.97 * 400 * 10
    assert replica.shed[False] >= 0.6 * 1200 * 10
    assert max(replica.wait_s[False]) <= SETTINGS.wait_max_s + SERVICE_S


def test_background_work_never_starves_reads() -> None:
    replica = overloaded(reads_per_s=300, background_per_s=2000)
    assert replica.shed[False] == 0
    assert max(replica.wait_s[False]) <= SETTINGS.wait_max_s
    assert np.mean(replica.wait_s[False]) <= SETTINGS.background_share * SETTINGS.wait_max_s * 1.5
    assert replica.wait_s[True], "what is left over is used"


def test_without_overload_nothing_is_refused() -> None:
    replica = overloaded(reads_per_s=200, background_per_s=0)
    assert replica.shed[False] == 0


@pytest.mark.parametrize(
    ("waiting", "serving", "wait_s"), [(0, 3, 0.0), (0, 4, 0.0025), (3, 4, 0.01)]
)
def test_a_call_waits_for_those_before_it(waiting: int, serving: int, wait_s: float) -> None:
    answer = admit(
        SETTINGS, waiting=waiting, serving=serving, service_s=SERVICE_S, deadline_left_s=1.0
    )
    assert answer == Admitted(pytest.approx(wait_s))


def test_what_would_come_too_late_is_refused_at_once() -> None:
    answer = admit(SETTINGS, waiting=20, serving=4, service_s=SERVICE_S, deadline_left_s=0.05)
    assert isinstance(answer, Shed)
    assert "its deadline is in 0.05 s" in answer.reason


def test_a_free_thread_refuses_nothing() -> None:
    """Else calls that were slow once would be refused for ever: no new one could show better."""
    answer = admit(SETTINGS, waiting=0, serving=3, service_s=20.0, deadline_left_s=5.0)
    assert answer == Admitted(0.0)


def test_the_queue_is_limited_whatever_calls_take() -> None:
    settings = AdmissionSettings(queue_max=3)
    answer = admit(settings, waiting=3, serving=4, service_s=0.0, deadline_left_s=1.0)
    assert isinstance(answer, Shed)
    assert answer.reason == "3 calls wait, and no more than 3 may"


@given(
    waiting=st.integers(0, 200),
    serving=st.integers(0, 4),
    service_s=st.floats(1e-4, 1.0),
    left_s=st.floats(0, 10),
    background=st.booleans(),
    jitter=st.floats(0, 0.999),
)
def test_a_longer_queue_is_never_kinder(
    waiting: int, serving: int, service_s: float, left_s: float, background: bool, jitter: float
) -> None:
    answers = [
        admit(
            SETTINGS,
            waiting=count,
            serving=serving,
            service_s=service_s,
            deadline_left_s=left_s,
            background=background,
            jitter=jitter,
        )
        for count in (waiting, waiting + 1)
    ]
    if isinstance(answers[0], Shed):
        assert isinstance(answers[1], Shed)
        assert answers[0].retry_after_s <= answers[1].retry_after_s
        assert answers[0].retry_after_s >= SETTINGS.retry_after_min_s
    else:
        assert isinstance(answers[0], Admitted)
        assert answers[0].wait_s == 0 or answers[0].wait_s + service_s <= left_s


@pytest.mark.parametrize(
    "fields",
    [{"threads": 0}, {"wait_max_s": 0.0}, {"background_share": 1.5}, {"retry_after_min_s": 0.0}],
)
def test_wrong_settings_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        AdmissionSettings(**fields)  # type: ignore[arg-type]
