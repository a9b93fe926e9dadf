"""Made ahead: order, bounds, errors in their place, and nothing left when the loop is left."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphray as gr
from graphray.sampling import ahead
from graphray.sampling.ahead import THREAD_NAME, made_ahead
from tests.polling import poll

DEADLINE_S = 60.0


def loader_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == THREAD_NAME]


@pytest.mark.parametrize(("threads", "most"), [(1, 0), (1, 3), (3, 0), (3, 2)])
def test_order_and_how_far_ahead(threads: int, most: int) -> None:
    begun: list[int] = []

    def task(item: int) -> int:
        begun.append(item)
        return item * item

    made = made_ahead(task, range(20), threads=threads, ahead=most)
    taken = []
    for number, result in enumerate(made):
        taken.append(result)
        assert len(begun) <= number + threads + most
    assert taken == [item * item for item in range(20)]
    assert sorted(begun) == list(range(20))
    assert not loader_threads()


def test_an_error_comes_in_its_place() -> None:
    def task(item: int) -> float:
        return 1 / (item - 3)

    made = made_ahead(task, range(9), threads=2, ahead=2)
    assert [next(made) for _ in range(3)] == [-1 / 3, -1 / 2, -1.0]
    with pytest.raises(ZeroDivisionError):
        next(made)
    assert not loader_threads()


def test_what_hangs_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "LEAVING_S_MAX", 0.05)
    hangs, begun = threading.Event(), []

    def task(item: int) -> int:
        begun.append(item)
        if item:
            hangs.wait(DEADLINE_S)
        return item

    made = made_ahead(task, range(9), threads=2, ahead=3)
    assert next(made) == 0
    poll(lambda: len(begun) == 3, "the third task")
    made.close()
    assert len(loader_threads()) == 2
    hangs.set()
    poll(lambda: not loader_threads(), "the end of the threads")
    assert len(begun) == 3


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(3)
    path = tmp_path_factory.mktemp("ahead") / "store"
    gr.build(rng.integers(0, 2_000, (2, 40_000)), path, parts=2)
    return path


@pytest.mark.parametrize("settings", [{}, {"prefetch": 3}, {"in_flight": 3, "prefetch": 2}])
def test_a_loop_left_in_the_middle_leaves_nothing(store: Path, settings: dict[str, Any]) -> None:
    loader = gr.open(store).loader(None, [5, 5], batch_size=50, **settings)
    for batch in loader:
        last = weakref.ref(batch.subgraph)
        if batch.number == 4:
            break
    del batch
    gc.collect()
    assert not loader_threads()
    assert last() is None
    source = weakref.ref(loader._source)
    del loader
    gc.collect()
    assert source() is None


SCRIPT = """
import signal, sys, threading
import graphray as gr
# Whoever runs the tests in the background has them ignore interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
from graphray.sampling.ahead import THREAD_NAME
loader = gr.open(sys.argv[1]).loader(None, [10, 10, 10], batch_size=200, **eval(sys.argv[2]))
caught = sys.argv[3] == "caught"
try:
    while True:
        for batch in loader:
            if batch.number == 2:
                print("sampling", flush=True)
except KeyboardInterrupt:
    if not caught:
        raise
    del batch
print("left", flush=True)
sys.stdin.readline()
threads = [t for t in threading.enumerate() if t.name == THREAD_NAME]
for thread in threads:
    thread.join(60)
print([t.name for t in threads if t.is_alive()], flush=True)
print(next(iter(loader)).number)
"""


@contextmanager
def sampling(store: Path, settings: dict[str, Any], then: str) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of an epoch."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(store), repr(settings), then],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(gr.__file__).parents[1],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "sampling\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("settings", [{}, {"in_flight": 3, "prefetch": 2}])
def test_an_interrupt_ends_the_process(store: Path, settings: dict[str, Any]) -> None:
    with sampling(store, settings, "raised") as process:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == -signal.SIGINT
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert "Exception ignored" not in said
    assert "Fatal" not in said


def test_after_an_interrupt_the_loader_is_as_good_as_new(store: Path) -> None:
    with sampling(store, {"in_flight": 2, "prefetch": 2}, "caught") as process:
        process.send_signal(signal.SIGINT)
        out, said = process.communicate("\n", timeout=DEADLINE_S)
    assert process.returncode == 0, said
    assert out.split("left\n")[1].splitlines() == ["[]", "0"]
