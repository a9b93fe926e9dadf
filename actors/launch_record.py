"""What a graph's changes belong to: a record that outlives the actors.

It lies in the graph's state folder, ``launch-<number>``, created if absent before the first change,
and the one of the highest number counts. Whoever launches a graph under the same name over the same
store finds it, and with it the replicas' disks, which carry its id in their path: so what was
acknowledged is there again. To discard the changes is to create the next number.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field

from graphray.client.view import GraphSpec, below
from graphray.errors import ArgumentError, StoreCorrupt
from graphray.replication.configuration import Strategy
from graphray.store.place import Place

_PREFIX = "launch-"


@dataclass(frozen=True)
class LaunchRecord:
    """One line of changes.

    Attributes:
        launch_id: in the paths of the replicas' disks and of the catalog's decisions.
        replication: the name of the strategy.
        base_version: the store version over which the first change lay.
        merges: the names of merge functions by column: a log that is read again has to be merged
            as it was.
    """

    launch_id: str
    replication: str
    base_version: int
    merges: dict[str, str] = field(default_factory=dict)

    @property
    def strategy(self) -> Strategy:
        """How the replicas of a partition share its log."""
        return Strategy(self.replication)

    def decisions(self, spec: GraphSpec) -> Place:
        """Where the catalog keeps what it decided."""
        return Place(below(spec.state_uri, self.launch_id))


def find_record(spec: GraphSpec) -> LaunchRecord | None:
    """The record that counts, or None where the graph has never been changed.

    Raises:
        StoreCorrupt: where it cannot be read.
    """
    place = Place(spec.state_uri)
    names = _names(place)
    return _parse(place, names[-1]) if names else None


def ensure_record(spec: GraphSpec) -> LaunchRecord:
    """The record that counts, created where there is none.

    Raises:
        ArgumentError: where there is one of another kind of replication, or other merge functions.
    """
    found = find_record(spec) or begin_record(spec)
    if found.replication != spec.options.replication:
        raise ArgumentError(
            f"graph {spec.name!r} has changes that are replicated as {found.replication!r}, but "
            f"replication = {spec.options.replication!r}; launch it as {found.replication!r}, "
            "under another name, or with discard_changes=True"
        )
    if found.merges != dict(spec.options.merges):
        raise ArgumentError(
            f"graph {spec.name!r} has changes that are merged by {found.merges or 'nothing'}, but "
            f"merges = {dict(spec.options.merges)!r}; launch it with these, under another name, or "
            "with discard_changes=True"
        )
    return found


def begin_record(spec: GraphSpec) -> LaunchRecord:
    """Begin a new line of changes; of two that do so at the same time, one begins it for both."""
    place = Place(spec.state_uri)
    place.check_can_create()
    names = _names(place)
    number = 1 + (int(names[-1].removeprefix(_PREFIX)) if names else 0)
    launch_id = f"{number:06d}-{secrets.token_hex(4)}"
    options = spec.options
    record = LaunchRecord(launch_id, options.replication, spec.version, dict(options.merges))
    name = f"{_PREFIX}{number:06d}"
    if place.create(name, json.dumps(asdict(record)).encode()):
        return record
    return _parse(place, name)


def _names(place: Place) -> list[str]:
    return sorted(n for n in place.names() if n.startswith(_PREFIX) and not n.endswith(".tmp"))


def _parse(place: Place, name: str) -> LaunchRecord:
    try:
        return LaunchRecord(**json.loads(place.read(name)))
    except (ValueError, TypeError) as error:
        path = place.path(name)
        raise StoreCorrupt(
            f"{path} is not a record of a launch: {error}; restore it, or launch with "
            "discard_changes=True",
            path=path,
        ) from error
