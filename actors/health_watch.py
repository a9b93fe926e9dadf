"""The catalog's watch over nodes and replicas: it asks, `GraphWatch` decides, it acts and notes.

One thread, from the launch (or the catalog's restart) until the graph ends, goes round every
heartbeat interval: Ray's list of nodes, a roll call of all replicas, the newest configurations.
Events are kept here, so a restarted catalog begins anew and says so; its numbers begin at the time,
above all that came before.

Leases and leaders are no business of the watch: they go by the replication's own clock.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable

import ray
from ray.exceptions import RayError

from actors.cluster_state import nodes_seen
from actors.roll_call import FindReplica, RollCall
from graphray.client.view import place_of
from graphray.errors import ArgumentError
from graphray.events import Event, EventLog, Happening
from graphray.health import GraphWatch, HealthSettings, Leave, Place, Term
from graphray.replication.configuration import Configuration, Strategy
from graphray.status import ReplicaStatus

_LOG = logging.getLogger(__name__)


class HealthWatch:
    """The watch of one graph.

    Args:
        settings: what it goes by.
        places: the replicas that there are to be.
        find_replica: the handle of a replica's actor.
        configurations: the newest of every partition, as far as they are known.
    """

    def __init__(
        self,
        settings: HealthSettings,
        places: Callable[[], Iterable[Place]],
        find_replica: FindReplica,
        configurations: Callable[[], Iterable[Configuration]],
    ) -> None:
        self._places = places
        self._find_replica = find_replica
        self._configurations = configurations
        self._every_s = settings.heartbeats.every_s
        self._roll = RollCall(find_replica, self._every_s)
        self._lock = threading.Lock()
        self._graph = GraphWatch(settings)
        self._events = EventLog(int(1000 * time.time()), settings.events_max)
        self._jitter = random.Random()
        self._problem = ""
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, cause: str) -> None:
        """Start to watch; does nothing twice."""
        with self._lock:
            if self._thread is not None:
                return
            what = "the catalog watches the graph from here on"
            self._note([Happening(kind="watch-began", what=what, cause=cause)])
            self._thread = threading.Thread(target=self._watch, name="health", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop watching; returns when the round that is under way has ended."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def events(self, since: int) -> tuple[Event, ...]:
        """The events with a larger number; see `EventLog.since`."""
        with self._lock:
            return self._events.since(since)

    def check_in(self, part: int, replica: int, incarnation: str) -> Leave:
        """A restarted replica asks whether to go on; see `ReplicaWatch.check_in`."""
        nodes = nodes_seen()  # Whether it was lost with its node has to be known by now.
        with self._lock:
            self._note(self._graph.nodes_seen(nodes))
            leave, happened = self._graph.check_in(
                (part, replica), incarnation, time.monotonic(), jitter=self._jitter.random()
            )
            self._note(happened)
        return leave

    def release(self, part: int, replica: int) -> bool:
        """End the quarantine of a replica; False where it has none.

        Raises:
            ArgumentError: where there is no such replica.
        """
        if (part, replica) not in set(self._places()):
            raise ArgumentError(f"the graph has no replica {replica} of partition {part}")
        with self._lock:
            happened = self._graph.release((part, replica), time.monotonic())
            self._note(happened)
        return bool(happened)

    def explain(self, status: ReplicaStatus) -> ReplicaStatus:
        """What a probe has found of a replica, with what the watch knows beside it."""
        with self._lock:
            return self._graph.explain(status, time.monotonic())

    def _watch(self) -> None:
        wait_s = 0.0
        while not self._closed.wait(wait_s):
            begun_s = time.monotonic()
            try:
                self._round()
                self._problem = ""
            except Exception as error:  # noqa: BLE001 - nobody watches the watch: it has to go on
                self._failed(error)
            wait_s = max(0.0, begun_s + self._every_s - time.monotonic())

    def _round(self) -> None:
        answers = self._roll.ask(self._places())
        nodes = nodes_seen()  # Later, so that what ended with its node is known to have.
        terms = [_term(configuration) for configuration in self._configurations()]
        with self._lock:
            self._note(self._graph.nodes_seen(nodes))
            for answer in answers:
                if answer.beat is None:
                    self._graph.ended(answer.place, answer.at_s)
                else:
                    heard = self._graph.heard(
                        answer.place, answer.beat, answer.latency_s, answer.at_s
                    )
                    self._note(heard)
            happened, killed = self._graph.look(time.monotonic())
            self._note(happened)
            for term in terms:
                self._note(self._graph.term_seen(term))
        for place in killed:
            self._kill(place)

    def _kill(self, place: Place) -> None:
        try:
            ray.kill(self._find_replica(*place), no_restart=False)
        except (ValueError, RayError):
            return  # It has ended by itself.

    def _failed(self, error: Exception) -> None:
        problem = f"{type(error).__name__}: {error}"
        if problem == self._problem:
            return
        self._problem = problem
        _LOG.exception("the watch could not look")
        with self._lock:
            what = "the watch could not look"
            happening = Happening(
                kind="watch-failed", what=what, cause=problem, action="it tries again"
            )
            self._note([happening])

    def _note(self, happened: Iterable[Happening]) -> None:
        now_unix_s = time.time()
        for happening in happened:
            self._events.append(happening, now_unix_s)


def _term(configuration: Configuration) -> Term:
    return Term(
        int(configuration.partition),
        configuration.term,
        tuple(place_of(member)[1] for member in configuration.members),
        tuple(place_of(learner)[1] for learner in configuration.learners),
        has_leader=configuration.strategy is not Strategy.EVENTUAL,
    )
