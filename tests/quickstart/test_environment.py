"""The graph of a small fabricated environment, known by hand; and properties of the real one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from graphray.errors import ArgumentError, InputError, InputNotFound
from graphray.quickstart.distributions import is_standard_library
from graphray.quickstart.environment import EnvironmentGraph, default_folders, read_environment
from graphray.quickstart.tables import (
    CLASS_CLASS,
    CLASS_FUNCTION,
    DISTRIBUTION_MODULE,
    FEATURES,
    IMPORTS,
    INHERITS,
    MODULE_CLASS,
    MODULE_FUNCTION,
    MODULE_MODULE,
    REQUIRES,
)
from graphray.schema import Relation

FILES: dict[str, str | bytes] = {
    "app/__init__.py": (
        '"""An application."""\nfrom .base import Base as Root\nfrom . import tools\n'
    ),
    "app/base.py": (
        "import abc\n"
        "class Base:\n"
        "    class Inner:\n"
        "        def deep(self): pass\n"
        "    class Second(Inner):\n"
        "        pass\n"
        "    def method(self, a, *rest, key=None):\n"
        "        def local(): pass\n"
        "        class Local: pass\n"
        "Alias = Base\n"
    ),
    "app/models.py": (
        "import app\n"
        "import app.base as b\n"
        "from app import *\n"
        "from ..beyond import nothing\n"
        "class One(app.Root): pass\n"
        "class Two(b.Alias, Exception): pass\n"
        "class Three(b.Base.Inner): pass\n"
        "class Four(Generic[T], make()): pass\n"
    ),
    "app/tools/__init__.py": "from .shapes import *\nasync def fetch(): pass\n",
    "app/tools/shapes.py": (
        "from ...app.base import Base\n"
        "from .. import models\n"
        "class Shape(Base): pass\n"
        "class Square(models.One): pass\n"
    ),
    "app/late.py": (
        "from app.tools import Shape\n"
        "class Star(Shape): pass\n"
        "def lazily():\n"
        "    import space.inside\n"
        "if True:\n"
        "    def twice(): pass\n"
        "else:\n"
        "    def twice(a, b): 'documented'\n"
        "try:\n"
        "    class Guarded: pass\n"
        "except ValueError:\n"
        "    pass\n"
    ),
    "space/inside.py": "def f(): pass\n",
    "other/__init__.py": "",
    "other.py": "def hidden(): pass\n",
    "broken/py2.py": "print 'hello'\n",
    "broken/latin.py": "name = '\u00e9'\n".encode("latin-1"),
    "broken/cookie.py": "# coding: latin-1\nclass Caf\u00e9: pass\n".encode("latin-1"),
    "broken/circle.py": "from broken.circle2 import A\nclass B(A): pass\n",
    "broken/circle2.py": "from broken.circle import A\n",
    "my-script/run.py": "",
    "app/__pycache__/base.py": "",
}


def install(
    folder: Path, name: str, version: str, modules: list[str], requires: tuple[str, ...] = ()
) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: About {name}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    (info / "METADATA").write_text("\n".join(lines) + "\n")
    (info / "RECORD").write_text("".join(f"{module},,\n" for module in modules))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site-packages")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    app = [name for name in FILES if name.startswith("app/") and "__pycache__" not in name]
    requires = (
        "Space_Kit>=1; python_version > '3'",
        "other",
        "missing-package",
        "broken; extra == 'all'",
    )
    install(folder, "The.App", "1.2", app, requires)
    install(folder, "space-kit", "0.1", ["space/inside.py"])
    install(folder, "other", "3", ["other/__init__.py", "../../bin/other"])
    return folder


@pytest.fixture(scope="module")
def graph(folder: Path) -> EnvironmentGraph:
    return read_environment([folder], processes=1)


def pairs(graph: EnvironmentGraph, relation: Relation) -> list[tuple[str, str]]:
    table = graph.edges[relation]
    assert table.column_names == ["src", "dst"]
    return list(zip(table["src"].to_pylist(), table["dst"].to_pylist(), strict=True))


def rows(graph: EnvironmentGraph, node_type: str) -> Mapping[str, dict[str, object]]:
    table = graph.nodes[node_type]
    assert table.column_names[0] == "id"
    return {row["id"]: row for row in table.to_pylist()}


def test_distributions_have_normalised_names_and_what_they_require(graph: EnvironmentGraph) -> None:
    assert {
        name: (row["version"], row["summary"]) for name, row in rows(graph, "distribution").items()
    } == {
        "the-app": ("1.2", "About The.App"),
        "space-kit": ("0.1", "About space-kit"),
        "other": ("3", "About other"),
    }
    # Without the extra, and without what is not installed.
    assert pairs(graph, REQUIRES) == [("the-app", "other"), ("the-app", "space-kit")]


def test_modules_are_packages_files_and_namespaces(graph: EnvironmentGraph) -> None:
    modules = rows(graph, "module")
    assert sorted(modules) == [
        "app", "app.base", "app.late", "app.models", "app.tools", "app.tools.shapes",
        "broken", "broken.circle", "broken.circle2", "broken.cookie",
        "other", "space", "space.inside",
    ]  # fmt: skip
    # A package goes before a file of the same name, as in the import system.
    assert modules["other"]["file"] == str(Path("other/__init__.py"))
    assert modules["space"]["file"] == ""
    assert modules["app"]["is_package"]
    assert modules["app"]["has_docstring"]
    assert modules["app"]["lines"] == 3
    assert modules["app"]["size_bytes"] == len(FILES["app/__init__.py"])


def test_what_contains_what(graph: EnvironmentGraph) -> None:
    assert pairs(graph, DISTRIBUTION_MODULE) == [
        ("other", "other"),
        ("space-kit", "space"),
        ("space-kit", "space.inside"),
        *(
            ("the-app", module)
            for module in sorted(rows(graph, "module"))
            if module.startswith("app")
        ),
    ]
    assert ("app.tools", "app.tools.shapes") in pairs(graph, MODULE_MODULE)
    assert ("space", "space.inside") in pairs(graph, MODULE_MODULE)
    assert len(pairs(graph, MODULE_MODULE)) == 9
    assert ("app.late", "app.late.Guarded") in pairs(graph, MODULE_CLASS)
    assert pairs(graph, MODULE_FUNCTION) == [
        ("app.late", "app.late.lazily"),
        ("app.late", "app.late.twice"),
        ("app.tools", "app.tools.fetch"),
        ("space.inside", "space.inside.f"),
    ]
    assert pairs(graph, CLASS_CLASS) == [
        ("app.base.Base", "app.base.Base.Inner"),
        ("app.base.Base", "app.base.Base.Second"),
    ]
    assert pairs(graph, CLASS_FUNCTION) == [
        ("app.base.Base", "app.base.Base.method"),
        ("app.base.Base.Inner", "app.base.Base.Inner.deep"),
    ]


def test_definitions_inside_functions_are_left_out(graph: EnvironmentGraph) -> None:
    assert not [name for name in rows(graph, "function") if "local" in name]
    assert not [name for name in rows(graph, "class") if "Local" in name]


def test_the_last_of_several_definitions_counts(graph: EnvironmentGraph) -> None:
    twice = rows(graph, "function")["app.late.twice"]
    assert (twice["parameters"], twice["has_docstring"], twice["lineno"]) == (2, True, 8)


def test_imports_are_resolved_to_modules(graph: EnvironmentGraph) -> None:
    imports = pairs(graph, IMPORTS)
    assert imports == [
        ("app", "app.base"),
        ("app", "app.tools"),
        ("app.late", "app.tools"),
        ("app.late", "space.inside"),
        ("app.models", "app"),
        ("app.models", "app.base"),
        ("app.tools", "app.tools.shapes"),
        ("app.tools.shapes", "app.models"),
        ("broken.circle", "broken.circle2"),
        ("broken.circle2", "broken.circle"),
    ]


def test_base_classes_are_followed_through_aliases_stars_and_packages(
    graph: EnvironmentGraph,
) -> None:
    assert pairs(graph, INHERITS) == [
        ("app.base.Base.Second", "app.base.Base.Inner"),
        ("app.late.Star", "app.tools.shapes.Shape"),
        ("app.models.One", "app.base.Base"),
        ("app.models.Three", "app.base.Base.Inner"),
        ("app.models.Two", "app.base.Base"),
        ("app.tools.shapes.Square", "app.models.One"),
    ]


def test_what_is_left_out_is_counted(graph: EnvironmentGraph) -> None:
    assert graph.skipped == {
        "base class without source here": 4,  # Exception, Generic, a name in a circle of imports,
        # and Base, imported in app.tools.shapes from above the top package
        "computed base class": 1,
        "file not in its declared encoding": 1,
        "file that no import can name": 1,
        "file with a syntax error, such as Python 2": 1,
        "import above the top package": 2,
        "imported name without source here": 1,  # abc
        "module shadowed by another of its name": 1,
        "requirement that is not installed": 1,
    }


def test_features_are_one_vector_per_module(graph: EnvironmentGraph) -> None:
    x = graph.nodes["module"]["x"]
    assert x.type.list_size == len(FEATURES)
    values = dict(zip(graph.nodes["module"]["id"].to_pylist(), x.to_pylist(), strict=True))
    assert values["app.tools.shapes"][FEATURES.index("depth")] == 2
    assert values["app.tools"][FEATURES.index("is a package")] == 1
    assert values["space"][FEATURES.index("log lines")] == 0


def test_order_does_not_depend_on_the_number_of_processes(
    folder: Path, graph: EnvironmentGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphray.quickstart.environment._FILES_PER_TASK", 4)
    assert read_environment([folder], processes=2) == graph


def test_an_earlier_folder_wins(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "inside.py").write_text("def changed(): pass\n")
    install(tmp_path, "space-kit", "9", ["space/inside.py"])
    graph = read_environment([tmp_path, folder, tmp_path], processes=1)
    assert "space.inside.changed" in rows(graph, "function")
    assert "space.inside.f" not in rows(graph, "function")
    assert rows(graph, "distribution")["space-kit"]["version"] == "9"
    assert graph.skipped["distribution shadowed by another of its name"] == 1


def test_definitions_with_one_full_name_are_one_node(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "__init__.py").write_text("class inner:\n    def f(self): pass\n")
    (tmp_path / "a" / "inner.py").write_text("def f(): pass\n")
    graph = read_environment([tmp_path], processes=1)
    assert graph.nodes["function"]["id"].to_pylist() == ["a.inner.f"]
    assert pairs(graph, CLASS_FUNCTION) == [("a.inner", "a.inner.f")]
    assert pairs(graph, MODULE_FUNCTION) == []
    assert graph.skipped == {"definition whose full name is taken": 1}


def test_a_standard_library_is_one_distribution(tmp_path: Path) -> None:
    library = tmp_path / "python3.11"
    (library / "test").mkdir(parents=True)
    (library / "site-packages").mkdir()
    for name in ("os.py", "test/test_os.py", "site-packages/package.py"):
        (library / name).write_text("")
    graph = read_environment([library], processes=1)
    assert rows(graph, "distribution")["python"]["version"] == "3.11"
    assert pairs(graph, DISTRIBUTION_MODULE) == [("python", "os")]


def test_errors_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="no such folder"):
        read_environment([tmp_path / "absent"])
    with pytest.raises(InputError, match="no Python module"):
        read_environment([tmp_path])
    with pytest.raises(ArgumentError, match="processes = 0"):
        read_environment([tmp_path], processes=0)


def test_a_real_library_holds_what_everyone_knows() -> None:
    library = next(folder for folder in default_folders() if is_standard_library(folder))
    graph = read_environment([library / "json", library / "collections"], processes=1)
    assert {"decoder", "encoder", "abc"} <= set(rows(graph, "module"))
    assert {"encoder.JSONEncoder", "decoder.JSONDecodeError"} <= set(rows(graph, "class"))
    assert ("encoder.JSONEncoder", "encoder.JSONEncoder.iterencode") in pairs(graph, CLASS_FUNCTION)


@pytest.fixture(scope="module")
def real() -> EnvironmentGraph:
    """The packages that GraphRay needs for its command line: real code, but not all of it."""
    import click

    return read_environment([Path(click.__file__).parent], processes=1)


def test_every_edge_joins_nodes_and_every_id_is_distinct(
    real: EnvironmentGraph, graph: EnvironmentGraph
) -> None:
    for each in (real, graph):
        ids = {node_type: table["id"].to_pylist() for node_type, table in each.nodes.items()}
        for node_type, values in ids.items():
            assert len(set(values)) == len(values), node_type
        for relation in each.edges:
            found = pairs(each, relation)
            assert found == sorted(set(found))
            assert {src for src, _ in found} <= set(ids[relation.source])
            assert {dst for _, dst in found} <= set(ids[relation.destination])


def test_every_definition_has_one_place(real: EnvironmentGraph) -> None:
    for node_type, relations in {
        "class": (MODULE_CLASS, CLASS_CLASS),
        "function": (MODULE_FUNCTION, CLASS_FUNCTION),
    }.items():
        contained = [dst for relation in relations for _, dst in pairs(real, relation)]
        assert sorted(contained) == sorted(real.nodes[node_type]["id"].to_pylist())
