"""Metapaths: which edges lead from a set to a set where an edge needs all of its inputs.

An edge of a metagraph has a set of inputs and a set of outputs. A *metapath* from sources to
targets is a set of edges that together give all targets, where every input of an edge is a source
or an output of another; it is *edge-dominant* where none of its edges can be left out (Basu and
Blanning, "Metagraphs and Their Applications", 2007, sections 3.1 and 3.3). Found here are the
well-founded ones: the edges can be taken one after another, each when its inputs are there.

Finding one takes time linear in the edges, by forward chaining as for Horn clauses (Dowling and
Gallier, 1984), and a chaining per edge found to leave out what can be. There may be exponentially
many; they are found one by one. Any two edge-dominant metapaths differ in an edge that only the
first has, so that forbidding each edge of one that was found, in turn, leads to all.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple


class SetEdge(NamedTuple):
    """An edge from a set to a set, each of numbers of nodes."""

    inputs: frozenset[int]
    outputs: frozenset[int]


def metapaths(
    edges: Sequence[SetEdge], sources: frozenset[int], targets: frozenset[int]
) -> Iterator[list[int]]:
    """All edge-dominant metapaths.

    Args:
        edges: the edges.
        sources: what is there from the start.
        targets: what is to be reached; what is among the sources is reached already.

    Yields:
        Positions in ``edges``, in an order in which they can be taken; each metapath once, the
        first ones after little work.

    >>> both = SetEdge(frozenset({1, 2}), frozenset({3}))
    >>> edges = [both, SetEdge(frozenset({1}), frozenset({2}))]
    >>> list(metapaths(edges, frozenset({1}), frozenset({3})))
    [[1, 0]]
    """
    found: set[frozenset[int]] = set()
    tried: set[frozenset[int]] = {frozenset()}
    waiting: list[frozenset[int]] = [frozenset()]
    while waiting:
        forbidden = waiting.pop()
        allowed = [edge for edge in range(len(edges)) if edge not in forbidden]
        path = _dominant(edges, allowed, sources, targets)
        if path is None:
            continue
        if frozenset(path) not in found:
            found.add(frozenset(path))
            yield path
        following = {forbidden | {edge} for edge in path} - tried
        tried |= following
        waiting += sorted(following, key=sorted, reverse=True)


def _dominant(
    edges: Sequence[SetEdge],
    allowed: Collection[int],
    sources: frozenset[int],
    targets: frozenset[int],
) -> list[int] | None:
    """One edge-dominant metapath of allowed edges, or None where there is no metapath."""
    path = _chain(edges, allowed, sources, targets)
    if path is None:
        return None
    for edge in reversed(path):
        shorter = _chain(edges, [other for other in path if other != edge], sources, targets)
        path = path if shorter is None else shorter
    return path


def _chain(
    edges: Sequence[SetEdge],
    allowed: Collection[int],
    sources: frozenset[int],
    targets: frozenset[int],
) -> list[int] | None:
    """A metapath of allowed edges, in the order in which they are taken; None if there is none.

    Of the edges that can be taken, those are left out whose outputs nothing needs.
    """
    missing = {edge: len(edges[edge].inputs - sources) for edge in allowed}
    takers: defaultdict[int, list[int]] = defaultdict(list)
    for edge in allowed:
        for node in edges[edge].inputs - sources:
            takers[node].append(edge)
    known = set(sources)
    ready = deque(edge for edge in allowed if missing[edge] == 0)
    # Each edge that was taken, and what it was the first to give.
    taken: list[tuple[int, frozenset[int]]] = []
    while ready:
        edge = ready.popleft()
        given = edges[edge].outputs - known
        taken.append((edge, given))
        known |= given
        for node in given:
            for other in takers[node]:
                missing[other] -= 1
                if missing[other] == 0:
                    ready.append(other)
    if not targets <= known:
        return None
    needed = set(targets - sources)
    path = []
    for edge, given in reversed(taken):
        if given & needed:
            path.append(edge)
            needed |= edges[edge].inputs - sources
    return path[::-1]
