"""Checking a version of a store: its files, and that they are one graph.

What is checked, in this order; a later step is left out where an earlier one has shown that it
cannot be done:

1. every file is there, as long as the manifest says, with its checksum, and holds the columns of
   the schema;
2. nodes are as many as the partition book says, in rising stable id; the index leads to each once;
3. rows are those of the nodes; no entry leads to a node that there is not; rows are in canonical
   order;
4. every edge stands in the rows of both of its ends, with the same values.

Tables are mapped and read through once or twice, in blocks: memory does not grow with the graph.
"""

from __future__ import annotations

from graphray.checking.edge_checks import check_adjacency, check_directions
from graphray.checking.node_checks import check_index, check_nodes
from graphray.checking.report import CheckReport, Findings
from graphray.errors import StoreCorrupt
from graphray.progress import progress
from graphray.schema import GraphSchema
from graphray.shard import (
    EDGE,
    GID,
    ID,
    INDPTR,
    KEY,
    NEIGHBOR,
    STABLE,
    edges_table,
    index_table,
    nodes_table,
    rows_table,
)
from graphray.store.reader import Store


def check_store(store: Store) -> CheckReport:
    """Check a version of a store.

    Args:
        store: the version, opened with ``verify=True``, as it is by default.

    Returns:
        What was found; nothing is changed.

    Example:
        >>> import graphray, tempfile
        >>> store = graphray.build(([0, 1], [1, 0]), tempfile.mkdtemp() + "/store")
        >>> check_store(store).is_sound
        True
    """
    findings, schema, book = Findings(store), store.schema, store.book
    files = store.manifest.files
    with progress("checking files", len(files), "files") as bar:
        for part in range(store.parts):
            for table, columns in _expected_tables(schema).items():
                _check_file(store, part, table, columns, findings)
                bar.advance()
    if not findings.problems:
        for name in schema.node_type_names:
            check_nodes(store, name, findings)
    if not findings.problems:
        with progress("checking tables", len(schema.relations), "relations") as bar:
            for name in schema.node_type_names:
                check_index(store, name, findings)
            for kind in schema.relations:
                names = [(kind.relation, direction) for direction in kind.stored_directions]
                # All of them are checked, whatever the first one is like.
                sound = [check_adjacency(store, name, findings) for name in names]
                if all(sound):
                    check_directions(store, kind, findings)
                bar.advance()
    return CheckReport(
        str(store.uri),
        store.version,
        len(files),
        sum(book.num_nodes(name) for name in schema.node_type_names),
        sum(int(offsets[-1]) for offsets in book.edge_offsets.values()),
        findings.problems,
    )


def _expected_tables(schema: GraphSchema) -> dict[str, list[str]]:
    """The tables of every shard, and the columns that they have at least."""
    tables = {}
    for kind in schema.node_types:
        tables[nodes_table(kind.name)] = [ID, STABLE, *(c.name for c in kind.columns)]
        ids = [ID] if kind.id_kind == "string" else []
        tables[index_table(kind.name)] = [KEY, GID, *ids]
    for relation in schema.relations:
        for direction in relation.stored_directions:
            columns = [NEIGHBOR, EDGE, *(c.name for c in relation.columns)]
            tables[edges_table(relation.relation, direction)] = columns
            tables[rows_table(relation.relation, direction)] = [INDPTR]
    return tables


def _check_file(
    store: Store, part: int, table: str, columns: list[str], findings: Findings
) -> None:
    if not any((f.part, f.table) == (part, table) for f in store.manifest.files):
        findings.note(part, table, "the manifest names no file for it")
        return
    try:
        found = store.shard(part).table(table).schema.names
    except StoreCorrupt as error:
        findings.note(part, table, str(error))
        return
    missing = [column for column in columns if column not in found]
    if missing:
        findings.note(part, table, f"lacks the columns {', '.join(missing)}")
