"""The configuration manager of one partition: the part of the catalog that decides who leads.

All that it must not forget lies in a store in which a key is created once and never changed:
``<partition>/term/<n>`` is the configuration of term n, ``<partition>/complete/<n>`` says that
terms before n need not be asked any more. So the catalog may die at any moment, and two of them may
run at the same time: of two that want to begin term n, the one whose key was created first has
begun it, and the other one reads what was decided. Suspicion may be wrong; it costs time, never
safety.

A change of term takes four steps: ask the replicas of all open configurations to promise the next
term (`Seal`), wait for enough of them, create the key, and tell the members (`Configure`).
"""

from __future__ import annotations

from enum import Enum

from graphray.replication.configuration import Configuration, ReplicaId, Strategy
from graphray.replication.effects import (
    Clock,
    CreateIfAbsent,
    Effect,
    Event,
    ListStore,
    Received,
    Send,
    SetTimer,
    StoreAnswered,
    TimerFired,
)
from graphray.replication.membership import (
    Heard,
    next_eventual,
    propose,
    ready_learners,
    reason_to_change,
)
from graphray.replication.messages import (
    ConfigurationQuery,
    Configure,
    Message,
    Refused,
    Report,
    Seal,
    Sealed,
    Want,
)
from graphray.replication.packing import pack, unpack
from graphray.replication.settings import ReplicationSettings


class _Phase(Enum):
    LOADING = "reading what was decided"
    STEADY = "watching"
    SEALING = "collecting promises"
    CREATING = "deciding a term"


