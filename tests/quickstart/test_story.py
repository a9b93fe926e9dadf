"""The quickstart from end to end, on a small environment."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import ray

import graphray as gr
from graphray.errors import PartitionUnavailable, StoreExists
from graphray.quickstart import story
from graphray.quickstart.disruption import choose_victim
from graphray.quickstart.environment import EnvironmentGraph, read_environment
from graphray.status import ReplicaStatus


@pytest.fixture
def small_environment(monkeypatch: pytest.MonkeyPatch) -> EnvironmentGraph:
    graph = read_environment([Path(click.__file__).parents[0]], processes=1)
    monkeypatch.setattr(story, "read_environment", lambda: graph)
    monkeypatch.setattr(story, "BATCH_SIZE", 2)
    return graph


@pytest.mark.cluster
def test_a_killed_replica_changes_nothing(
    small_environment: EnvironmentGraph, tmp_path: Path
) -> None:
    lines: list[str] = []
    report = story.tell(tmp_path / "store", parts=2, say=lines.append)
    modules = small_environment.nodes["module"].num_rows
    assert report.equal
    assert report.undisturbed.seeds == report.disturbed.seeds == modules
    assert report.undisturbed.batches == -(-modules // 2)
    assert report.recovery.killed_pid != report.recovery.new_pid
    assert report.recovery.took_s > 0
    text = "\n".join(lines)
    assert str(report.recovery.killed_pid) in text
    assert "equal, so nothing was lost" in text
    assert not ray.is_initialized()

    # The store stays, and holds what a sampler elsewhere would see the same way.
    graph = gr.open(tmp_path / "store")
    assert graph.num_nodes("module") == modules
    loader = graph.loader(
        "module", story.FANOUT, batch_size=2, shuffle=True, rng_seed=7, direction="out"
    )
    assert story._run_epoch(loader, "again").digest == report.undisturbed.digest
    with pytest.raises(StoreExists):
        story.tell(tmp_path / "store")


@pytest.mark.cluster
def test_an_interrupt_ends_what_was_started(
    small_environment: EnvironmentGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def interrupt(line: str) -> None:
        if line.startswith("4/4"):
            assert list(tmp_path.iterdir())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        story.tell(parts=2, say=interrupt)
    assert not ray.is_initialized()
    assert list(tmp_path.iterdir()) == []


def test_only_a_process_of_this_machine_is_killed() -> None:
    replicas = [
        ReplicaStatus(0, 0, "serving", node_id="far", pid=11),
        ReplicaStatus(0, 1, "starting", node_id="here"),
        ReplicaStatus(1, 0, "serving", node_id="here", pid=12),
    ]
    assert choose_victim(replicas, "here") == (replicas[2], 12)
    with pytest.raises(PartitionUnavailable):
        choose_victim(replicas[:2], "here")


def test_the_next_steps_name_the_folder_that_was_kept(capsys: pytest.CaptureFixture[str]) -> None:
    say: list[str] = []
    report = _report()
    collect: Callable[[str], None] = say.append
    story._say_end(report, "kept", collect)
    assert any(re.search(r"graphray info kept", line) for line in say)
    assert not any("--folder" in line for line in say)
    story._say_end(report, None, collect)
    assert any("graphray quickstart --folder env-store/" in line for line in say)


def _report() -> story.Report:
    epoch = story.Epoch("d", 1, 1, 1, 1, 1.0)
    recovery = story.Recovery(0, 0, 1, 2, 1.0)
    return story.Report({}, {}, {}, 2, 0.1, 1.0, epoch, epoch, recovery, True, 1.0)
