"""Our hypergraph partitioner beside Mt-KaHyPar's default, each in a process of its own.

The peer runs in any Python that has it: ``GRAPHRAY_PEER_PYTHON`` names that interpreter; without
it, this one is tried. Both split the same vertices and may hold as much; the connectivity of both
is counted here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.report import Row, compared, skipped
from graphray.schema import Relation
from partitioners import EdgeSet, PartitionProblem

CONNECTIVITY_MAX = 1.15
TIMEOUT_S = 300
RELATION = Relation("vertex", "incidence", "hyperedge")

_PINS_MAX = 40
_COMMUNITY = 500
_INSIDE = 0.85


def planted(num_vertices: int, num_hyperedges: int, rng_seed: int) -> PartitionProblem:
    """Communities of 500 vertices; hyperedges of 2 to 40 pins, 85 % of them in one community.

    >>> planted(1000, 10, rng_seed=1).num_nodes
    1010
    """
    rng = np.random.default_rng(rng_seed)
    sizes = np.minimum(1 + rng.geometric(0.25, num_hyperedges), _PINS_MAX)
    hyperedges = np.repeat(np.arange(num_hyperedges), sizes)
    home = rng.integers(0, num_vertices // _COMMUNITY, num_hyperedges)[hyperedges]
    vertices = home * _COMMUNITY + rng.integers(0, _COMMUNITY, len(hyperedges))
    outside = rng.random(len(hyperedges)) > _INSIDE
    vertices[outside] = rng.integers(0, num_vertices, int(outside.sum()))
    pins = np.unique(hyperedges * num_vertices + rng.permutation(num_vertices)[vertices])
    edges = EdgeSet(RELATION, pins % num_vertices, pins // num_vertices + num_vertices)
    offsets = np.array([0, num_vertices, num_vertices + num_hyperedges])
    return PartitionProblem((RELATION.source, RELATION.destination), offsets, (edges,))


def compare(quick: bool, parts: int, imbalance: float) -> list[Row]:
    """The connectivity of both, ours with its balances, time and memory."""
    size = 10_000 if quick else 50_000
    problem = planted(size, size, rng_seed=1)
    title = f"hypergraph({size:.0e}, {size:.0e})".replace("e+0", "e")
    with tempfile.TemporaryDirectory() as folder:
        edges = problem.edges[0]
        ptr = np.searchsorted(edges.destinations, size + np.arange(size + 1))
        np.savez(f"{folder}/pins.npz", num_vertices=size, edge_ptr=ptr, pins=edges.sources)
        settings = [folder, str(parts), str(imbalance)]
        ours, why = _run(sys.executable, "own", settings)
        if ours is None:
            return [skipped(f"{title}: hypergraph", "s", why)]
        part = np.load(f"{folder}/own.npy")
        peer = os.environ.get("GRAPHRAY_PEER_PYTHON", sys.executable)
        theirs, why = _run(peer, "mtkahypar", settings)
        their_part = part if theirs is None else np.load(f"{folder}/mtkahypar.npy")
    name = f"{title}: hypergraph"
    found = float(connectivity(problem, part, parts))
    loads = np.bincount(part[edges.sources], minlength=parts)
    vertices = np.bincount(part, minlength=parts)
    balances = [
        compared(f"{name}, {what}", float(amounts.max() / amounts.mean()), "", "even", 1.0,
                 at_most=imbalance)
        for what, amounts in (("vertices", vertices), ("pins", loads))
    ]  # fmt: skip
    memory = Row(f"{name}, peak memory", ours["memory_bytes"] / 2**20, "MiB")
    if theirs is None:
        beside = "beside mtkahypar's default"
        return [
            Row(f"{name}, λ - 1", found, ""),
            *balances,
            Row(f"{name}, one thread", ours["wall_s"], "s"),
            memory,
            skipped(f"{name}, {beside}", "", why),
        ]
    best = float(connectivity(problem, their_part, parts))
    return [
        compared(f"{name}, λ - 1", found, "", "mtkahypar", best, at_most=CONNECTIVITY_MAX),
        *balances,
        compared(
            f"{name}, processor time", ours["processor_s"], "s", "mtkahypar", theirs["processor_s"]
        ),
        memory,
    ]


def connectivity(problem: PartitionProblem, part: npt.NDArray[np.int32], parts: int) -> int:
    """The sum over hyperedges of the partitions that they reach, less one.

    >>> problem = planted(1000, 10, rng_seed=1)
    >>> connectivity(problem, np.zeros(1000, np.int32), 2)
    0
    """
    edges = problem.edges[0]
    reached = np.unique(edges.destinations * parts + part[edges.sources])
    return len(reached) - len(np.unique(edges.destinations))


def _run(python: str, engine: str, settings: list[str]) -> tuple[dict[str, float] | None, str]:
    """What a process measured, or None and why not."""
    worker = Path(__file__).with_name("partitioning_hypergraph_worker.py")
    try:
        done = subprocess.run(
            [python, str(worker), engine, *settings],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=True,
        )  # fmt: skip
    except FileNotFoundError:
        return None, f"there is no interpreter {python}"
    except subprocess.TimeoutExpired:
        return None, f"took longer than {TIMEOUT_S} s"
    except subprocess.CalledProcessError as error:
        return None, (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
    result = json.loads(done.stdout.splitlines()[-1])
    return (None, result["skipped"]) if "skipped" in result else (result, "")
