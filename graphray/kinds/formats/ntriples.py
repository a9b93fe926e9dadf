"""Writing N-Triples (RDF 1.1 N-Triples): one statement a line, in UTF-8."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from graphray.errors import InputError
from graphray.kinds.terms import STRING, Literal, Triple, is_absolute, is_blank

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r"})
_BLANK_NODE = re.compile(r"_:\w([\w.-]*[\w-])?")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*(--(ltr|rtl))?")
_NOT_IN_IRIS = re.compile(r'[\x00-\x20<>"{}|^`\\]')


def write_ntriples(
    triples: Iterable[Triple], path: str | os.PathLike[str], *, base: str | None = None
) -> int:
    r"""Write triples to a file, which is there only when all are in it.

    Args:
        triples: what to write.
        path: the file; one that is there is replaced.
        base: what to put before names that are no IRIs, whose special characters are then escaped
            with ``%``.

    Returns:
        How many triples were written.

    Raises:
        InputError: where a name is no IRI and there is no base, or a language tag or the label of
            a blank node is none.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "out.nt")
        >>> write_ntriples([Triple("http://a", "http://b", Literal("c", language="en"))], file)
        1
        >>> file.read_text()
        '<http://a> <http://b> "c"@en .\n'
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.part")
    count = 0
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            for subject, predicate, value in triples:
                terms = (_resource(subject, base), _resource(predicate, base), _object(value, base))
                file.write(" ".join(terms) + " .\n")
                count += 1
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _object(term: str | Literal, base: str | None) -> str:
    if not isinstance(term, Literal):
        return _resource(term, base)
    text = f'"{term.value.translate(_ESCAPES)}"'
    if term.language is not None:
        if not _LANGUAGE.fullmatch(term.language):
            raise InputError(f"{term.language!r} is no language tag, such as en or de-AT")
        return f"{text}@{term.language}"
    return text if term.datatype == STRING else f"{text}^^{_resource(term.datatype, base)}"


def _resource(term: str, base: str | None) -> str:
    if is_blank(term):
        if not _BLANK_NODE.fullmatch(term):
            raise InputError(
                f"{term!r} is no blank node: labels have letters, digits, '_', '-' and '.'"
            )
        return term
    if _is_iri(term):
        return f"<{term}>"
    if base is None:
        raise InputError(
            f"{term!r} is no absolute IRI, which N-Triples asks for; pass base=..., such as "
            'base="http://example.org/"'
        )
    return f"<{base}{quote(term, safe='')}>"


def _is_iri(term: str) -> bool:
    has_scheme = is_absolute(term) or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", term) is not None
    return has_scheme and _NOT_IN_IRIS.search(term) is None
