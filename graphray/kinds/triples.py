"""Triples as a table: what every reader of knowledge graphs returns.

Columns, all strings: ``subject``, ``predicate``, ``object``, ``datatype`` (null where the object is
a resource), ``language`` (null where it has none); terms are written as in `graphray.kinds.terms`.
Any further column belongs to the statement itself and becomes a property of its edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from graphray.errors import InputError
from graphray.ingest.source import Piece, Source
from graphray.kinds.terms import Literal, Triple

SUBJECT, PREDICATE, OBJECT = "subject", "predicate", "object"
DATATYPE, LANGUAGE = "datatype", "language"
TERM_COLUMNS = (SUBJECT, PREDICATE, OBJECT, DATATYPE, LANGUAGE)
TERM_SCHEMA = pa.schema([(name, pa.large_string()) for name in TERM_COLUMNS])
_CHUNK_ROWS = 1 << 16


@dataclass(frozen=True)
class Triples:
    """Triples that were read, and what came with them.

    Attributes:
        table: the columns above.
        prefixes: prefix to namespace, as the files declare them.
        lost: what the reader could not carry over, in sentences for a person.
        pieces: where the rows of the table are from; empty where that is not known, as in formats
            whose triples have no lines of their own.
    """

    table: pa.Table
    prefixes: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = ()

    def problem(
        self, message: str, first: str, second: str, predicates: Sequence[str]
    ) -> InputError:
        """The error about the first triple that joins two resources, in whichever direction.

        Args:
            message: what is wrong.
            first: one resource.
            second: the other.
            predicates: the IRIs that the triple may have.
        """
        if not self.pieces:
            return InputError(message)
        ends = [(first, second), (second, first)]
        subject, value = self.table[SUBJECT], self.table[OBJECT]
        forth, back = (pc.and_(pc.equal(subject, s), pc.equal(value, o)) for s, o in ends)
        wanted = pa.array(predicates, pa.large_string())
        is_link = pc.and_(
            pc.is_in(self.table[PREDICATE], value_set=wanted), pc.is_null(self.table[DATATYPE])
        )
        row = pc.index(pc.and_(pc.or_(forth, back), is_link), True).as_py()
        return Source(self.table, self.pieces).problem(message, row=row)


def triples_table(triples: Iterable[Triple]) -> pa.Table:
    """The table of some triples, built in pieces as they arrive.

    >>> triples_table([Triple("ex:a", "ex:age", Literal.of(5))]).column("object").to_pylist()
    ['5']
    """
    return pa.Table.from_batches(_batches(triples), TERM_SCHEMA)


def _batches(triples: Iterable[Triple]) -> Iterator[pa.RecordBatch]:
    columns: list[list[str | None]] = [[] for _ in TERM_COLUMNS]
    subjects, predicates, objects, datatypes, languages = columns
    for subject, predicate, value in triples:
        subjects.append(subject)
        predicates.append(predicate)
        if isinstance(value, Literal):
            objects.append(value.value)
            datatypes.append(value.datatype)
            languages.append(value.language)
        else:
            objects.append(value)
            datatypes.append(None)
            languages.append(None)
        if len(subjects) == _CHUNK_ROWS:
            yield _batch(columns)
            for column in columns:
                column.clear()
    yield _batch(columns)


def _batch(columns: list[list[str | None]]) -> pa.RecordBatch:
    return pa.record_batch([pa.array(c, pa.large_string()) for c in columns], schema=TERM_SCHEMA)
