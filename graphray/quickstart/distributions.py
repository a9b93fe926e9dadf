"""What is installed: distributions, and the modules found in folders of installed packages.

A folder is walked, so that every module in it is found; the ``RECORD`` of each distribution then
says whose it is. A folder that holds ``os.py`` is a standard library: all of it belongs to the
distribution ``python``. Only files are read; nothing is imported or executed.

Left out: extension modules (no source to read), the interpreter's own test suite, and the modules
of editable installs, whose folder may hold anything.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

PYTHON = "python"
_NOT_PART_OF_THE_LIBRARY = {"site-packages", "dist-packages", "test"}
_REQUIREMENT_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True)
class SourceFile:
    """A module's file: ``root / path``, importable as ``module`` when root is on the path."""

    module: str
    root: str
    path: str
    is_package: bool


@dataclass(frozen=True)
class InstalledDistribution:
    """One installed distribution; ``modules`` are those that its RECORD lists."""

    name: str
    version: str
    summary: str
    requires: tuple[str, ...]
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Installation:
    """All distributions and source files of some folders, each once, in rising order of name."""

    distributions: tuple[InstalledDistribution, ...]
    files: tuple[SourceFile, ...]
    skipped: Counter[str]


def normalise(name: str) -> str:
    """A distribution's name as the package index compares it (PEP 503).

    >>> normalise("Typing_Extensions")
    'typing-extensions'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def list_installation(folders: Sequence[Path]) -> Installation:
    """List what is installed in folders that would stand on ``sys.path``.

    Args:
        folders: where a module or distribution occurs twice, the earlier folder wins.
    """
    skipped: Counter[str] = Counter()
    distributions: dict[str, InstalledDistribution] = {}
    files: dict[str, SourceFile] = {}
    for folder in dict.fromkeys(Path(folder).resolve() for folder in folders):
        found = sorted(_source_files(folder, skipped), key=_precedence)
        for file in found:
            if files.setdefault(file.module, file) is not file:
                skipped["module shadowed by another of its name"] += 1
        if is_standard_library(folder):
            installed: Iterable[InstalledDistribution] = [_standard_library(folder, found)]
        else:
            installed = _distributions(folder)
        for distribution in installed:
            if distributions.setdefault(distribution.name, distribution) is not distribution:
                skipped["distribution shadowed by another of its name"] += 1
    return Installation(
        tuple(distributions[name] for name in sorted(distributions)),
        tuple(files[module] for module in sorted(files)),
        skipped,
    )


def is_standard_library(folder: Path) -> bool:
    """Whether a folder holds Python's own modules."""
    return (folder / "os.py").is_file()


def module_of(path: Path | str) -> str | None:
    """The dotted name of a file relative to its folder; None where no import could name it.

    >>> module_of("numpy/linalg/__init__.py"), module_of("my-scripts/run.py")
    ('numpy.linalg', None)
    """
    parts = list(Path(path).with_suffix("").parts)
    if len(parts) > 1 and parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


def _precedence(file: SourceFile) -> tuple[str, bool, str]:
    # The import system looks for a package before it looks for a file of the same name.
    return file.module, not file.is_package, file.path


def _source_files(folder: Path, skipped: Counter[str]) -> Iterator[SourceFile]:
    left_out = _NOT_PART_OF_THE_LIBRARY if is_standard_library(folder) else set()
    for where, subfolders, names in os.walk(folder):
        if Path(where) == folder:
            subfolders[:] = [name for name in subfolders if name not in left_out]
        subfolders[:] = [name for name in subfolders if name != "__pycache__"]
        for name in names:
            if not name.endswith(".py"):
                continue
            path = os.path.relpath(os.path.join(where, name), folder)
            module = module_of(path)
            if module is None:
                skipped["file that no import can name"] += 1
            else:
                yield SourceFile(module, str(folder), path, name == "__init__.py")


def _distributions(folder: Path) -> Iterator[InstalledDistribution]:
    for found in sorted(metadata.distributions(path=[str(folder)]), key=_metadata_order):
        about = found.metadata
        requires = list(found.requires or ())
        if "Requires-Python" in about:
            requires.append(PYTHON)
        modules = {module_of(str(file)) for file in found.files or () if file.suffix == ".py"}
        yield InstalledDistribution(
            name=normalise(about["Name"] or ""),
            version=found.version or "",
            summary=str(about.json.get("summary", "")),
            requires=tuple(_required_names(requires)),
            modules=tuple(sorted(module for module in modules if module)),
        )


def _metadata_order(found: metadata.Distribution) -> tuple[str, str]:
    return normalise(found.metadata["Name"] or ""), found.version or ""


def _required_names(requirements: Iterable[str]) -> list[str]:
    """The names required without asking for an extra, each once, in rising order."""
    names = set()
    for requirement in requirements:
        name = _REQUIREMENT_NAME.match(requirement)
        _, _, marker = requirement.partition(";")
        if name and "extra" not in marker:
            names.add(normalise(name.group(1)))
    return sorted(names)


def _standard_library(folder: Path, files: Iterable[SourceFile]) -> InstalledDistribution:
    version = re.search(r"\d+(\.\d+)+", folder.name)
    return InstalledDistribution(
        name=PYTHON,
        version=version.group() if version else "",
        summary="The standard library",
        requires=(),
        modules=tuple(sorted({file.module for file in files})),
    )
