"""Sampling processes that take turns, so that a drift of the machine's speed touches all alike."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.sampling_worker import Work

Worker = subprocess.Popen[str]


@dataclass(frozen=True)
class Turn:
    """What one round of one process came to."""

    edges_per_s: float
    extra_bytes: float


@contextmanager
def workers(works: Sequence[Work]) -> Iterator[list[Worker]]:
    """A process for each work, warmed up: it has mapped, compiled, and grown its buffers."""
    started = [_start(work) for work in works]
    try:
        for worker in started:
            turn(worker)
        yield started
    finally:
        for worker in started:
            worker.communicate()


def turn(worker: Worker) -> Turn:
    """One round of one process, alone."""
    _begin(worker)
    return _end(worker)


def together(several: Sequence[Worker]) -> list[Turn]:
    """One round of several processes at once."""
    for worker in several:
        _begin(worker)
    return [_end(worker) for worker in several]


@dataclass(frozen=True)
class SpeedUp:
    """Edges per second of several processes at once and of one alone; what each holds."""

    at_once: float
    alone: float
    extra_bytes: float


def speed_up(work: Work, processes: int, rounds: int) -> SpeedUp:
    """Medians over rounds in which one process and several at once take turns."""
    with workers([work] * processes) as started:
        alone, at_once = [], []
        for _ in range(rounds):
            alone.append(turn(started[0]).edges_per_s)
            turns = together(started)
            at_once.append(sum(each.edges_per_s for each in turns))
    return SpeedUp(statistics.median(at_once), statistics.median(alone), turns[-1].extra_bytes)


def _start(work: Work) -> Worker:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sampling_worker", work.to_json()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _begin(worker: Worker) -> None:
    assert worker.stdin is not None
    worker.stdin.write("\n")
    worker.stdin.flush()


def _end(worker: Worker) -> Turn:
    assert worker.stdout is not None
    return Turn(**json.loads(worker.stdout.readline()))
