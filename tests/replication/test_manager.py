"""The catalog's part: what it decided outlives it, and two of it decide the same."""

from __future__ import annotations

from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.effects import (
    Clock,
    CreateIfAbsent,
    ListStore,
    Received,
    Send,
    TimerFired,
)
from graphray.replication.manager import ConfigurationManager
from graphray.replication.messages import (
    ConfigurationQuery,
    Configure,
    Message,
    Report,
    Seal,
    Sealed,
    Want,
)
from graphray.replication.settings import ReplicationSettings
from tests.simulation.catalog_store import CatalogStore

SETTINGS = ReplicationSettings()
FIRST = Configuration("p", 1, Strategy.QUORUM, ("a", "b", "c"), wanted=("a", "b", "c"))
LEADS = Report(1, 1, opened=True, leading=True)


class Catalog:
    """A manager whose store answers at once; what it sends is kept."""

    def __init__(self, store: CatalogStore) -> None:
        self.store = store
        self.now_ms = 0.0
        self.sent: list[tuple[str, Message]] = []
        self.manager = ConfigurationManager(FIRST, SETTINGS)
        self.give(TimerFired())

    def give(self, event: object) -> None:
        for effect in self.manager.handle(event, Clock(self.now_ms, 0)):  # type: ignore[arg-type]
            match effect:
                case Send(to, message):
                    self.sent.append((to, message))
                case CreateIfAbsent() | ListStore():
                    self.give(self.store.carry_out(effect, self.now_ms))

    def hear(self, sender: str, message: Message) -> None:
        self.give(Received(sender, message))

    def wait(self, ms: float, **reports: Report) -> None:
        self.now_ms += ms
        for name, report in reports.items():
            self.hear(name, report)
        self.sent.clear()
        self.give(TimerFired())

    def asked_to_seal(self) -> set[str]:
        return {to for to, message in self.sent if isinstance(message, Seal)}


def lose_the_primary(catalog: Catalog) -> None:
    follower = Report(1, 1, opened=True, leading=False)
    catalog.wait(10, a=LEADS, b=follower, c=follower)
    catalog.wait(SETTINGS.suspect_ms + 1, b=follower, c=follower)


def test_the_first_term_is_begun_once() -> None:
    store = CatalogStore()
    one, two = Catalog(store), Catalog(store)
    assert one.manager.newest == two.manager.newest == FIRST
    assert [m for _, m in one.sent if isinstance(m, Configure)]
    assert len(store.items) == 1


def test_a_silent_primary_is_replaced_by_the_most_complete_log() -> None:
    catalog = Catalog(CatalogStore())
    lose_the_primary(catalog)
    assert catalog.asked_to_seal() == {"a", "b", "c"}
    catalog.hear("b", Sealed(2, 1, 5))
    assert catalog.manager.newest == FIRST, "one of three is no majority"
    catalog.hear("c", Sealed(2, 1, 7))
    newest = catalog.manager.newest
    assert newest is not None
    assert (newest.term, newest.primary) == (2, "c")
    assert {to for to, m in catalog.sent if isinstance(m, Configure)} == {"a", "b", "c"}


def test_a_successor_goes_on_where_the_catalog_died() -> None:
    store = CatalogStore()
    catalog = Catalog(store)
    lose_the_primary(catalog)
    for name, lsn in (("b", 5), ("c", 7)):
        catalog.hear(name, Sealed(2, 1, lsn))
    assert Catalog(store).manager.newest == catalog.manager.newest


def test_of_two_catalogs_one_begins_the_term_and_the_other_follows() -> None:
    """1. Both seal. 2. One hears b and c first, the other a and b."""
    store = CatalogStore()
    one, two = Catalog(store), Catalog(store)
    for catalog in (one, two):
        lose_the_primary(catalog)
    for name, lsn in (("b", 5), ("c", 7)):
        one.hear(name, Sealed(2, 1, lsn))
    two.wait(SETTINGS.seal_wait_ms)
    for name, lsn in (("a", 9), ("b", 5)):
        two.hear(name, Sealed(2, 1, lsn))
    assert two.manager.newest == one.manager.newest
    assert sum("/term/" in key for key in store.items) == 2


def test_a_catalog_that_hears_of_a_later_term_reads_what_was_decided() -> None:
    store = CatalogStore()
    sleeper, other = Catalog(store), Catalog(store)
    lose_the_primary(other)
    for name, lsn in (("b", 5), ("c", 7)):
        other.hear(name, Sealed(2, 1, lsn))
    sleeper.hear("c", Report(2, 2, opened=True, leading=True))
    assert sleeper.manager.newest == other.manager.newest


def test_a_move_is_accepted_when_its_configuration_exists() -> None:
    catalog = Catalog(CatalogStore())
    follower = Report(1, 1, opened=True, leading=False)
    catalog.wait(SETTINGS.suspect_ms + 1, a=LEADS, b=follower, c=follower)
    catalog.hear("operator", Want(("a", "b", "d")))
    catalog.wait(10, a=LEADS)
    assert "d" in catalog.asked_to_seal()
    for name in "abc":
        catalog.hear(name, Sealed(2, 1, 5))
    catalog.sent.clear()
    catalog.wait(SETTINGS.seal_wait_ms)
    newest = catalog.manager.newest
    assert newest is not None
    assert newest.wanted == ("a", "b", "d")
    assert newest.learners == ("d",)
    catalog.hear("client", ConfigurationQuery())
    assert ("client", Configure(newest)) in catalog.sent
