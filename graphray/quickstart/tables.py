"""The facts of an environment as Arrow tables: nodes by type, edges by relation.

A class or function whose full name is taken (a class ``inner`` with a method ``f`` in package
``a``, beside a module ``a.inner`` with a function ``f``) is left out and counted; so are a
definition's edges. Modules come in rising order of name, definitions in the order of the source.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from graphray.quickstart.distributions import InstalledDistribution
from graphray.quickstart.names import ClassName, NameResolver
from graphray.quickstart.source import ClassFacts, FunctionFacts, ModuleFacts
from graphray.schema import Relation

FEATURES = (
    "log lines",
    "log bytes",
    "log classes",
    "log functions",
    "log imports",
    "share of definitions with a docstring",
    "depth",
    "is a package",
)
"""What the entries of a module's feature vector ``x`` are."""

REQUIRES = Relation("distribution", "requires", "distribution")
DISTRIBUTION_MODULE = Relation("distribution", "contains", "module")
MODULE_MODULE = Relation("module", "contains", "module")
MODULE_CLASS = Relation("module", "contains", "class")
MODULE_FUNCTION = Relation("module", "contains", "function")
CLASS_CLASS = Relation("class", "contains", "class")
CLASS_FUNCTION = Relation("class", "contains", "function")
IMPORTS = Relation("module", "imports", "module")
INHERITS = Relation("class", "inherits", "class")

Pairs = Iterable[tuple[str, str]]


@dataclass
class Definitions:
    """The classes and functions that are nodes: id by (module, name in the module)."""

    classes: dict[ClassName, str] = field(default_factory=dict)
    functions: dict[ClassName, str] = field(default_factory=dict)


def node_tables(
    distributions: Sequence[InstalledDistribution],
    modules: Mapping[str, ModuleFacts],
    skipped: Counter[str],
) -> tuple[dict[str, pa.Table], Definitions]:
    """The node tables, and the ids that classes and functions got."""
    names = sorted(modules)
    definitions = Definitions(
        _distinct_ids(((name, c) for name in names for c in modules[name].classes), skipped),
        _distinct_ids(((name, f) for name in names for f in modules[name].functions), skipped),
    )
    tables = {
        "distribution": pa.table(
            {
                "id": pa.array([d.name for d in distributions], pa.string()),
                "version": pa.array([d.version for d in distributions], pa.string()),
                "summary": pa.array([d.summary for d in distributions], pa.string()),
            }
        ),
        "module": _module_table([modules[name] for name in names]),
        "class": _class_table(modules, definitions.classes),
        "function": _function_table(modules, definitions.functions),
    }
    return tables, definitions


def edge_tables(
    distributions: Sequence[InstalledDistribution],
    modules: Mapping[str, ModuleFacts],
    definitions: Definitions,
    skipped: Counter[str],
) -> dict[Relation, pa.Table]:
    """The edge tables, each edge once and in rising order."""
    within = {
        MODULE_CLASS: _at_top(definitions.classes),
        MODULE_FUNCTION: _at_top(definitions.functions),
        CLASS_CLASS: _in_class(definitions.classes, definitions.classes),
        CLASS_FUNCTION: _in_class(definitions.functions, definitions.classes),
    }
    pairs: dict[Relation, Pairs] = {
        REQUIRES: _requirements(distributions, skipped),
        DISTRIBUTION_MODULE: [
            (d.name, module) for d in distributions for module in _with_packages(d, modules)
        ],
        MODULE_MODULE: [(name.rpartition(".")[0], name) for name in modules if "." in name],
        **within,
        IMPORTS: _imports(modules, skipped),
        INHERITS: _bases(modules, definitions.classes, skipped),
    }
    return {relation: _edge_table(found) for relation, found in pairs.items()}


def _distinct_ids(names: Iterable[ClassName], skipped: Counter[str]) -> dict[ClassName, str]:
    ids: dict[ClassName, str] = {}
    taken: set[str] = set()
    for module, name in names:
        full = f"{module}.{name}"
        if full in taken:
            skipped["definition whose full name is taken"] += 1
        else:
            taken.add(full)
            ids[module, name] = full
    return ids


