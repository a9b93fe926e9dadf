from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.leases import DerivedLease, GrantedLease, HeldLease
from graphray.replication.settings import ReplicationSettings

SETTINGS = ReplicationSettings(lease_ms=100, clock_drift_max=0.1, seal_wait_ms=200)
rates = st.floats(0.9, 1.1)


def configuration(strategy: Strategy) -> Configuration:
    return Configuration("p", 1, strategy, ("a", "b", "c"))


def test_a_quorum_needs_one_other_and_the_rest_need_all() -> None:
    held = HeldLease(SETTINGS)
    held.renew("b", 50)
    assert held.until_ms(configuration(Strategy.QUORUM), 60) == 150
    assert held.until_ms(configuration(Strategy.FULL), 60) < 0
    held.renew("c", 40)
    assert held.until_ms(configuration(Strategy.FULL), 60) == 140
    assert held.until_ms(configuration(Strategy.QUORUM), 60) == 150


def test_a_late_answer_does_not_shorten_a_lease() -> None:
    held = HeldLease(SETTINGS)
    held.renew("b", 50)
    held.renew("b", 20)
    assert held.until_ms(configuration(Strategy.QUORUM), 60) == 150


@given(rates, rates, st.floats(0, 50), st.floats(0, 50))
def test_a_promise_outlasts_the_lease(
    primary: float, member: float, there_ms: float, back_ms: float
) -> None:
    """Real time runs from when the heartbeat is sent; each clock at its own rate."""
    granted = GrantedLease(SETTINGS, 0)
    granted.grant(there_ms * member)
    held = HeldLease(SETTINGS)
    held.renew("b", 0)
    now_ms = (there_ms + back_ms) * primary
    lease_ends = held.until_ms(configuration(Strategy.QUORUM), now_ms) / primary
    promise_ends = granted.lapses_at_ms() / member
    assert promise_ends >= lease_ends - 1e-6


@given(rates, rates, st.floats(0, 50), st.floats(0, 100))
def test_a_derived_lease_ends_before_its_source(
    primary: float, member: float, there_ms: float, left_ms: float
) -> None:
    """The member asks at real time 0; the primary answers later, with this much left."""
    derived = DerivedLease(SETTINGS)
    derived.extend(derived.ask(0.0), left_ms)
    source_ends = there_ms + left_ms / primary
    assert not derived.is_held(source_ends * member + 1e-6)


def test_only_readings_of_this_process_and_term_count() -> None:
    derived = DerivedLease(SETTINGS)
    derived.extend(500.0, 100)  # a predecessor's clock
    assert not derived.is_held(510)
    asked_ms = derived.ask(500.0)
    derived.drop()
    derived.extend(asked_ms, 100)
    assert not derived.is_held(510)


def test_a_restarted_member_does_not_know_what_it_promised() -> None:
    assert GrantedLease(SETTINGS, 1000).lapses_at_ms() >= 1000 + SETTINGS.lease_ms
