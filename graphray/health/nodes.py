"""Which nodes come, are to leave, and go: from Ray's list of them to what happened.

The nodes that are there at the first look came before anyone watched, and are no news.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphray.events import Happening


@dataclass(frozen=True)
class NodeSeen:
    """One node in Ray's list.

    Attributes:
        node_id: Ray's id of it.
        address: its IP address.
        is_alive: whether Ray takes it to be there.
        why_gone: what Ray says about its end.
        drain_left_s: seconds until it leaves; 0 where it leaves at no stated time, None where it is
            to stay.
    """

    node_id: str
    address: str
    is_alive: bool = True
    why_gone: str = ""
    drain_left_s: float | None = None


class NodeWatch:
    """The nodes of a cluster, as of the last look.

    Example:
        >>> nodes = NodeWatch()
        >>> list(nodes.look([NodeSeen("aa", "10.0.0.1")], {}))
        []
        >>> [event.kind for event in nodes.look([NodeSeen("bb", "10.0.0.2")], {})]
        ['node-gone', 'node-joined']
    """

    def __init__(self) -> None:
        self._alive: dict[str, NodeSeen] | None = None

    def is_alive(self, node_id: str) -> bool:
        """Whether a node was there at the last look."""
        return self._alive is not None and node_id in self._alive

    def has_ended(self, node_id: str) -> bool:
        """Whether it is known that a node is no more."""
        return self._alive is not None and node_id not in self._alive

    def look(
        self, nodes: Sequence[NodeSeen], replicas_on: dict[str, list[str]]
    ) -> Iterator[Happening]:
        """What has changed since the last look.

        Args:
            nodes: Ray's list, in which those that ended may be named or missing.
            replicas_on: what stands on each node, in words.
        """
        before, listed = self._alive, {node.node_id: node for node in nodes}
        self._alive = {name: node for name, node in listed.items() if node.is_alive}
        if before is None:
            before = {name: NodeSeen(name, node.address) for name, node in self._alive.items()}
        for name in sorted(before.keys() - self._alive.keys()):
            yield _gone(listed.get(name, before[name]), replicas_on.get(name, []))
        for name in sorted(self._alive):
            node = self._alive[name]
            if name not in before:
                what = f"{_named(node)} is there"
                yield Happening(kind="node-joined", what=what, node_id=name)
            if node.drain_left_s is not None and _stays(before.get(name)):
                yield _draining(node, node.drain_left_s, replicas_on.get(name, []))


def _stays(node: NodeSeen | None) -> bool:
    return node is None or node.drain_left_s is None


def _gone(node: NodeSeen, replicas: list[str]) -> Happening:
    return Happening(
        kind="node-gone",
        what=f"{_named(node)} is gone" + (f", with {_listed(replicas)}" if replicas else ""),
        cause=node.why_gone,
        action="Ray makes its replicas anew where there is room" if replicas else "",
        node_id=node.node_id,
    )


def _draining(node: NodeSeen, left_s: float, replicas: list[str]) -> Happening:
    when = f"in {left_s:.0f} s" if left_s else "soon"
    return Happening(
        kind="node-draining",
        what=f"{_named(node)} leaves {when}"
        + (f"; it has {_listed(replicas)}" if replicas else ""),
        cause="Ray was asked to drain it",
        node_id=node.node_id,
    )


def _named(node: NodeSeen) -> str:
    return f"node {node.node_id[:8]} ({node.address})"


_LISTED_MAX = 5


def _listed(replicas: list[str]) -> str:
    """The first of some replicas, by name.

    >>> _listed(["0/1"]), _listed([f"{part}/0" for part in range(7)])
    ('replica 0/1', 'replicas 0/0, 1/0, 2/0, 3/0, 4/0 and 2 more')
    """
    more = f" and {len(replicas) - _LISTED_MAX} more" if len(replicas) > _LISTED_MAX else ""
    return f"replica{'s' if len(replicas) > 1 else ''} {', '.join(replicas[:_LISTED_MAX])}{more}"
