"""A Python environment as a graph: distributions, modules, classes and functions.

A real graph that every machine has: typed, hierarchical, heavy-tailed, with some ten thousand
modules and far more definitions. Ids are what a person would type: ``numpy``, ``numpy.linalg``,
``collections.OrderedDict``, ``json.JSONEncoder.encode``. Everything is read from metadata and
syntax trees (`distributions`, `source`, `names`); nothing is imported or executed.

Relations::

    distribution -requires-> distribution     without extras
    distribution -contains-> module
    module       -contains-> module           a package and its direct submodules
    module       -contains-> class, function  at the top of the module
    class        -contains-> class, function  nested classes and methods
    module       -imports->  module           wherever the import stands
    class        -inherits-> class            where the base's source is in the environment

What could not be read or resolved is left out and counted in ``skipped``. The order of nodes and
edges depends on the files alone, not on how many processes read them.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from graphray.errors import ArgumentError, InputError, InputNotFound
from graphray.progress import progress
from graphray.quickstart.distributions import SourceFile, list_installation
from graphray.quickstart.source import ModuleFacts, read_source
from graphray.quickstart.tables import edge_tables, node_tables
from graphray.schema import Relation

_FILES_PER_TASK = 32


@dataclass(frozen=True)
class EnvironmentGraph:
    """The graph of a Python environment, ready for `graphray.build`.

    Attributes:
        nodes: by node type a table whose first column is ``id``; modules also have ``x``,
            ``fixed_size_list<float>[8]``, whose entries are named in `tables.FEATURES`.
        edges: by relation a table with the columns ``src`` and ``dst``.
        skipped: how many files, names and definitions were left out, by reason.
    """

    nodes: dict[str, pa.Table]
    edges: dict[Relation, pa.Table]
    skipped: dict[str, int]


def read_environment(
    paths: Sequence[str | Path] | None = None, *, processes: int | None = None
) -> EnvironmentGraph:
    """Read folders of installed packages into a graph.

    Args:
        paths: folders as they stand on ``sys.path``, such as ``.../site-packages``; None means the
            site-packages and the standard library of this interpreter.
        processes: how many read at once; None means one per CPU. With more than one, call this
            under ``if __name__ == "__main__":``, as everything that starts processes.

    Raises:
        InputNotFound: where a path is not a folder.
        InputError: where the folders hold no module.
        ArgumentError: where processes is below 1.

    Example:
        >>> graph = read_environment([Path(__file__).parent.parent], processes=1)
        >>> "book.PartitionBook" in graph.nodes["class"]["id"].to_pylist()
        True
    """
    if processes is not None and processes < 1:
        raise ArgumentError(f"processes = {processes}; expected at least 1")
    folders = [Path(p) for p in paths] if paths is not None else default_folders()
    for folder in folders:
        if not folder.is_dir():
            raise InputNotFound("there is no such folder", source=str(folder))
    installation = list_installation(folders)
    modules, skipped = _read_files(installation.files, processes or os.cpu_count() or 1)
    if not modules:
        raise InputError(
            "no Python module to read in: " + ", ".join(map(str, folders) or ["no folder"])
        )
    skipped += installation.skipped
    _add_namespace_packages(modules)
    nodes, definitions = node_tables(installation.distributions, modules, skipped)
    edges = edge_tables(installation.distributions, modules, definitions, skipped)
    return EnvironmentGraph(nodes, edges, dict(sorted((+skipped).items())))


def default_folders() -> list[Path]:
    """The site-packages and the standard library of this interpreter."""
    folders = [sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")]
    return [Path(folder) for folder in dict.fromkeys(folders)]


def _read_files(
    files: Sequence[SourceFile], processes: int
) -> tuple[dict[str, ModuleFacts], Counter[str]]:
    modules: dict[str, ModuleFacts] = {}
    skipped: Counter[str] = Counter()
    tasks = [files[i : i + _FILES_PER_TASK] for i in range(0, len(files), _FILES_PER_TASK)]
    with progress("reading source files", total=len(files), unit="files") as bar:
        for read in _read_tasks(tasks, min(processes, len(tasks))):
            bar.advance(len(read))
            for facts in read:
                if isinstance(facts, str):
                    skipped[facts] += 1
                else:
                    modules[facts.file.module] = facts
    return modules, skipped


def _read_tasks(
    tasks: Sequence[Sequence[SourceFile]], processes: int
) -> Iterator[list[ModuleFacts | str]]:
    """The facts of each task, in the order of the tasks."""
    if processes <= 1:
        yield from map(_read_task, tasks)
        return
    # Spawned, not forked: a fork copies the locks of threads that Arrow and Ray have started.
    # Without the collector, which finds nothing to free in a syntax tree, parsing is much faster.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=gc.disable) as pool:
        yield from pool.map(_read_task, tasks)


def _read_task(files: Sequence[SourceFile]) -> list[ModuleFacts | str]:
    return [read_source(file) for file in files]


def _add_namespace_packages(modules: dict[str, ModuleFacts]) -> None:
    """Add the packages that have no ``__init__.py`` (PEP 420), as modules without content."""
    for name in list(modules):
        root = modules[name].file.root
        while "." in name:
            name, _, _ = name.rpartition(".")
            if name in modules:
                break
            modules[name] = ModuleFacts(SourceFile(name, root, "", True))
