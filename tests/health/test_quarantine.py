"""Restarts with backoff, quarantine and trial: as a drawing, and never too often."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.health import Quarantine, QuarantineSettings

SETTINGS = QuarantineSettings(failures_max=3, well_after_s=100.0)


def crash_loop(seconds: float, lives_s: float, jitter: float = 0.0) -> list[float]:
    """When something is started that always fails after so long."""
    restarts, starts, now_s = Quarantine(SETTINGS), [0.0], lives_s
    while now_s < seconds:
        restarts.failed(now_s, "it crashed", jitter=jitter)
        now_s = restarts.until_s
        assert restarts.may_start(now_s)
        starts.append(now_s)
        now_s += lives_s
        restarts.tick(now_s)
    return starts


def test_a_few_failures_are_tried_again_each_time_later() -> None:
    starts = crash_loop(seconds=10, lives_s=1.0)
    assert starts[:4] == [0.0, 1.5, 3.5, 6.5]


def test_a_crash_loop_ends_in_ever_longer_quarantines() -> None:
    starts = crash_loop(seconds=24 * 3600, lives_s=1.0)
    pauses = [later - earlier - 1 for earlier, later in pairwise(starts)]
    assert pauses[3:7] == [300, 600, 1200, 2400]
    assert set(pauses[7:]) == {3600}
    assert len(starts) < 32


def test_the_reason_is_said() -> None:
    restarts = Quarantine(SETTINGS)
    for second in range(4):
        restarts.failed(second * 10.0, "out of memory", jitter=0.0)
        if second < 3:
            assert restarts.reason == "out of memory"
            restarts.may_start(second * 10.0 + 5)
    assert restarts.reason == "failed 4 times within 600 s, last: out of memory"
    restarts.failed(31.0, "told twice", jitter=0.0)
    assert "told twice" not in restarts.reason


def test_rare_failures_are_forgotten() -> None:
    restarts = Quarantine(SETTINGS)
    for now_s in range(0, 100_000, 300):
        restarts.failed(float(now_s), "now and then", jitter=0.0)
        assert restarts.state == "waiting"
        assert restarts.until_s - now_s <= 2.0
        assert restarts.may_start(now_s + 100.0)


def quarantined() -> Quarantine:
    restarts = Quarantine(QuarantineSettings(failures_max=1, well_after_s=100.0))
    restarts.failed(0.0, "x", jitter=0.0)
    restarts.may_start(1.0)
    restarts.failed(2.0, "x", jitter=0.0)
    assert restarts.state == "quarantined"
    return restarts


def test_someone_may_release_it_sooner() -> None:
    restarts = quarantined()
    assert not restarts.may_start(3.0)
    restarts.release(3.0)
    assert restarts.may_start(3.0)
    assert restarts.state == "trial"


def test_a_trial_that_goes_well_forgets_the_past() -> None:
    restarts = quarantined()
    assert restarts.may_start(302.0)
    restarts.tick(350.0)
    assert restarts.state == "trial"
    restarts.tick(402.0)
    assert restarts.state == "running"
    restarts.failed(403.0, "y", jitter=0.0)
    assert (restarts.state, restarts.until_s) == ("waiting", 403.5)


@given(lives=st.lists(st.floats(0.01, 1000), min_size=1, max_size=60), jitter=st.floats(0, 0.99))
def test_never_more_starts_within_a_window_than_allowed(lives: list[float], jitter: float) -> None:
    restarts, starts, now_s = Quarantine(SETTINGS), [0.0], 0.0
    for life_s in lives:
        now_s += life_s
        restarts.tick(now_s)
        restarts.failed(now_s, "x", jitter=jitter)
        assert restarts.until_s > now_s
        assert not restarts.may_start(now_s)
        now_s = restarts.until_s
        assert restarts.may_start(now_s)
        starts.append(now_s)
    for start in starts:
        within = [s for s in starts if start <= s < start + SETTINGS.window_s]
        # Those of the backoff, one after a quarantine, and one that outlived a trial.
        assert len(within) <= SETTINGS.failures_max + 3


@pytest.mark.parametrize(
    "fields",
    [{"failures_max": 0}, {"backoff_s": 99.0}, {"quarantine_s": 0.0}, {"window_s": 0.0}],
)
def test_wrong_settings_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        QuarantineSettings(**fields)  # type: ignore[arg-type]
