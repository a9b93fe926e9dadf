"""Triples in numbers: each distinct text once, and all else integers.

Texts are hashed once per column, into a dictionary; that a triple comes twice is then seen in
integers, and everything after works on positions in dictionaries.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.kinds.entity_types import Links
from graphray.kinds.literal_columns import Facts
from graphray.kinds.triples import (
    DATATYPE,
    LANGUAGE,
    OBJECT,
    PREDICATE,
    SUBJECT,
    TERM_COLUMNS,
)

Ints = npt.NDArray[Any]
_NULL = -1


class NumberedTriples(NamedTuple):
    """The distinct triples of a table.

    Attributes:
        links: those whose object is a resource.
        facts: those whose object is a literal.
        statements: a row per link: the further columns of the table.
    """

    links: Links
    facts: Facts
    statements: pa.Table


class _Column(NamedTuple):
    """A column of texts: ``codes`` are positions in ``texts``, or `_NULL`."""

    texts: pa.Array
    codes: Ints

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> _Column:
        encoded = column.dictionary_encode().unify_dictionaries().combine_chunks()
        return cls(encoded.dictionary, encoded.indices.fill_null(_NULL).to_numpy())

    def rows(self, rows: Ints) -> _Column:
        return _Column(self.texts, self.codes[rows])

    def compact(self) -> _Column:
        """Without the texts that no row has."""
        used, codes = np.unique(self.codes, return_inverse=True)
        return _Column(self.texts.take(pa.array(used)), codes)

    def to_arrow(self) -> pa.DictionaryArray:
        codes = pa.array(self.codes, pa.int32(), mask=self.codes == _NULL)
        return pa.DictionaryArray.from_arrays(codes, self.texts)


def number_triples(table: pa.Table) -> NumberedTriples:
    """Number the triples of a table (see `graphray.kinds.triples`) that has at least one."""
    columns = {name: _Column.of(table.column(name)) for name in table.column_names}
    distinct = pa.table({name: column.codes for name, column in columns.items()})
    distinct = distinct.group_by(distinct.column_names, use_threads=False).aggregate([])
    columns = {n: _Column(c.texts, distinct[n].to_numpy()) for n, c in columns.items()}
    is_link = columns[DATATYPE].codes == _NULL
    link_rows, fact_rows = np.flatnonzero(is_link), np.flatnonzero(~is_link)
    subjects, predicates = columns[SUBJECT], columns[PREDICATE]
    objects = columns[OBJECT].rows(link_rows).compact()
    # Subjects keep their numbers; what is an object only comes after them.
    resources = pc.unique(pa.chunked_array([subjects.texts, objects.texts]))
    object_numbers = pc.index_in(objects.texts, resources).to_numpy()
    links = Links(
        resources,
        predicates.texts,
        subjects.codes[link_rows],
        predicates.codes[link_rows],
        object_numbers[objects.codes],
    )
    facts = Facts(
        subjects.codes[fact_rows],
        predicates.codes[fact_rows],
        columns[OBJECT].rows(fact_rows).to_arrow().dictionary_decode(),
        columns[DATATYPE].rows(fact_rows).to_arrow(),
        columns[LANGUAGE].rows(fact_rows).to_arrow(),
    )
    statements = {
        name: column.rows(link_rows).to_arrow().dictionary_decode()
        for name, column in columns.items()
        if name not in TERM_COLUMNS
    }
    return NumberedTriples(links, facts, pa.table(statements))
