"""Which versions of a store hold one line of changes of a running graph."""

from __future__ import annotations

from dataclasses import dataclass

from actors.launch_record import find_record
from graphray.client.view import GraphSpec
from graphray.store import Store, StoreUri
from graphray.store.place import Place
from graphray.store.reader import store_versions


@dataclass(frozen=True)
class LineOfVersions:
    """The versions that hold one line of changes, from the one that it began over.

    Attributes:
        uri: of the store.
        launch_id: which line.
        first: the version that it began over.
    """

    uri: StoreUri
    launch_id: str
    first: int

    def newest(self) -> int:
        """The latest version of the line."""
        there = store_versions(Place(self.uri))
        own = (version for version in reversed(there) if self._holds(version))
        return next(own, self.first)

    def _holds(self, version: int) -> bool:
        if version <= self.first:
            return False
        build = Store.open(self.uri, version, verify=False).manifest.build
        return build.get("compacted_by") == self.launch_id


def published_version(spec: GraphSpec) -> int:
    """The newest version with a graph's own changes; the launched one where there are none."""
    record = find_record(spec)
    if record is None:
        return spec.version
    return LineOfVersions(spec.uri, record.launch_id, record.base_version).newest()
