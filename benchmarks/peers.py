"""The samplers of PyG and DGL on the same graph, the same seeds, one thread.

Each peer runs in a process of its own, in any Python that has it: DGL's last wheels need an older
PyTorch and NumPy than GraphRay does. ``GRAPHRAY_PEER_PYTHON`` names that interpreter; without it,
this one is tried. What cannot be run is reported as skipped, with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

WORKER = Path(__file__).with_name("peer_worker.py")
PEERS = {"pyg-lib": "pyg_lib", "GraphBolt": "graphbolt"}
TIMEOUT_S = 600


class PeerFigure(NamedTuple):
    """A peer's sampled edges per second; None where it was skipped, and ``skipped`` says why."""

    name: str
    edges_per_s: float | None
    skipped: str | None


def measure_peers(
    indptr: npt.NDArray[np.int64],
    neighbors: npt.NDArray[Any],
    batches: npt.NDArray[np.int64],
    fanout: Sequence[int],
) -> list[PeerFigure]:
    """Time every peer on multi-hop sampling with deduplication and relabelling.

    Args:
        indptr: ``int64[n + 1]``, the row bounds of the adjacency by destination.
        neighbors: ``int[m]``, node numbers.
        batches: ``int64[k, batch_size]``, the seeds of each batch.
        fanout: neighbours per hop.
    """
    python = os.environ.get("GRAPHRAY_PEER_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/indptr.npy", indptr)
        np.save(f"{folder}/neighbors.npy", neighbors.astype(np.int64))
        np.save(f"{folder}/batches.npy", batches)
        return [
            PeerFigure(name, *_run(python, function, folder, fanout))
            for name, function in PEERS.items()
        ]


def _run(
    python: str, peer: str, folder: str, fanout: Sequence[int]
) -> tuple[float | None, str | None]:
    command = [python, str(WORKER), peer, folder, ",".join(map(str, fanout))]
    # Without DGLBACKEND, DGL would leave a file in the home folder.
    fixed = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "DGLBACKEND": "pytorch"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env={**os.environ, **fixed},
            check=True,
        )
    except FileNotFoundError:
        return None, f"there is no interpreter {python}"
    except subprocess.TimeoutExpired:
        return None, f"took longer than {TIMEOUT_S} s"
    except subprocess.CalledProcessError as error:
        return None, (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
    result = json.loads(done.stdout.splitlines()[-1])
    if "skipped" in result:
        return None, result["skipped"]
    return result["edges"] / result["seconds"], None
