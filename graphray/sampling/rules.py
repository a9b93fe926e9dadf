"""From the columns that a plan names to a rule of drawing per relation, checked at the door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from graphray.errors import ArgumentError
from graphray.reading.draws.rule import DrawRule
from graphray.reading.draws.temporal import Strategy, Temporal
from graphray.reading.draws.temporal_weighted import TemporalWeighted
from graphray.reading.draws.weighted import Weighted
from graphray.sampling.plan import RelationName
from graphray.schema import Column, Direction, GraphSchema, Relation, require_column

TIME_DTYPES = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"})
WEIGHT_DTYPES = TIME_DTYPES | {"uint64", "float", "double"}

ByRelation = str | Mapping[RelationName, str] | None
ByNodeType = str | Mapping[str, str] | None


def edge_columns(
    schema: GraphSchema, relations: Iterable[Relation], columns: ByRelation, name: str
) -> dict[Relation, Column]:
    """The column that a parameter names for each relation that is followed.

    Args:
        schema: the graph's schema.
        relations: those that are followed.
        columns: a column's name for all of them, or by relation; None for none.
        name: the parameter.

    Raises:
        ColumnNotFound: where a relation has no such column.
        RelationNotFound: where the graph has no such relation.
        ArgumentError: where a relation is named that is not followed.
    """
    followed = list(relations)
    if columns is None:
        return {}
    if isinstance(columns, str):
        columns = dict.fromkeys(followed, columns)
    found = {}
    for key, column in columns.items():
        kind = schema.relation_type(key)
        if kind.relation not in followed:
            raise ArgumentError(
                f"{name} names relation {kind.relation}, which the fanout does not follow"
            )
        found[kind.relation] = require_column(kind.columns, column, f"relation {kind.relation}")
    return found


def node_columns(
    schema: GraphSchema, node_types: Iterable[str], columns: ByNodeType
) -> dict[str, Column]:
    """The column of times of each node type that has one.

    Args:
        schema: the graph's schema.
        node_types: those that are sampled.
        columns: a column's name for all of them, or by node type; None for none.

    Raises:
        ColumnNotFound: where a node type has no such column.
        NodeTypeNotFound: where the graph has no such node type.
        ArgumentError: where the column does not hold integers.
    """
    if columns is None:
        return {}
    if isinstance(columns, str):
        columns = dict.fromkeys(node_types, columns)
    found = {}
    for name, column in columns.items():
        kind = schema.node_type(name)
        found[name] = require_column(kind.columns, column, f"node type {name!r}")
        _require_dtype(found[name], TIME_DTYPES, "node_time", f"node type {name!r}")
    return found


def weight_columns(
    schema: GraphSchema, relations: Iterable[Relation], columns: ByRelation
) -> dict[Relation, Column]:
    """The column of weights of each relation that has one.

    Raises:
        ColumnNotFound: as `edge_columns`, as the next.
        RelationNotFound: see there.
        ArgumentError: see there; and where a column does not hold numbers.
    """
    found = edge_columns(schema, relations, columns, "weight")
    for relation, column in found.items():
        _require_dtype(column, WEIGHT_DTYPES, "weight", f"relation {relation}")
    return found


def weighted_rules(columns: Mapping[Relation, Column], replace: bool) -> dict[Relation, DrawRule]:
    """The rules of relations with weights."""
    return {relation: Weighted(column.name, replace) for relation, column in columns.items()}


@dataclass(frozen=True)
class TemporalDraws:
    """How draws by time are made, whatever the column.

    Attributes:
        strategy: as for `graphray.reading.draws.temporal.Temporal`, like the next two.
        max_age: see there.
        replace: see there.
    """

    strategy: Strategy
    max_age: int | None
    replace: bool

    def rule(self, column: str, of: Literal["edge", "neighbor"], weight: Column | None) -> DrawRule:
        """The rule of a relation with a column of times."""
        if weight is None:
            return Temporal(column, of, self.strategy, self.max_age, self.replace)
        return TemporalWeighted(column, of, weight.name, self.max_age, self.replace)


def temporal_rules(
    relations: Iterable[Relation],
    direction: Direction,
    edge_times: Mapping[Relation, Column],
    node_times: Mapping[str, Column],
    weights: Mapping[Relation, Column],
    draws: TemporalDraws,
) -> dict[Relation, DrawRule]:
    """The rules of relations with times, of their edges or of the neighbours they lead to.

    Relations without times are left out.

    Raises:
        ArgumentError: where edges' times are no integers, or a relation has times of both kinds.
    """
    rules: dict[Relation, DrawRule] = {}
    for relation in relations:
        far_type = relation.far_type(direction)
        edge_time, node_time = edge_times.get(relation), node_times.get(far_type)
        weight = weights.get(relation)
        if edge_time is not None and node_time is not None:
            raise ArgumentError(
                f"relation {relation} has both an edge_time and the node_time of {far_type!r}; "
                "name one of the two for it"
            )
        if edge_time is not None:
            _require_dtype(edge_time, TIME_DTYPES, "edge_time", f"relation {relation}")
            rules[relation] = draws.rule(edge_time.name, "edge", weight)
        elif node_time is not None:
            rules[relation] = draws.rule(node_time.name, "neighbor", weight)
    return rules


def _require_dtype(column: Column, accepted: frozenset[str], name: str, owner: str) -> None:
    if column.dtype not in accepted:
        kind = "integers" if accepted is TIME_DTYPES else "numbers"
        raise ArgumentError(
            f"{name}: column {column.name!r} of {owner} is of type {column.dtype}; "
            f"expected {kind}, as one of {', '.join(sorted(accepted))}"
        )
