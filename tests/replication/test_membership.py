"""Which configuration may follow, and when one should."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.membership import Heard, next_eventual, propose, reason_to_change
from graphray.replication.messages import Report, Sealed
from graphray.replication.settings import ReplicationSettings

SETTINGS = ReplicationSettings()
ABC = ("a", "b", "c")


def configuration(
    strategy: Strategy = Strategy.QUORUM, members: tuple[str, ...] = ABC, term: int = 1
) -> Configuration:
    copies = 2 if len(members) > 1 else 1
    return Configuration("p", term, strategy, members, wanted=ABC, copies_min=copies)


def ends(**lsns: tuple[int, int]) -> dict[str, Sealed]:
    return {name: Sealed(2, term, lsn) for name, (term, lsn) in lsns.items()}


def next_of(
    c: Configuration,
    sealed: dict[str, Sealed],
    wanted: tuple[str, ...] = ABC,
    caught_up: Iterable[str] = (),
) -> Configuration | None:
    return propose([c], wanted, sealed, caught_up)


@pytest.mark.parametrize("strategy", [Strategy.QUORUM, Strategy.FULL, Strategy.CHAIN])
def test_the_most_complete_log_leads(strategy: Strategy) -> None:
    """A later term beats a longer log."""
    chosen = next_of(configuration(strategy), ends(a=(1, 9), b=(2, 5), c=(2, 6)))
    assert chosen is not None
    assert chosen.primary == "c"
    assert chosen.term == 2


def test_a_quorum_needs_a_majority_and_keeps_who_is_away() -> None:
    assert next_of(configuration(), ends(b=(1, 5))) is None
    chosen = next_of(configuration(), ends(b=(1, 5), c=(1, 4)))
    assert chosen is not None
    assert chosen.members == ("b", "a", "c")
    assert not chosen.learners


def test_full_replication_drops_who_is_away_down_to_the_copies_promised() -> None:
    c = configuration(Strategy.FULL)
    chosen = next_of(c, ends(b=(1, 5), c=(1, 5)))
    assert chosen is not None
    assert set(chosen.members) == {"b", "c"}
    assert chosen.learners == ("a",)
    assert next_of(c, ends(b=(1, 5))) is None


def test_with_too_few_copies_a_newcomer_becomes_a_member_at_once() -> None:
    c = configuration(Strategy.FULL, ("a", "b"), term=3)
    chosen = propose([c], ("a", "d", "e"), ends(a=(3, 9), d=(0, 0)), ())
    assert chosen is not None
    assert chosen.members == ("a", "d")
    assert chosen.learners == ("e",)


def test_learners_that_caught_up_take_the_places_of_those_not_wanted() -> None:
    c = configuration()
    sealed = ends(a=(1, 5), b=(1, 5), c=(1, 5), d=(1, 5))
    wanted = ("a", "b", "d")
    waiting = next_of(c, sealed, wanted)
    assert waiting is not None
    assert set(waiting.members) == set(ABC)
    assert waiting.learners == ("d",)
    ready = next_of(c, sealed, wanted, ["d"])
    assert ready is not None
    assert set(ready.members) == {"a", "b", "d"}


def test_who_leaves_may_have_to_lead_once_more() -> None:
    """Only c holds the last entry, which may have been acknowledged."""
    sealed = ends(a=(1, 5), b=(1, 5), c=(1, 6), d=(1, 5))
    chosen = next_of(configuration(), sealed, ("a", "b", "d"), ["d"])
    assert chosen is not None
    assert chosen.primary == "c"


def test_every_open_configuration_has_to_be_asked() -> None:
    """Term 1 may hold what term 2 never got to know."""
    old, new = configuration(), configuration(members=("d", "e", "f"), term=2)
    sealed = ends(d=(0, 0), e=(0, 0), f=(0, 0), a=(1, 7))
    assert propose([old, new], ("d", "e", "f"), sealed, ()) is None
    chosen = propose([old, new], ("d", "e", "f"), {**sealed, **ends(b=(1, 6))}, ())
    assert chosen is not None
    assert chosen.primary == "a"


def heard(**reports: Report) -> dict[str, Heard]:
    return {name: Heard(report, 1000.0) for name, report in reports.items()}


LEADS = Report(1, 1, opened=True, leading=True)
FOLLOWS = Report(1, 1, opened=True, leading=False)


def reason(
    reports: dict[str, Heard], strategy: Strategy = Strategy.FULL, now_ms: float = 1100.0
) -> str | None:
    return reason_to_change(configuration(strategy), ABC, reports, now_ms=now_ms, settings=SETTINGS)


def test_what_works_is_left_alone() -> None:
    assert reason(heard(a=LEADS, b=FOLLOWS, c=FOLLOWS)) is None


@pytest.mark.parametrize(
    ("reports", "why"),
    [
        (heard(b=FOLLOWS), "silent"),
        (heard(a=FOLLOWS), "restarted"),
        (heard(a=LEADS, b=Report(1, 2, opened=True, leading=False)), "never began"),
        (heard(a=Report(1, 1, True, True, silent=("b",))), "blocks every write"),
        (heard(a=LEADS, b=Report(1, 1, True, False, silent=("c",))), "blocks every write"),
    ],
)
def test_what_does_not_is_changed(reports: dict[str, Heard], why: str) -> None:
    found = reason(reports)
    assert found is not None
    assert why in found


def test_a_silent_member_does_not_block_a_quorum() -> None:
    assert reason(heard(a=Report(1, 1, True, True, silent=("b",))), Strategy.QUORUM) is None


def test_old_reports_do_not_count() -> None:
    assert reason(heard(a=LEADS), now_ms=1000 + SETTINGS.suspect_ms + 1) is not None


def test_a_learner_without_its_columns_is_not_ready() -> None:
    c = Configuration("p", 1, Strategy.PARTIAL, ("a", "b"), ("c",), ABC, 2)
    leads = Report(1, 1, True, True, caught_up=("c",))
    lacking = Report(1, 1, True, False, complete=False)

    def why(learner: Report) -> str | None:
        reports = heard(a=leads, b=FOLLOWS, c=learner)
        return reason_to_change(c, ABC, reports, now_ms=1100, settings=SETTINGS)

    assert why(lacking) is None
    assert why(FOLLOWS) is not None


def test_an_eventual_replica_leaves_once_others_have_its_writes() -> None:
    c = Configuration("p", 1, Strategy.EVENTUAL, ABC, wanted=ABC)
    leaving = next_eventual(c, ("a", "b", "d"), (), {})
    assert leaving is not None
    assert (leaving.members, leaving.learners) == (("a", "b", "d"), ("c",))
    assert next_eventual(leaving, ("a", "b", "d"), (), {}) is None
    drained = heard(c=Report(2, 2, True, True, caught_up=("c",)))
    gone = next_eventual(leaving, ("a", "b", "d"), (), drained)
    stale = heard(c=Report(1, 1, True, True, caught_up=("c",)))
    assert next_eventual(leaving, ("a", "b", "d"), (), stale) is None
    assert gone is not None
    assert gone.everyone == ("a", "b", "d")
    assert next_eventual(leaving, ("a", "b", "d"), ("c",), {}) == replace(gone, lost=("c",))


def test_a_column_whose_keeper_will_be_sent_a_snapshot_is_not_kept() -> None:
    """Replica b keeps a column, and lags behind what a may have cut its log to by then."""
    shares = (("a", frozenset("t")), ("b", frozenset("tc")), ("c", frozenset("tc")))
    c = Configuration("p", 1, Strategy.PARTIAL, ABC, (), ABC, 2, shares)
    kept = dict(shares)
    leads = Sealed(2, 1, 33, 1, 25, kept["a"])
    lags, level = Sealed(2, 1, 22, 1, 20, kept["b"]), Sealed(2, 1, 25, 1, 20, kept["b"])
    diverged = Sealed(2, 0, 40, 0, 20, kept["b"])
    has_all = Sealed(2, 1, 33, 1, 25, kept["c"])
    assert next_of(c, {"a": leads, "b": lags}) is None
    assert next_of(c, {"a": leads, "b": diverged}) is None
    assert next_of(c, {"a": leads, "b": level}) is not None
    chosen = next_of(c, {"a": leads, "b": lags, "c": has_all}, wanted=("a", "b"))
    assert chosen is not None
    assert "c" in chosen.members
