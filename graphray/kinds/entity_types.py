"""Which node type each resource of a knowledge graph belongs to.

A resource is a class (rdfs:Class) where something is said to be of its type, or it stands at an end
of rdfs:subClassOf; a property (rdf:Property) where it stands at an end of rdfs:subPropertyOf, or is
a predicate of which something is said. Any other is of the most specific of the classes that it is
said to belong to: the one deepest in the hierarchy of classes, of these the one with the fewest
members, of these the first by name. A class deeper than another can never be above it, so the
choice is always a most specific one. Classes that include each other are one step of the hierarchy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from graphray.kinds.generations import generations
from graphray.kinds.terms import CLASS, OWL, PROPERTY, RDFS, SUBCLASS_OF, SUBPROPERTY_OF, TYPE

Ints = npt.NDArray[Any]

UNTYPED: Final = -1
_CLASS_CLASSES = (CLASS, f"{OWL}Class", f"{RDFS}Datatype")
_PROPERTY_CLASSES = (
    PROPERTY,
    *(f"{OWL}{kind}Property" for kind in ("Object", "Datatype", "Annotation", "Functional")),
    *(f"{OWL}{kind}Property" for kind in ("InverseFunctional", "Transitive", "Symmetric")),
)
# What everything is a member of says nothing about it.
_UNSPECIFIC = (f"{OWL}Thing", f"{RDFS}Resource", f"{OWL}NamedIndividual")


@dataclass(frozen=True)
class Links:
    """Triples whose object is a resource, in numbers.

    Attributes:
        resources: every resource that is a subject or an object, distinct.
        predicates: every predicate, distinct.
        subjects: integers ``[m]``, positions in ``resources``.
        relations: integers ``[m]``, positions in ``predicates``.
        objects: integers ``[m]``, positions in ``resources``.
    """

    resources: pa.Array
    predicates: pa.Array
    subjects: Ints
    relations: Ints
    objects: Ints

    def ends(self, predicate: str) -> tuple[Ints, Ints]:
        """Subjects and objects of one predicate."""
        at = self.relations == pc.index(self.predicates, predicate).as_py()
        return self.subjects[at], self.objects[at]


def entity_types(links: Links) -> tuple[list[str], Ints]:
    """The node type of every resource, by the IRI of its class.

    Returns:
        The classes that are node types, in order of appearance, and ``int64[resources]``: positions
        in that list, or `UNTYPED`.
    """
    members, classes = links.ends(TYPE)
    chosen = _most_specific(links, members, classes)
    is_class, is_property = _schema_resources(links, members, classes)
    class_code, property_code = len(links.resources), len(links.resources) + 1
    chosen[is_property] = property_code
    chosen[is_class] = class_code
    used, first = np.unique(chosen, return_index=True)
    used = used[np.argsort(first)]
    used = used[used != UNTYPED]
    position = np.full(len(links.resources) + 3, UNTYPED)
    position[used] = np.arange(len(used))
    names = [
        {class_code: CLASS, property_code: PROPERTY}.get(code) or links.resources[code].as_py()
        for code in used.tolist()
    ]
    return names, position[chosen]


def _schema_resources(links: Links, members: Ints, classes: Ints) -> tuple[Ints, Ints]:
    """Which resources are classes, and which are properties, as ``bool[resources]`` each."""
    is_class, is_property = np.zeros((2, len(links.resources)), bool)
    is_class[classes] = True
    for mask, hierarchy, kinds in (
        (is_class, SUBCLASS_OF, _CLASS_CLASSES),
        (is_property, SUBPROPERTY_OF, _PROPERTY_CLASSES),
    ):
        for end in links.ends(hierarchy):
            mask[end] = True
        mask[members[np.isin(classes, _known(links.resources, kinds))]] = True
    is_property |= np.asarray(pc.is_in(links.resources, links.predicates))
    return is_class, is_property


def _most_specific(links: Links, members: Ints, classes: Ints) -> Ints:
    """The most specific class of each resource, or `UNTYPED`, as ``int64[resources]``."""
    present = np.unique(classes)
    depth = _class_depths(links)[present]
    depth[np.isin(present, _known(links.resources, _UNSPECIFIC))] = -1
    sizes = np.bincount(classes, minlength=len(links.resources))[present]
    by_name = np.empty(len(present), np.int64)
    by_name[pc.sort_indices(links.resources.take(pa.array(present))).to_numpy()] = np.arange(
        len(present)
    )
    order = present[np.lexsort((-by_name, -sizes, depth))]
    rank = np.full(len(links.resources), UNTYPED)
    rank[order] = np.arange(len(order))
    best = np.full(len(links.resources), UNTYPED)
    np.maximum.at(best, members, rank[classes])
    return np.append(order, UNTYPED)[best]


def _class_depths(links: Links) -> Ints:
    """How deep each resource is in the hierarchy of classes, as ``int32[resources]``."""
    below, above = links.ends(SUBCLASS_OF)
    count = len(links.resources)
    edges = sparse.coo_matrix((np.ones(len(below), np.int8), (below, above)), (count, count))
    _, group = connected_components(edges, directed=True, connection="strong")
    between = group[below] != group[above]
    return generations(group[below][between], group[above][between], count)[group]


def _known(resources: pa.Array, iris: tuple[str, ...]) -> Ints:
    found = pc.index_in(pa.array(iris, resources.type), resources)
    return found.drop_null().to_numpy()