class ConfigurationManager:
    """Watches one partition's replicas and begins terms.

    Args:
        first: the configuration of term 1, created unless the partition has one already.
        settings: times and limits.
    """

    def __init__(self, first: Configuration, settings: ReplicationSettings) -> None:
        self._partition = first.partition
        self._first = first
        self._settings = settings
        self._phase = _Phase.LOADING
        self._configurations: dict[int, Configuration] = {}
        self._complete = 0
        self._wanted = first.wanted or first.members
        self._coverage = first.coverage
        self._lost: tuple[ReplicaId, ...] = ()
        self._since_ms = 0.0
        self._heard: dict[ReplicaId, Heard] = {}
        self._sealed: dict[ReplicaId, Sealed] = {}
        self._caught_up: tuple[ReplicaId, ...] = ()
        self._sealing_since_ms = 0.0
        self._proposal: Configuration | None = None
        self._requests = 0
        self._awaited = 0
        self._clock = Clock(0.0, 0.0)
        self._outbox: list[Effect] = []

    @property
    def newest(self) -> Configuration | None:
        """The configuration of the latest term that is known here."""
        return self._configurations[max(self._configurations)] if self._configurations else None

    def handle(self, event: Event, clock: Clock) -> list[Effect]:
        """Take one event and say what is to be done; see `graphray.replication.replica`."""
        self._clock = clock
        match event:
            case Received(sender, message):
                self._on_message(sender, message)
            case StoreAnswered():
                self._on_store_answered(event)
            case TimerFired():
                self._on_timer()
        effects, self._outbox = self._outbox, []
        return effects

    # --- messages ---------------------------------------------------------------------------------

    def _on_message(self, sender: str, message: Message) -> None:
        match message:
            case Report():
                self._on_report(sender, message)
            case Sealed():
                if self._phase is _Phase.SEALING and message.term == self._next_term():
                    self._sealed[sender] = message
                    self._propose_if_ready()
            case Refused(promised, _):
                self._look_again_if_behind(promised - 1)
            case ConfigurationQuery():
                if self.newest is not None:
                    self._send(sender, Configure(self.newest))
            case Want():
                self._on_want(sender, message)

    def _on_report(self, sender: ReplicaId, report: Report) -> None:
        self._heard[sender] = Heard(report, self._clock.monotonic_ms)
        if report.opened and report.term > self._complete and report.term in self._configurations:
            self._complete = report.term
            self._create(self._key("complete", report.term), b"")
        self._look_again_if_behind(report.term)

    def _on_want(self, sender: str, message: Want) -> None:
        self._wanted = message.replicas
        self._coverage = message.coverage or self._coverage
        self._lost = message.lost
        if self.newest is not None and self.newest.wanted == message.replicas:
            self._send(sender, Configure(self.newest))

    def _look_again_if_behind(self, term: int) -> None:
        """A term was begun that this manager does not know of."""
        if self.newest is not None and term > self.newest.term:
            self._load()

    # --- the store --------------------------------------------------------------------------------

    def _key(self, kind: str, term: int) -> str:
        return f"{self._partition}/{kind}/{term:012d}"

    def _load(self) -> None:
        if self._phase is not _Phase.LOADING:
            self._phase = _Phase.LOADING
        self._requests += 1
        self._awaited = self._requests
        self._outbox.append(ListStore(self._requests, f"{self._partition}/"))

    def _create(self, key: str, value: bytes) -> None:
        self._requests += 1
        self._outbox.append(CreateIfAbsent(self._requests, key, value))

    def _on_store_answered(self, answer: StoreAnswered) -> None:
        if answer.number != self._awaited:
            return
        known_term = 0 if self.newest is None else self.newest.term
        for key, value in answer.items:
            _, kind, term = key.split("/")
            if kind == "term":
                self._configurations[int(term)] = Configuration.from_plain(unpack(value))
            else:
                self._complete = max(self._complete, int(term))
        self._awaited = 0
        if self.newest is None:
            self._decide(self._first)
            return
        if self._phase is _Phase.LOADING and known_term == 0:
            self._wanted = self.newest.wanted or self.newest.members
            self._coverage = self.newest.coverage
        if self.newest.term > known_term:
            self._since_ms = self._clock.monotonic_ms
            self._complete = max(self._complete, 1)
            self._configure()
        self._phase = _Phase.STEADY

    def _decide(self, configuration: Configuration) -> None:
        """Try to begin a term; whoever creates its key has begun it."""
        self._phase, self._proposal = _Phase.CREATING, configuration
        self._create(self._key("term", configuration.term), pack(configuration.to_plain()))
        self._awaited = self._requests

    # --- time -------------------------------------------------------------------------------------

    def _on_timer(self) -> None:
        self._outbox.append(SetTimer(self._clock.monotonic_ms + self._settings.heartbeat_ms))
        match self._phase:
            case _Phase.LOADING:
                self._load()
            case _Phase.CREATING:
                assert self._proposal is not None
                self._decide(self._proposal)
            case _Phase.STEADY:
                self._configure()
                self._change_if_needed()
            case _Phase.SEALING:
                self._ask_to_seal()
                self._propose_if_ready()

    def _configure(self) -> None:
        """Tell those who work in an older configuration of the newest one."""
        newest = self.newest
        assert newest is not None
        for replica in newest.everyone:
            heard = self._heard.get(replica)
            if heard is None or heard.report.term < newest.term:
                self._send(replica, Configure(newest))

    def _change_if_needed(self) -> None:
        newest, now_ms = self.newest, self._clock.monotonic_ms
        assert newest is not None
        if newest.strategy is Strategy.EVENTUAL:
            following = next_eventual(newest, self._wanted, self._lost, self._heard)
            if following is not None:
                self._decide(following)
            return
        if now_ms < self._since_ms + self._settings.suspect_ms and not self._is_over(newest):
            return
        reason = reason_to_change(
            newest, self._wanted, self._heard, now_ms=now_ms, settings=self._settings
        )
        if reason is not None or self._coverage != newest.coverage:
            self._phase = _Phase.SEALING
            self._sealed = {}
            # As of now: a primary that has sealed does not report on its learners any more.
            self._caught_up = ready_learners(newest, self._heard)
            self._sealing_since_ms = now_ms
            self._ask_to_seal()

    def _is_over(self, newest: Configuration) -> bool:
        """Whether there is no need to wait and see: the term is open, or its primary has gone."""
        primary = self._heard.get(newest.primary)
        return (
            primary is not None
            and primary.report.term == newest.term
            and (primary.report.opened or not primary.report.leading)
        )

    # --- a change of term -------------------------------------------------------------------------

    def _next_term(self) -> int:
        newest = self.newest
        assert newest is not None
        return newest.term + 1

    def _open_configurations(self) -> list[Configuration]:
        terms = sorted(self._configurations)
        return [self._configurations[t] for t in terms if t >= self._complete]

    def _ask_to_seal(self) -> None:
        for replica in self._asked():
            if replica not in self._sealed:
                self._send(replica, Seal(self._next_term()))

    def _asked(self) -> list[ReplicaId]:
        asked = [r for c in self._open_configurations() for r in c.everyone]
        return list(dict.fromkeys([*asked, *self._wanted]))

    def _propose_if_ready(self) -> None:
        """Go on once all that live have answered, or enough of them and the time is up."""
        now_ms = self._clock.monotonic_ms
        alive_since_ms = now_ms - self._settings.suspect_ms
        alive = [
            r for r in self._asked() if r in self._heard and self._heard[r].at_ms >= alive_since_ms
        ]
        time_is_up = now_ms >= self._sealing_since_ms + self._settings.seal_wait_ms
        if not time_is_up and not all(r in self._sealed for r in alive):
            return
        proposal = propose(self._open_configurations(), self._wanted, self._sealed, self._caught_up)
        if proposal is not None:
            self._decide(self._with_coverage(proposal))

    def _with_coverage(self, proposal: Configuration) -> Configuration:
        plain = {**proposal.to_plain(), "coverage": self._coverage}
        return Configuration.from_plain(plain)

    def _send(self, to: str, message: Message) -> None:
        self._outbox.append(Send(to, message))
