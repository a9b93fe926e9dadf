"""Which replica keeps which property columns, under partial replication.

Every replica keeps the topology of its partition. Of the columns each keeps a share: what the user
chose, or every column on two replicas, dealt out in turn. A share is a set of tags (see
`graphray.changes.coverage`) and belongs to the number of a replica, in every partition: whoever
comes in place of a replica that was lost keeps what it kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from graphray.changes.coverage import edge_column_tag, node_column_tag
from graphray.errors import ArgumentError, RelationNotFound
from graphray.schema import Column, GraphSchema, require_column

Share: TypeAlias = frozenset[str]

ALL = "all"
_COPIES = 2


def all_columns(schema: GraphSchema) -> tuple[str, ...]:
    """The tags of all property columns, in the order of the schema."""
    nodes = (node_column_tag(t.name, c.name) for t in schema.node_types for c in t.columns)
    edges = (edge_column_tag(r.relation, c.name) for r in schema.relations for c in r.columns)
    return (*nodes, *edges)


def column_shares(
    schema: GraphSchema, replicas: int, coverage: Mapping[int, Any] | None = None
) -> tuple[Share, ...]:
    """What each replica keeps.

    Args:
        schema: the graph's.
        replicas: how many there are.
        coverage: see `graphray.LaunchOptions`; None to deal the columns out in turn.

    Returns:
        Tags, by the number of the replica.

    Raises:
        ArgumentError: where a replica or a column does not exist, or nobody keeps some column.

    Example:
        >>> from graphray.schema import Column, NodeType
        >>> columns = tuple(Column(name, "int64") for name in "xyz")
        >>> schema = GraphSchema((NodeType("paper", "integer", columns),), ())
        >>> [sorted(share) for share in column_shares(schema, 3)][0]
        ['node:paper:x', 'node:paper:z']
        >>> [len(share) for share in column_shares(schema, 2, {1: {"paper": ["x"]}})]
        [3, 1]
    """
    tags = all_columns(schema)
    if coverage is None:
        return _dealt_out(tags, replicas)
    for number in coverage:
        if number not in range(replicas):
            raise ArgumentError(
                f"coverage names replica {number!r}; there are {replicas}, numbered from 0"
            )
    shares = tuple(_chosen(schema, n, coverage.get(n, ALL)) for n in range(replicas))
    if nobodys := sorted(set(tags).difference(*shares)):
        raise ArgumentError(
            f"coverage: no replica keeps {', '.join(nobodys)}; every column has to be on one at "
            "least, and on two if it is to survive the loss of a disk"
        )
    return shares


def cover(wanted: Share, shares: Iterable[Share]) -> list[Share]:
    """Split columns so that each group is kept by one replica; as few groups as are found quickly.

    What nobody keeps is a group of its own.

    >>> [sorted(g) for g in cover(frozenset("abc"), [frozenset("ax"), frozenset("bc")])]
    [['b', 'c'], ['a']]
    """
    groups, candidates = [], sorted(set(shares), key=sorted)
    while wanted:
        best = max((wanted & share for share in candidates), key=len, default=frozenset())
        group = best or wanted
        groups.append(group)
        wanted = wanted - group
    return groups


def _dealt_out(tags: Sequence[str], replicas: int) -> tuple[Share, ...]:
    copies = min(_COPIES, replicas)
    shares: list[set[str]] = [set() for _ in range(replicas)]
    for number, tag in enumerate(tags):
        for copy in range(copies):
            shares[(number + copy) % replicas].add(tag)
    return tuple(map(frozenset, shares))


def _chosen(schema: GraphSchema, replica: int, chosen: Any) -> Share:
    if chosen == ALL:
        return frozenset(all_columns(schema))
    if not isinstance(chosen, Mapping):
        raise ArgumentError(
            f"coverage[{replica}] = {chosen!r}; expected 'all', or columns by node type or "
            "relation, such as {'paper': ['x']}; {} for none"
        )
    found: set[str] = set()
    for owner, columns in chosen.items():
        found |= _tags(schema, f"coverage[{replica}]", owner, columns)
    return frozenset(found)


def _tags(schema: GraphSchema, what: str, owner: Any, columns: Any) -> Share:
    if owner in schema.node_type_names:
        known = schema.node_type(owner).columns
        names = _names(known, f"{what}: node type {owner!r}", columns)
        return frozenset(node_column_tag(owner, name) for name in names)
    try:
        kind = schema.relation_type(owner)
    except RelationNotFound as error:
        raise ArgumentError(
            f"{what}: {owner!r} is none of the node types {', '.join(schema.node_type_names)}, and "
            f"{error}"
        ) from error
    names = _names(kind.columns, f"{what}: relation {kind.relation}", columns)
    return frozenset(edge_column_tag(kind.relation, name) for name in names)


def _names(known: Sequence[Column], owner: str, columns: Any) -> list[str]:
    if columns == ALL:
        return [column.name for column in known]
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise ArgumentError(f"{owner}: {columns!r}; expected 'all' or a list of columns")
    return [require_column(known, name, owner).name for name in columns]
