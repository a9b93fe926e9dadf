"""RDF terms as this package holds them.

A resource is a string: an IRI without angle brackets, a blank node as ``_:label``, or, in graphs
that do not come from RDF, any plain name. A literal is a `Literal`: two literals are equal where
their text, datatype and language are (RDF 1.1 Concepts, section 3.3), so ``"5"`` and ``"05"`` of
xsd:integer are two terms of one value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from graphray.errors import ArgumentError

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"

TYPE: Final = f"{RDF}type"
SUBCLASS_OF: Final = f"{RDFS}subClassOf"
SUBPROPERTY_OF: Final = f"{RDFS}subPropertyOf"
CLASS: Final = f"{RDFS}Class"
PROPERTY: Final = f"{RDF}Property"
STRING: Final = f"{XSD}string"
LANG_STRING: Final = f"{RDF}langString"

STANDARD_PREFIXES: Final[Mapping[str, str]] = {"rdf": RDF, "rdfs": RDFS, "xsd": XSD, "owl": OWL}

_BLANK = "_:"
_LOCAL_NAME = re.compile(r"\w[\w.-]*")
# Schemes without "//"; "ex:thing" alone could be either an IRI or a CURIE.
_OPAQUE_SCHEMES = ("urn:", "mailto:", "tel:", "tag:", "data:", "did:", "doi:", "info:")


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal: its text, its datatype, and the language of a text that has one.

    With a language, which is kept in lower case, the datatype is rdf:langString, as RDF has it.
    Raises ArgumentError where the text is no string.

    >>> Literal("Berlin", language="de").datatype
    'http://www.w3.org/1999/02/22-rdf-syntax-ns#langString'
    """

    value: str
    datatype: str = STRING
    language: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.value, str):
            raise ArgumentError(
                f"the text of a literal is a string, not {self.value!r}; see Literal.of"
            )
        if self.language is not None:
            # Language tags that differ in case are one (RDF 1.1 Concepts, section 3.3).
            object.__setattr__(self, "language", self.language.lower())
            object.__setattr__(self, "datatype", LANG_STRING)

    @classmethod
    def of(cls, value: Any) -> Literal:
        """The literal of a Python number, truth value, date or time.

        Raises:
            ArgumentError: where the value is none of these.

        >>> Literal.of(5).datatype
        'http://www.w3.org/2001/XMLSchema#integer'
        """
        if isinstance(value, Literal):
            return value
        if isinstance(value, bool):
            return cls("true" if value else "false", f"{XSD}boolean")
        if isinstance(value, int):
            return cls(str(value), f"{XSD}integer")
        if isinstance(value, float):
            return cls(float_text(value), f"{XSD}double")
        if isinstance(value, datetime):
            return cls(value.isoformat().replace("+00:00", "Z"), f"{XSD}dateTime")
        if isinstance(value, date):
            return cls(value.isoformat(), f"{XSD}date")
        raise ArgumentError(
            f"{value!r} is no literal; expected a Literal, int, float, bool, date or datetime"
        )


def float_text(value: float) -> str:
    """A number as XML Schema spells it.

    >>> float_text(1.5), float_text(float("-inf"))
    ('1.5', '-INF')
    """
    # NumPy's scalars are floats as well, but show themselves otherwise.
    return repr(float(value)).replace("inf", "INF").replace("nan", "NaN")


class Triple(NamedTuple):
    """A statement: subject and predicate are resources, the object a resource or a literal."""

    subject: str
    predicate: str
    object: str | Literal


def is_blank(term: str) -> bool:
    """Whether a resource is a blank node."""
    return term.startswith(_BLANK)


def is_absolute(term: str) -> bool:
    """Whether a resource is an IRI as it stands, rather than a CURIE or a plain name.

    >>> is_absolute("http://example.org/a"), is_absolute("urn:isbn:1"), is_absolute("ex:a")
    (True, True, False)
    """
    return "://" in term or term.lower().startswith(_OPAQUE_SCHEMES)


class Prefixes:
    """Prefixes and the namespaces they stand for; rdf, rdfs, xsd and owl are always there.

    Args:
        declared: prefix to namespace, in addition; may give the standard ones another meaning.
    """

    def __init__(self, declared: Mapping[str, str] | None = None) -> None:
        self.namespaces: dict[str, str] = {**STANDARD_PREFIXES, **(declared or {})}
        # The longest namespace first: it leaves the shortest local name.
        self._by_length = sorted(self.namespaces.items(), key=lambda item: -len(item[1]))

    def expand(self, term: str) -> str:
        """The IRI of a CURIE, of ``<...>``, or of what is no CURIE: itself.

        Raises:
            ArgumentError: where the prefix is not known.

        >>> Prefixes({"ex": "http://example.org/"}).expand("ex:a")
        'http://example.org/a'
        """
        if term.startswith("<") and term.endswith(">"):
            return term[1:-1]
        prefix, colon, local = term.partition(":")
        if not colon or is_blank(term):
            return term
        if prefix in self.namespaces and not local.startswith("//"):
            return self.namespaces[prefix] + local
        if is_absolute(term):
            return term
        raise ArgumentError(
            f"the prefix {prefix!r} of {term!r} is not known; known: "
            f"{', '.join(self.namespaces)}; pass prefixes={{{prefix!r}: ...}}, or write <{term}> "
            "if it is an IRI"
        )

    def compact(self, iri: str) -> str | None:
        """The CURIE of an IRI, or None where no namespace fits.

        >>> Prefixes().compact("http://www.w3.org/2000/01/rdf-schema#label")
        'rdfs:label'
        """
        for prefix, namespace in self._by_length:
            local = iri[len(namespace) :]
            if iri.startswith(namespace) and _LOCAL_NAME.fullmatch(local):
                return f"{prefix}:{local}"
        return None


def local_name(iri: str) -> str | None:
    """What follows the last ``#`` or ``/`` of an IRI, where that is a name.

    >>> local_name("http://example.org/ns#Person"), local_name("/people/person")
    ('Person', None)
    """
    if not is_absolute(iri):
        return None
    local = re.split("[#/:]", iri)[-1]
    return local if _LOCAL_NAME.fullmatch(local) else None
