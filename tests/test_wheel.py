"""The wheel in an environment of its own, beside a foreign folder that is named `actors` as well.

The environment sees what the test environment has installed through a path file, so that nothing is
downloaded again. A path file does not run the path files of the folder it names, which leaves the
editable install of this checkout out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[1]
SOURCES = ("graphray", "actors", "partitioners", "pyproject.toml", "README.md", "LICENSE")
START_S, RUN_S = 240, 240

SERVE = """
import json, sys
import numpy as np
import ray
import graphray as gr

sources = np.arange(60)
gr.build((sources, (sources * 7 + 1) % 60), "store", parts=2, partitioner="hash")
context = ray.init(
    address="local", num_cpus=2, object_store_memory=100 * 2**20, include_dashboard=False
)
graph = gr.launch("store", "wheel", replicas=1)
print(json.dumps({"address": context.address_info["address"]}), flush=True)
sys.stdin.read()
graph.shutdown()
ray.shutdown()
"""

CONNECT_AND_SAMPLE = """
import json, sys
import actors
import graphray as gr

def digests(graph):
    loader = graph.loader(fanout=[2, 2], batch_size=16, shuffle=True, rng_seed=3)
    return [batch.digest() for batch in loader]

print(json.dumps({
    "foreign": actors.FOREIGN,
    "graphray": gr.__file__,
    "running": digests(gr.connect("wheel")),
    "opened": digests(gr.open(sys.argv[1])),
}))
"""

LAUNCH = """
import json, sys
import graphray as gr
from graphray.client.cluster import require_ray
from graphray.errors import LaunchError

try:
    gr.launch(sys.argv[1], "second", replicas=1)
except LaunchError as error:
    message = str(error)
require_ray("listing")
print(json.dumps({"message": message, "running": gr.running_graphs()}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, so that the checkout stays as it is."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        here = ROOT / name
        if here.is_dir():
            shutil.copytree(here, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", str(source)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = (source / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the wheel."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, str(wheel)], check=True)
    site_packages = sysconfig.get_path("purelib", "venv", vars={"base": str(home)})
    Path(site_packages, "test-environment.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "store"


@pytest.fixture(scope="module")
def address(python: Path, store: Path) -> Iterator[str]:
    """A Ray whose processes all run in the wheel's environment, and a graph "wheel" on it."""
    server = subprocess.Popen(
        [python, "-c", SERVE],
        cwd=store.parent,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        line = next((line for line in server.stdout if line.startswith("{")), None)
        assert line, "the graph was not launched; see what its process wrote"
        yield json.loads(line)["address"]
    finally:
        server.stdin.close()
        server.wait(START_S)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder, first on the path of the scripts in it, with a package `actors`."""
    folder = tmp_path_factory.mktemp("job")
    (folder / "actors").mkdir()
    (folder / "actors" / "__init__.py").write_text("FOREIGN = True\n")
    return folder


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {**kept, **more}


def run(python: Path, folder: Path, script: str, address: str, *arguments: str) -> dict:
    (folder / "job.py").write_text(script)
    done = subprocess.run(
        [python, "job.py", *arguments],
        cwd=folder,
        env=environment(RAY_ADDRESS=address),
        capture_output=True,
        text=True,
        timeout=RUN_S,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "graphray",
        "actors",
        "partitioners",
    }
    assert "graphray/py.typed" in names
    page = ROOT / "graphray" / "console" / "static"
    files = {str(path.relative_to(ROOT)) for path in page.rglob("*") if path.is_file()}
    assert files
    assert files <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_has_every_module_of_the_checkout(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    here = {
        str(path.relative_to(ROOT))
        for package in ("graphray", "actors", "partitioners")
        for path in (ROOT / package).rglob("*.py")
    }
    assert packed == here


def test_the_command_is_installed(python: Path) -> None:
    command = [python.parent / "graphray", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=RUN_S)
    assert "quickstart" in shown.stdout


def test_connecting_and_sampling_work_beside_a_foreign_actors(
    python: Path, address: str, foreign: Path, store: Path
) -> None:
    found = run(python, foreign, CONNECT_AND_SAMPLE, address, str(store))
    assert found["foreign"] is True
    assert Path(found["graphray"]).is_relative_to(python.parents[1])
    assert len(found["running"]) == 4
    assert found["running"] == found["opened"]


def test_launching_says_which_folder_is_in_the_way(
    python: Path, address: str, foreign: Path, store: Path
) -> None:
    found = run(python, foreign, LAUNCH, address, str(store))
    assert str(foreign / "actors") in found["message"]
    assert "rename" in found["message"]
    assert found["running"] == ["wheel"]
