"""What a change of some elements of a metagraph reaches, along edges and through containment.

An edge between sets leads from each element of the one to every element of the other, at any depth:
in Basu and Blanning's terms, from its invertex to its outvertex ("Metagraphs and Their
Applications", 2007, section 2.1). So an element can be reached in two ways:

- *as a whole*: it is one of those that change, or an edge leads to it, or it is inside a metanode
  that is reached as a whole;
- *in part*: it is a metanode with something inside that is reached. Its other contents are not.

Edges lead on from elements that are reached either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from graphray.kinds.containment import CONTAINS_METANODE, CONTAINS_NODE
from graphray.kinds.steps import NodeSet, Steps, union, without
from graphray.schema import Direction, Relation

CONTAINMENT = (CONTAINS_NODE, CONTAINS_METANODE)


class Wave(NamedTuple):
    """What is new after one more edge.

    Attributes:
        whole: elements that were not reached as a whole before.
        part: metanodes that were not reached before, and now are in part.
    """

    whole: NodeSet
    part: NodeSet


def spread(
    steps: Steps, edges: Sequence[Relation], start: NodeSet, direction: Direction
) -> Iterator[Wave]:
    """Everything that some elements reach, by how many edges it takes at least.

    Args:
        steps: goes along relations.
        edges: the relations of edges, containment not among them.
        start: the elements that change.
        direction: "out" for what they reach, "in" for what reaches them.

    Yields:
        The wave after 0 edges, after 1, and so on.
    """
    whole: NodeSet = {}
    part: NodeSet = {}
    arrived = start
    while arrived := without(arrived, whole):
        inside = union(steps.generations(arrived, CONTAINMENT, "out"))
        new = without(union([arrived, inside]), whole)
        whole = union([whole, new])
        around = union(steps.generations(new, CONTAINMENT, "in"))
        new_part = without(without(around, whole), part)
        part = union([part, new_part])
        yield Wave(new, new_part)
        arrived = steps.step(union([new, new_part]), edges, direction)
