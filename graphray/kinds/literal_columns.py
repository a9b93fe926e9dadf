"""From triples with literals to columns of node tables.

One column per node type, predicate, datatype and language. A column is of lists where at least one
node has several values; their order means nothing, as in RDF.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.kinds.literals import type_texts
from graphray.kinds.terms import LANG_STRING
from graphray.kinds.vocabulary import LiteralColumn, column_name, written_name

Ints = npt.NDArray[Any]


@dataclass(frozen=True)
class Facts:
    """Triples whose object is a literal, in numbers.

    Attributes:
        subjects: integers ``[m]``, numbers of resources.
        predicates: integers ``[m]``, numbers of predicates.
        texts: ``[m]`` strings.
        datatypes: ``[m]`` strings, dictionary-encoded.
        languages: ``[m]`` strings, dictionary-encoded; null where there is none.
    """

    subjects: Ints
    predicates: Ints
    texts: pa.Array
    datatypes: pa.DictionaryArray
    languages: pa.DictionaryArray


@dataclass(frozen=True)
class Members:
    """The resources of one node type.

    Attributes:
        name: the type's name.
        resources: integers ``[n]``, the numbers of its resources, rising.
    """

    name: str
    resources: Ints


def literal_columns(
    facts: Facts,
    members: Sequence[Members],
    predicates: Sequence[tuple[str, str]],
    datatype_names: Mapping[str, str],
) -> tuple[dict[str, dict[str, pa.Array]], tuple[LiteralColumn, ...]]:
    """The columns of every node type, and what each stands for.

    Args:
        facts: the triples.
        members: the node types; every subject is in one.
        predicates: IRI and name of every predicate, by number.
        datatype_names: the names of the datatypes, by IRI.
    """
    columns: dict[str, dict[str, pa.Array]] = {kind.name: {} for kind in members}
    described = []
    usual = _usual_datatypes(facts)
    for kind, predicate, datatype, language, at in _groups(facts, members):
        iri, name = predicates[predicate]
        column = column_name(
            name,
            datatype_names[datatype],
            language,
            is_usual=usual.get(predicate) == datatype,
        )
        typed = type_texts(facts.texts.take(pa.array(at)), datatype)
        rows = np.searchsorted(kind.resources, facts.subjects[at])
        columns[kind.name][column] = _column(typed.values, rows, len(kind.resources))
        written = None
        if typed.written is not None:
            written = written_name(column)
            columns[kind.name][written] = _column(typed.written, rows, len(kind.resources))
        described.append(LiteralColumn(kind.name, column, iri, datatype, language, written))
    return columns, tuple(described)


def _groups(
    facts: Facts, members: Sequence[Members]
) -> Iterator[tuple[Members, int, str, str | None, Ints]]:
    """The facts of each column: node type, predicate, datatype, language, and their rows.

    Rows rise by subject.
    """
    if len(facts.subjects) == 0:
        return
    type_of = np.empty(max(int(kind.resources[-1]) for kind in members) + 1, np.int64)
    for code, kind in enumerate(members):
        type_of[kind.resources] = code
    types = type_of[facts.subjects]
    datatypes = facts.datatypes.indices.to_numpy()
    languages = facts.languages.indices.fill_null(-1).to_numpy()
    order = np.lexsort((facts.subjects, languages, datatypes, facts.predicates, types))
    keys = np.stack([types, facts.predicates, datatypes, languages])[:, order]
    starts = np.flatnonzero((np.diff(keys, axis=1) != 0).any(axis=0)) + 1
    for at in np.split(order, starts):
        first = at[0]
        language = facts.languages[first].as_py()
        yield (
            members[types[first]],
            int(facts.predicates[first]),
            facts.datatypes[first].as_py(),
            language,
            at,
        )


def _usual_datatypes(facts: Facts) -> dict[int, str]:
    """The most frequent datatype of each predicate, texts in a language apart."""
    names = facts.datatypes.dictionary.to_pylist()
    pairs, counts = np.unique(
        np.stack([facts.predicates, facts.datatypes.indices.to_numpy()]), axis=1, return_counts=True
    )
    found = [
        (count, names[datatype], int(predicate))
        for (predicate, datatype), count in zip(pairs.T.tolist(), counts.tolist(), strict=True)
        if names[datatype] != LANG_STRING
    ]
    return {predicate: datatype for _, datatype, predicate in sorted(found)}


def _column(values: pa.Array, rows: Ints, num_rows: int) -> pa.Array:
    """Values in their rows (rising), null in others; lists where a row has several."""
    counts = np.bincount(rows, minlength=num_rows)
    if counts.max() > 1:
        offsets = np.concatenate([[0], np.cumsum(counts)])
        return pa.LargeListArray.from_arrays(offsets, values, mask=pa.array(counts == 0))
    place = np.zeros(num_rows, np.int64)
    place[rows] = np.arange(len(rows))
    return values.take(pa.array(place, mask=counts == 0))
