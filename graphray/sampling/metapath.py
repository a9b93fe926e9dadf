"""Metapaths as users write them: relations to follow in turn, each the way that fits.

``["writes", "writes"]`` leads from an author to those with whom they wrote: out along the relation
from author to paper, then back against it. A relation between nodes of one type is followed along
its edges; ``"^cites"`` follows it against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphray.errors import ArgumentError
from graphray.reading.walking import Step
from graphray.schema import Direction, GraphSchema

Metapath = Sequence[tuple[str, str, str] | str]
AGAINST = "^"


def resolve_metapath(
    schema: GraphSchema, metapath: Metapath, start: str, name: str = "metapath"
) -> tuple[Step, ...]:
    """The steps of a metapath that starts at a node type.

    Args:
        schema: the graph's schema.
        metapath: relations, by name or triple; a name may begin with ``^``.
        start: the node type where it starts.
        name: what the parameter is called in errors.

    Raises:
        ArgumentError: where it is no list, empty, or a relation does not go on from where the one
            before leads.
        RelationNotFound: where a relation is not in the graph.
    """
    if isinstance(metapath, str) or not isinstance(metapath, Sequence) or len(metapath) == 0:
        raise ArgumentError(f"{name} = {metapath!r}; expected a list of relations, at least one")
    steps: list[Step] = []
    for number, given in enumerate(metapath):
        step = _step(schema, given, steps[-1].far_type if steps else start)
        at = steps[-1].far_type if steps else start
        if step.near_type != at:
            raise ArgumentError(
                f"{name}[{number}] = {given!r} leads from {step.near_type!r} to {step.far_type!r}, "
                f"and cannot be followed from {at!r}"
            )
        steps.append(step)
    return tuple(steps)


def resolve_single(
    schema: GraphSchema, relation: Any, direction: Direction, start: str
) -> tuple[Step, ...]:
    """The one step that is taken again and again, along a relation from a node type to itself.

    Args:
        schema: the graph's schema.
        relation: its name or triple; None where the graph has one.
        direction: "out" along its edges, "in" against them.
        start: the node type.

    Raises:
        ArgumentError: where the direction is neither, or the relation is not from the node type to
            itself.
        RelationNotFound: where there is no such relation, or several and none was named.
    """
    if direction not in ("in", "out"):
        raise ArgumentError(f"direction = {direction!r}; expected 'in' or 'out'")
    if relation is None and len(schema.relations) == 1:
        relation = schema.relations[0].relation
    found = schema.relation_type("" if relation is None else relation).relation
    if (found.source, found.destination) != (start, start):
        raise ArgumentError(
            f"relation {found} does not lead from {start!r} to itself; say where to go on from "
            f"there with a metapath, such as metapath=[{found.name!r}, {found.name!r}]"
        )
    return (Step(found, direction),)


def _step(schema: GraphSchema, given: Any, at: str) -> Step:
    if not isinstance(given, (str, tuple)):
        raise ArgumentError(f"{given!r} is no relation; expected a name or a triple of names")
    against = isinstance(given, str) and given.startswith(AGAINST)
    named = given[len(AGAINST) :] if against else given
    relation = schema.relation_type(named).relation
    if against or (relation.source != at and relation.destination == at):
        return Step(relation, "in")
    return Step(relation, "out")
