"""Questions about nodes and rows, answered from a partition as of one time."""

from __future__ import annotations

from graphray.changes.changed_table import ChangedTable
from graphray.changes.node_table import arrow_ids
from graphray.changes.queries import Answer, Locate, ReadNodes, ReadRows
from graphray.changes.reading import Reading
from graphray.errors import ArgumentError
from graphray.schema import Relation


def answer(reading: Reading, question: Locate | ReadNodes | ReadRows) -> Answer:
    """The answer to a question.

    Raises:
        ArgumentError: where it names what the partition does not have, or a column that this
            replica does not keep.
    """
    match question:
        case Locate(node_type, ids):
            expected = _nodes(reading, node_type).ids.dtype
            if arrow_ids(ids).type != expected:
                raise ArgumentError(
                    f"ids of {node_type} are of type {expected}, not {arrow_ids(ids).type}"
                )
            return reading.locate(node_type, ids)
        case ReadNodes(node_type, stable, columns):
            _require(reading, node_type, _nodes(reading, node_type), columns)
            return reading.read_nodes(node_type, stable, columns)
        case ReadRows(relation, direction, stable, columns):
            table = reading.edges.get((relation, direction))
            if table is None:
                raise ArgumentError(f"there is no adjacency {direction!r} of relation {relation}")
            _require(reading, relation, table, columns)
            return reading.read_rows((relation, direction), stable, columns)


def _nodes(reading: Reading, node_type: str) -> ChangedTable:
    table = reading.nodes.get(node_type)
    if table is None:
        raise ArgumentError(f"there is no node type {node_type!r}")
    return table


def _require(
    reading: Reading, owner: str | Relation, table: ChangedTable, columns: tuple[str, ...]
) -> None:
    if not columns:
        return
    unknown = [column for column in columns if column not in table.column_types]
    if unknown:
        raise ArgumentError(
            f"{owner} has no column {', '.join(unknown)}; "
            f"it has: {', '.join(table.column_types) or 'none'}"
        )
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ArgumentError(
            f"this replica of partition {reading.part} does not keep {', '.join(missing)} of "
            f"{owner}; it keeps: {', '.join(table.columns) or 'no columns'}"
        )
