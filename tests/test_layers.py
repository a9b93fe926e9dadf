"""The layers hold: as written in pyproject.toml, and when Ray is not there at all."""

import subprocess
import sys
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]

WITHOUT_RAY = """
import sys

class NoRay:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("ray", "actors"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, NoRay())
import numpy as np
import graphray as gr

sources = np.arange(20)
gr.build((sources, (sources + 1) % 20), sys.argv[1], parts=2, partitioner="hash")
graph = gr.open(sys.argv[1])
seen = [int(node) for batch in graph.loader(seeds=sources, fanout=[2], batch_size=5, rng_seed=1)
        for node in batch.nodes[: batch.num_seeds]]
assert sorted(seen) == list(range(20)), seen
"""


def test_the_contracts_in_pyproject_hold(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert lint_imports(cache_dir=None) == 0, capsys.readouterr().out


def test_building_opening_and_sampling_need_no_ray(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RAY, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
