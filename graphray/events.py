"""What happens to a running graph, and why: one record per event, in a log of limited length.

An event says what happened, to whom, by which cause, and what is done about it. Its kind is one of
`KINDS`, which also says how bad it is.

Numbers rise by one from event to event. A log is as long-lived as the process that keeps it; the
next one begins at a larger number (`first_number`), so that whoever has read up to some event asks
for what came after it and misses nothing, whichever process answers.

Nothing here reads a clock or locks: that is for whoever keeps the log.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from graphray.errors import ArgumentError

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class EventKind:
    """One kind of event.

    Attributes:
        name: as it is shown and filtered by.
        severity: "info": as it should be; "warning": reads and writes go on, with less to spare;
            "error": something is lost until it is mended.
        meaning: when it is recorded.
    """

    name: str
    severity: Severity
    meaning: str


_KINDS = (
    EventKind("watch-began", "info", "the catalog began to watch; earlier events are not known"),
    EventKind("events-dropped", "info", "the log was full, and its oldest events were let go of"),
    EventKind("watch-failed", "error", "the watch could not look; it tries again"),
    EventKind("node-joined", "info", "a node came to the cluster"),
    EventKind("node-draining", "warning", "a node is to leave the cluster, by a deadline"),
    EventKind("node-gone", "warning", "a node has left the cluster or died"),
    EventKind("replica-discovered", "info", "a replica's process answered for the first time"),
    EventKind("replica-joined", "info", "a replica serves for the first time"),
    EventKind("replica-problem", "warning", "a replica says that something is wrong with it"),
    EventKind("replica-suspect", "warning", "a replica's heartbeat is late"),
    EventKind("replica-slow", "warning", "a replica answers much later than its siblings"),
    EventKind("replica-hung", "error", "a replica's process exists and does not answer"),
    EventKind("replica-unreachable", "error", "neither a replica nor others on its node answer"),
    EventKind("replica-dead", "error", "a replica's process or node has ended"),
    EventKind("replica-killed", "warning", "a hung replica was killed, so that it is made anew"),
    EventKind("replica-restarted", "warning", "a replica has a new process, which is not serving"),
    EventKind("replica-serving", "info", "a replica serves again"),
    EventKind("replica-quarantined", "error", "a replica failed too often and is left alone"),
    EventKind("replica-released", "info", "a person ended a replica's quarantine"),
    EventKind("replica-trial", "info", "a quarantine is over; the replica has one more try"),
    EventKind("leader-changed", "info", "another replica orders a partition's writes"),
    EventKind("members-changed", "info", "other replicas hold a partition's writes"),
)

KINDS = {kind.name: kind for kind in _KINDS}
"""Every kind of event by its name."""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What happened, before it has a number and a time.

    Attributes:
        kind: a name in `KINDS`.
        what: in a sentence.
        cause: why; empty where that is not known or the kind says it.
        action: what is done about it; empty where nothing has to be.
        part: the partition that it is about, if it is about one.
        replica: the number of the copy, if it is about one.
        node_id: Ray's id of the node; empty where it is about none or that is not known.
    """

    kind: str
    what: str
    cause: str = ""
    action: str = ""
    part: int | None = None
    replica: int | None = None
    node_id: str = ""

    def __post_init__(self) -> None:
        check_kind(self.kind)


@dataclass(frozen=True, kw_only=True)
class Event(Happening):
    """Something that happened to a graph; see `Happening` for the other fields.

    Attributes:
        number: rises from event to event.
        at_unix_s: when, in seconds since 1970.
    """

    number: int
    at_unix_s: float

    @property
    def severity(self) -> Severity:
        """How bad it is; see `EventKind`."""
        return KINDS[self.kind].severity

    def to_json(self) -> dict[str, Any]:
        """A plain structure: these keys in this order, and no others.

        >>> event = Event(number=7, at_unix_s=0.5, kind="node-joined", what="node n1 is there")
        >>> list(event.to_json())[:4]
        ['number', 'at_unix_s', 'kind', 'severity']
        """
        return {
            "number": self.number,
            "at_unix_s": self.at_unix_s,
            "kind": self.kind,
            "severity": self.severity,
            "part": self.part,
            "replica": self.replica,
            "node_id": self.node_id,
            "what": self.what,
            "cause": self.cause,
            "action": self.action,
        }


class EventLog:
    """The newest events, oldest first.

    Args:
        first_number: of the first event; above every number of the log that came before.
        events_max: how many are kept.

    Example:
        >>> log = EventLog(first_number=100, events_max=2)
        >>> for name in ("n1", "n2", "n3"):
        ...     event = log.append(Happening(kind="node-joined", what=name), at_unix_s=0.0)
        >>> [(event.number, event.what) for event in log.since(0)]
        [(100, '1 earlier event was let go of'), (101, 'n2'), (102, 'n3')]
        >>> [event.what for event in log.since(101)]
        ['n3']
    """

    def __init__(self, first_number: int, events_max: int) -> None:
        if first_number < 1 or events_max < 1:
            raise ArgumentError(
                f"first_number = {first_number}, events_max = {events_max}; expected at least 1"
            )
        self._first = self._next = first_number
        self._events: deque[Event] = deque(maxlen=events_max)
        self._dropped: Event | None = None

    def append(self, happening: Happening, at_unix_s: float) -> Event:
        """Number an event and keep it; where the log is full, the oldest goes."""
        event = Event(**vars(happening), number=self._next, at_unix_s=at_unix_s)
        if len(self._events) == self._events.maxlen:
            self._dropped = self._events[0]
        self._events.append(event)
        self._next += 1
        return event

    def since(self, number: int) -> tuple[Event, ...]:
        """The events with a larger number.

        Where some of them are no longer kept, the first one returned says how many; it has the
        number and the time of the last that was let go of.
        """
        missing = self._missing(number)
        oldest = self._next - len(self._events)
        kept = islice(self._events, max(0, number + 1 - oldest), None)
        return (*missing, *kept)

    def _missing(self, number: int) -> tuple[Event, ...]:
        last = self._dropped
        if last is None or number >= last.number:
            return ()
        count = last.number + 1 - max(self._first, number + 1)
        return (
            Event(
                number=last.number,
                at_unix_s=last.at_unix_s,
                kind="events-dropped",
                what=f"{count} earlier event{' was' if count == 1 else 's were'} let go of",
                cause=f"the log keeps the newest {self._events.maxlen}",
            ),
        )


def check_kind(name: str) -> None:
    """Raise ArgumentError where there is no such kind of event.

    >>> check_kind("replica-hung")
    """
    if name not in KINDS:
        raise ArgumentError(f"kind = {name!r}; expected one of {', '.join(KINDS)}")
