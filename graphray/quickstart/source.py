"""What one source file defines and imports, read from its syntax tree.

`read_source` is a pure function of a file, small to send between processes, so that many files
are read at once. Definitions inside functions are not counted (no name reaches them from outside);
imports inside functions are, because they too make one module depend on another.

Where a name is defined more than once, as an ``if``/``else`` or ``@overload`` does, the last one
counts: that is the one Python would keep.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from graphray.quickstart.distributions import SourceFile

STAR = "*"


@dataclass(frozen=True)
class ImportedName:
    """``from module import name``; a plain ``import module`` has an empty name."""

    module: str
    name: str


@dataclass(frozen=True)
class ClassFacts:
    """A class statement; bases are dotted names as written, without subscripts."""

    lineno: int
    lines: int
    has_docstring: bool
    bases: tuple[str, ...]


@dataclass(frozen=True)
class FunctionFacts:
    """A function or method statement."""

    lineno: int
    lines: int
    has_docstring: bool
    parameters: int
    is_async: bool


@dataclass
class ModuleFacts:
    """What a module holds; names of classes and functions are relative to it (``Outer.inner``).

    ``bindings`` says what the module's top-level names stand for, where that is another name:
    ``{"np": ImportedName("numpy", "")}``. ``unresolved`` counts computed bases and imports that
    reach above the top package.
    """

    file: SourceFile
    size_bytes: int = 0
    lines: int = 0
    has_docstring: bool = False
    classes: dict[str, ClassFacts] = field(default_factory=dict)
    functions: dict[str, FunctionFacts] = field(default_factory=dict)
    imports: set[ImportedName] = field(default_factory=set)
    bindings: dict[str, ImportedName] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    imports_above_top: int = 0
    computed_bases: int = 0


def read_source(file: SourceFile) -> ModuleFacts | str:
    """Read one file; a file that cannot be read gives the reason as a string."""
    try:
        raw = Path(file.root, file.path).read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except OSError:
        return "file not readable"
    except (UnicodeDecodeError, SyntaxError, LookupError):
        return "file not in its declared encoding"
    facts = ModuleFacts(
        file,
        size_bytes=len(raw),
        lines=text.count("\n") + (not text.endswith("\n") and text != ""),
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in other people's strings
            tree = ast.parse(text)
        facts.has_docstring = _has_docstring(tree)
        _read_block(tree.body, "", False, facts)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # The last two are how Python answers to nesting that is too deep for it.
        return "file with a syntax error, such as Python 2"
    return facts


def absolute_name(file: SourceFile, level: int, target: str) -> str | None:
    """The module that ``from <level dots><target> import ...`` means in a file.

    >>> absolute_name(SourceFile("a.b.c", "/", "a/b/c.py", False), 2, "x")
    'a.x'
    """
    if level == 0:
        return target
    package = file.module.split(".") if file.is_package else file.module.split(".")[:-1]
    if level > len(package):
        return None
    base = package[: len(package) - level + 1]
    return ".".join([*base, target] if target else base)


def _read_block(body: list[ast.stmt], scope: str, in_function: bool, facts: ModuleFacts) -> None:
    """Read statements; ``scope`` is the class they stand in, or empty."""
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            _read_import(statement, binds=not in_function and not scope, facts=facts)
        elif isinstance(statement, ast.ClassDef):
            name = _inside(scope, statement.name)
            if not in_function:
                facts.classes[name] = _class_facts(statement, facts)
            _read_block(statement.body, name, in_function, facts)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            if not in_function:
                facts.functions[_inside(scope, statement.name)] = _function_facts(statement)
            _read_block(statement.body, scope, True, facts)
        elif isinstance(statement, ast.Assign):
            if not in_function and not scope:
                _read_alias(statement, facts)
        else:
            for block in _inner_blocks(statement):
                _read_block(block, scope, in_function, facts)


def _inner_blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement such as ``if``, ``try``, ``with`` and ``match``."""
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for branch in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield branch.body


def _read_import(
    statement: ast.Import | ast.ImportFrom, *, binds: bool, facts: ModuleFacts
) -> None:
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            facts.imports.add(ImportedName(alias.name, ""))
            if binds:
                # "import a.b" binds a; "import a.b as c" binds a.b itself.
                bound = alias.name if alias.asname else alias.name.partition(".")[0]
                facts.bindings[alias.asname or bound] = ImportedName(bound, "")
        return
    module = absolute_name(facts.file, statement.level, statement.module or "")
    if module is None:
        facts.imports_above_top += 1
        return
    for alias in statement.names:
        imported = ImportedName(module, alias.name)
        facts.imports.add(imported)
        if binds and alias.name == STAR:
            facts.stars.append(module)
        elif binds:
            facts.bindings[alias.asname or alias.name] = imported


def _read_alias(statement: ast.Assign, facts: ModuleFacts) -> None:
    """``Name = other.name`` at the top of a module gives a class a second name."""
    target, value = statement.targets[0], dotted_name(statement.value)
    if len(statement.targets) == 1 and isinstance(target, ast.Name) and value:
        facts.bindings[target.id] = ImportedName(facts.file.module, value)


def _class_facts(statement: ast.ClassDef, facts: ModuleFacts) -> ClassFacts:
    bases = [dotted_name(base) for base in statement.bases]
    facts.computed_bases += bases.count(None)
    return ClassFacts(
        statement.lineno,
        _line_count(statement),
        _has_docstring(statement),
        tuple(base for base in bases if base),
    )


def _function_facts(statement: ast.FunctionDef | ast.AsyncFunctionDef) -> FunctionFacts:
    arguments = statement.args
    parameters = len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
    parameters += (arguments.vararg is not None) + (arguments.kwarg is not None)
    return FunctionFacts(
        statement.lineno,
        _line_count(statement),
        _has_docstring(statement),
        parameters,
        isinstance(statement, ast.AsyncFunctionDef),
    )


def dotted_name(node: ast.expr) -> str | None:
    """``a.b.C`` or ``a.b.C[T]`` as a string; None for anything computed."""
    if isinstance(node, ast.Subscript):
        node = node.value
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def _line_count(statement: ast.stmt) -> int:
    return (statement.end_lineno or statement.lineno) - statement.lineno + 1


def _inside(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _has_docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> bool:
    """Whether a body opens with a string; `ast.get_docstring` would also clean and copy it."""
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
