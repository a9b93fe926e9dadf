"""Which module an import reaches, and which class a base names, found without running anything.

A name in a module is looked up the way Python would bind it: a class defined there, then what an
import or an assignment made of the name, then the names of star imports (the last one first), and
last a submodule. Chains through several modules are followed; a circle of them ends the search.

What cannot be found has no source in the environment (builtins, extension modules, optional
packages that are absent) or is computed when the program runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphray.quickstart.source import STAR, ImportedName, ModuleFacts

ClassName = tuple[str, str]
"""A class: the module that defines it, and its name there."""


class NameResolver:
    """Looks names up in the modules of one environment.

    Args:
        modules: facts by dotted name. A package without ``__init__.py`` has facts without content.
    """

    def __init__(self, modules: Mapping[str, ModuleFacts]) -> None:
        self._modules = modules

    def imported_module(self, imported: ImportedName) -> str | None:
        """The module that an import statement depends on, or None where it has no source."""
        if imported.name and imported.name != STAR:
            submodule = f"{imported.module}.{imported.name}"
            if submodule in self._modules and not self._binds(imported):
                return submodule
        return imported.module if imported.module in self._modules else None

    def base_class(self, module: str, class_name: str, base: str) -> ClassName | None:
        """The class that ``class <class_name>(<base>)`` in a module inherits from, or None."""
        scope, _, _ = class_name.rpartition(".")
        if scope and f"{scope}.{base}" in self._modules[module].classes:
            # A class body sees its own names first, and those of no class around it.
            return module, f"{scope}.{base}"
        found = self._find(module, base, set())
        # A class that shadows its own base (class Path(Path)) is not its own parent.
        return None if found == (module, class_name) else found

    def _binds(self, imported: ImportedName) -> bool:
        facts = self._modules.get(imported.module)
        if facts is None or imported.name in facts.functions:
            return facts is not None
        bound = facts.bindings.get(imported.name)
        # "from . import name" inside a package binds the submodule itself.
        own = ImportedName(imported.module, imported.name)
        return imported.name in facts.classes or (bound is not None and bound != own)

    def _find(self, module: str, name: str, seen: set[ClassName]) -> ClassName | None:
        facts = self._modules.get(module)
        if facts is None or not name or (module, name) in seen:
            return None
        seen.add((module, name))
        if name in facts.classes:
            return module, name
        head, _, rest = name.partition(".")
        bound = facts.bindings.get(head)
        if bound is not None:
            found = self._find(bound.module, _joined(bound.name, rest), seen)
            if found:
                return found
        for star in reversed(facts.stars):
            found = self._find(star, name, seen)
            if found:
                return found
        return self._find(f"{module}.{head}", rest, seen)


def _joined(first: str, rest: str) -> str:
    return ".".join(part for part in (first, rest) if part)
