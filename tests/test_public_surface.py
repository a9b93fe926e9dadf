"""The front door: what ``import graphray`` brings, and what it does not."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import actors
import graphray
import partitioners

HEAVY = ("ray", "numba", "pyarrow", "pandas", "numpy", "networkx", "torch")
OPTIONAL = {
    "graphray.pyg": "torch_geometric",
    "graphray.sampling.dgl": "dgl",
    "graphray.sampling.pyg": "torch_geometric",
    "graphray.sampling.tensors": "torch",
    "graphray.sampling.torch_batches": "torch",
}


def submodules(package):
    return [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


MODULES = [name for package in (graphray, actors, partitioners) for name in submodules(package)]


def needed_by(module):
    """The optional package that a module, or the package it stands in, is made for."""
    return OPTIONAL.get(module) or OPTIONAL.get(module.rpartition(".")[0])


def test_importing_graphray_imports_nothing_heavy():
    code = f"import graphray, sys; print(*(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", graphray.__all__)
def test_a_public_name_resolves_is_documented_and_hides_no_submodule(name):
    value = getattr(graphray, name)
    assert inspect.getdoc(value), name
    assert f"graphray.{name}" not in MODULES


def test_all_is_sorted_and_complete():
    assert sorted(graphray.__all__) == graphray.__all__
    assert set(graphray.__all__) <= set(dir(graphray))


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(graphray.__file__).read_text())
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    imported = {
        alias.name: statement.module
        for block in blocks
        for statement in block.body
        for alias in statement.names
    }
    homes = {name: getattr(graphray, name).__module__ for name in graphray.__all__}
    assert imported == homes


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        graphray.__getattr__("no_such_name")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_imports_and_opens_with_its_idea(name):
    if needed_by(name):
        pytest.importorskip(needed_by(name))
    assert inspect.getdoc(importlib.import_module(name)), name
