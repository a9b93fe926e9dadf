"""Reading RDF: N-Triples, Turtle, RDF/XML, JSON-LD and their kin, streamed through pyoxigraph.

Blank nodes are local to their file. A label that a line format writes is kept, unless an earlier
file used it too; the others, which Turtle, RDF/XML and JSON-LD leave to the reader, are numbered in
order of appearance, so that reading twice gives the same graph.
"""

from __future__ import annotations

import bz2
import gzip
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from graphray.errors import ArgumentError, InputError, InputNotFound, missing_dependency
from graphray.kinds.terms import Literal, Triple
from graphray.kinds.triples import Triples, triples_table
from graphray.progress import Progress, progress

FORMATS: Mapping[str, str] = {
    ".nt": "N_TRIPLES",
    ".nq": "N_QUADS",
    ".ttl": "TURTLE",
    ".trig": "TRIG",
    ".rdf": "RDF_XML",
    ".owl": "RDF_XML",
    ".xml": "RDF_XML",
    ".jsonld": "JSON_LD",
    ".json": "JSON_LD",
}
"""File suffix (also followed by ``.gz`` or ``.bz2``) to the format, as pyoxigraph calls it."""

RdfPath = str | os.PathLike[str]
_LINE_FORMATS = ("N_TRIPLES", "N_QUADS")
_OPENERS: Mapping[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
_PROGRESS_EVERY = 10_000


def read_rdf(
    paths: RdfPath | Sequence[RdfPath], *, format: str | None = None, base: str | None = None
) -> Triples:
    """Read RDF files into one graph.

    Args:
        paths: one file or several; compressed ones by their suffix ``.gz`` or ``.bz2``.
        format: a suffix of `FORMATS`, such as ``"ttl"``; None for what the file's own suffix says.
        base: the IRI against which relative ones are resolved.

    Returns:
        The triples and the prefixes that the files declare. Named graphs are merged into one, and
        ``lost`` says so.

    Raises:
        InputNotFound: where a file is absent.
        InputError: where a file is malformed, naming file and line.
        MissingDependency: where pyoxigraph is not installed.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "people.ttl")
        >>> _ = file.write_text('@prefix ex: <http://example.org/> . ex:ann ex:knows ex:bob .')
        >>> triples = read_rdf(file)
        >>> triples.table.column("subject").to_pylist(), triples.prefixes["ex"]
        (['http://example.org/ann'], 'http://example.org/')
    """
    try:
        import pyoxigraph
    except ImportError:
        raise missing_dependency("pyoxigraph", "rdf", "reading RDF") from None
    files = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not files:
        raise InputNotFound("no files to read: the list of paths is empty")
    reading = _Reading(pyoxigraph, base)
    with progress("reading triples", unit="triples") as bar:
        table = triples_table(
            triple
            for file in files
            for triple in reading.file(Path(file), _format_of(file, format), bar)
        )
    lost = ("which named graph each triple was in",) if reading.has_named_graphs else ()
    return Triples(table, reading.prefixes, lost)


def _format_of(path: RdfPath, named: str | None) -> str:
    suffixes = [s.lower() for s in Path(path).suffixes if s.lower() not in _OPENERS]
    wanted = f".{named.lstrip('.').lower()}" if named else (suffixes[-1] if suffixes else "")
    if wanted in FORMATS:
        return FORMATS[wanted]
    known = ", ".join(FORMATS)
    if named:
        raise ArgumentError(f"format = {named!r}; expected one of {known}")
    raise InputError(
        f"files of type {wanted!r} are not read as RDF; use {known}, or pass format=...",
        source=str(path),
    )


class _Reading:
    """Several files on their way into one graph."""

    def __init__(self, pyoxigraph: Any, base: str | None) -> None:
        self._rdf = pyoxigraph
        self._base = base
        self._blanks_taken: set[str] = set()
        self._blanks_numbered = 0
        self.prefixes: dict[str, str] = {}
        self.has_named_graphs = False

    def file(self, path: Path, format: str, bar: Progress) -> Iterator[Triple]:
        """The triples of one file."""
        try:
            with _OPENERS.get(path.suffix.lower(), open)(path, "rb") as stream:
                yield from self._parse(stream, format, bar)
        except FileNotFoundError as error:
            raise InputNotFound("there is no such file", source=str(path)) from error
        except SyntaxError as error:
            # The line is in the message too; it is said once.
            problem = re.sub(r"^Parser error at line .*?: |\s*\(line \d+\)$", "", str(error))
            raise InputError(problem, source=str(path), row=error.lineno) from error
        except _TermError as error:
            raise InputError(str(error), source=str(path)) from error
        except (OSError, EOFError) as error:
            raise InputError(f"cannot be read: {error}", source=str(path)) from error

    def _parse(self, stream: IO[bytes], format: str, bar: Progress) -> Iterator[Triple]:
        parser = self._rdf.parse(
            stream, format=getattr(self._rdf.RdfFormat, format), base_iri=self._base
        )
        labels: dict[str, str] = {}
        default_graph = self._rdf.DefaultGraph()
        for count, quad in enumerate(parser, 1):
            if quad.graph_name != default_graph:
                self.has_named_graphs = True
            yield Triple(
                self._resource(quad.subject, labels, format),
                quad.predicate.value,
                self._object(quad.object, labels, format),
            )
            if count % _PROGRESS_EVERY == 0:
                bar.advance(_PROGRESS_EVERY)
        self.prefixes.update(parser.prefixes)

    def _object(self, term: Any, labels: dict[str, str], format: str) -> str | Literal:
        if not isinstance(term, self._rdf.Literal):
            return self._resource(term, labels, format)
        if term.language is None:
            return Literal(term.value, term.datatype.value)
        direction = getattr(term, "direction", None)
        language = f"{term.language}--{direction}" if direction else term.language
        return Literal(term.value, language=language)

    def _resource(self, term: Any, labels: dict[str, str], format: str) -> str:
        if isinstance(term, self._rdf.NamedNode):
            return term.value
        if not isinstance(term, self._rdf.BlankNode):
            raise _TermError(f"{term} is a triple within a triple (RDF 1.2), which is not read")
        if term.value not in labels:
            labels[term.value] = self._new_label(term.value, keep=format in _LINE_FORMATS)
        return labels[term.value]

    def _new_label(self, written: str, keep: bool) -> str:
        label = written
        while not keep or label in self._blanks_taken:
            keep = True
            label = f"b{self._blanks_numbered}"
            self._blanks_numbered += 1
        self._blanks_taken.add(label)
        return f"_:{label}"


class _TermError(Exception):
    """A term that is well-formed, but that this package does not hold."""