def _module_table(facts: Sequence[ModuleFacts]) -> pa.Table:
    vectors = [_features(f) for f in facts]
    flat = pa.array([value for vector in vectors for value in vector], pa.float32())
    return pa.table(
        {
            "id": pa.array([f.file.module for f in facts], pa.string()),
            "file": pa.array([f.file.path for f in facts], pa.string()),
            "size_bytes": pa.array([f.size_bytes for f in facts], pa.int64()),
            "lines": pa.array([f.lines for f in facts], pa.int64()),
            "is_package": pa.array([f.file.is_package for f in facts], pa.bool_()),
            "has_docstring": pa.array([f.has_docstring for f in facts], pa.bool_()),
            "x": pa.FixedSizeListArray.from_arrays(flat, len(FEATURES)),
        }
    )


def _features(facts: ModuleFacts) -> tuple[float, ...]:
    definitions: list[ClassFacts | FunctionFacts]
    definitions = [*facts.classes.values(), *facts.functions.values()]
    documented = sum(d.has_docstring for d in definitions)
    return (
        math.log1p(facts.lines),
        math.log1p(facts.size_bytes),
        math.log1p(len(facts.classes)),
        math.log1p(len(facts.functions)),
        math.log1p(len(facts.imports)),
        documented / max(1, len(definitions)),
        facts.file.module.count("."),
        facts.file.is_package,
    )


def _class_table(modules: Mapping[str, ModuleFacts], ids: Mapping[ClassName, str]) -> pa.Table:
    facts = [modules[module].classes[name] for module, name in ids]
    bases = pa.array([len(f.bases) for f in facts], pa.int32())
    return _definition_table(ids, facts).append_column("bases", bases)


def _function_table(modules: Mapping[str, ModuleFacts], ids: Mapping[ClassName, str]) -> pa.Table:
    facts = [modules[module].functions[name] for module, name in ids]
    parameters = pa.array([f.parameters for f in facts], pa.int32())
    is_async = pa.array([f.is_async for f in facts], pa.bool_())
    table = _definition_table(ids, facts).append_column("parameters", parameters)
    return table.append_column("is_async", is_async)


def _definition_table(
    ids: Mapping[ClassName, str], facts: Sequence[ClassFacts] | Sequence[FunctionFacts]
) -> pa.Table:
    return pa.table(
        {
            "id": pa.array(list(ids.values()), pa.string()),
            "lineno": pa.array([f.lineno for f in facts], pa.int64()),
            "lines": pa.array([f.lines for f in facts], pa.int64()),
            "has_docstring": pa.array([f.has_docstring for f in facts], pa.bool_()),
        }
    )


def _at_top(ids: Mapping[ClassName, str]) -> Pairs:
    return [(module, full) for (module, name), full in ids.items() if "." not in name]


def _in_class(ids: Mapping[ClassName, str], classes: Mapping[ClassName, str]) -> Pairs:
    for (module, name), full in ids.items():
        around = classes.get((module, name.rpartition(".")[0]))
        if around is not None:
            yield around, full


def _with_packages(
    distribution: InstalledDistribution, modules: Mapping[str, ModuleFacts]
) -> set[str]:
    """A distribution's modules that were read, and the namespace packages around them."""
    found = {module for module in distribution.modules if module in modules}
    for module in list(found):
        while "." in module:
            module, _, _ = module.rpartition(".")
            if not modules[module].file.path:
                found.add(module)
    return found


def _requirements(distributions: Sequence[InstalledDistribution], skipped: Counter[str]) -> Pairs:
    installed = {d.name for d in distributions}
    for distribution in distributions:
        for name in distribution.requires:
            if name in installed:
                yield distribution.name, name
            else:
                skipped["requirement that is not installed"] += 1


def _imports(modules: Mapping[str, ModuleFacts], skipped: Counter[str]) -> Pairs:
    resolver = NameResolver(modules)
    for name, facts in modules.items():
        skipped["import above the top package"] += facts.imports_above_top
        for imported in facts.imports:
            module = resolver.imported_module(imported)
            if module is None:
                skipped["imported name without source here"] += 1
            elif module != name:
                yield name, module


def _bases(
    modules: Mapping[str, ModuleFacts], ids: Mapping[ClassName, str], skipped: Counter[str]
) -> Pairs:
    resolver = NameResolver(modules)
    for facts in modules.values():
        skipped["computed base class"] += facts.computed_bases
    for (module, name), full in ids.items():
        for base in modules[module].classes[name].bases:
            found = resolver.base_class(module, name, base)
            if found is not None and found in ids:
                yield full, ids[found]
            else:
                skipped["base class without source here"] += 1


def _edge_table(pairs: Pairs) -> pa.Table:
    ordered = sorted(set(pairs))
    return pa.table(
        {
            "src": pa.array([src for src, _ in ordered], pa.string()),
            "dst": pa.array([dst for _, dst in ordered], pa.string()),
        }
    )
