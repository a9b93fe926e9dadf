"""Carries out a plan of faults, one step after the other, and notes when each was done and mended.

In a step one fault is done by itself, and the next step waits until all is well again: so it can be
told how long each took to be noticed and got over. In a *storm* several are done shortly after each
other; only such that lose no disk, since no strategy promises to survive two at a time.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random

from tests.torture.faults import FAULTS, Faults, Scene, Struck
from tests.torture.journal import now_ms
from tests.torture.running import wait_for

WORKING_S = 120.0

STORMY = (
    "primary killed",
    "backup killed",
    "all replicas of a partition killed",
    "primary stopped, then continued",
    "backup stopped, then continued",
    "catalog killed",
    "changes compacted",
)


@dataclass(frozen=True)
class Step:
    """Faults to do, and for how long each lasts.

    Attributes:
        faults: their names.
        hold_s: how long what can be mended stays broken, at least.
        between_s: the time between two of a storm.
        operations: it stays broken until clients have ended as many operations, too.
    """

    faults: tuple[str, ...]
    hold_s: float
    between_s: float = 0.0
    operations: int = 0


@dataclass(frozen=True)
class Happened:
    """A fault that was done.

    Attributes:
        fault: its name.
        parts: the partitions that it concerned.
        at_ms: when it was done.
        mended_ms: when it was mended.
        well_ms: when all was well again.
        alone: whether it was the only one of its step.
    """

    fault: str
    parts: tuple[int, ...]
    at_ms: float
    mended_ms: float
    well_ms: float
    alone: bool


def single_steps(names: tuple[str, ...], hold_s: float) -> list[Step]:
    """Each fault by itself."""
    return [Step((name,), hold_s) for name in names]


def random_plan(rng: Random, names: tuple[str, ...], steps: int) -> list[Step]:
    """Every fault once, then some chosen at random and storms, in any order."""
    plan = single_steps(names, rng.uniform(2.0, 4.0))
    while len(plan) < steps:
        if rng.random() < 0.4:
            storm = tuple(rng.choices([n for n in names if n in STORMY], k=rng.randint(2, 4)))
            plan.append(Step(storm, rng.uniform(0.5, 3.0), rng.uniform(0.1, 1.5)))
        else:
            plan.append(Step((rng.choice(names),), rng.uniform(0.5, 5.0)))
    rng.shuffle(plan)
    return plan


class Nemesis:
    """Does faults to a scene.

    Args:
        scene: the scene.
        calm_operations: how many operations clients end undisturbed between two steps.
        faults: what may be done, by name.
    """

    def __init__(self, scene: Scene, calm_operations: int, faults: Faults = FAULTS) -> None:
        self._scene = scene
        self._faults = faults
        self._calm_operations = calm_operations
        self.happened: list[Happened] = []

    def carry_out(self, plan: list[Step]) -> None:
        """Do all steps, each once all is well.

        Raises:
            TimeoutError: where the graph did not get over a step.
        """
        for step in plan:
            self._await_operations(self._calm_operations)
            self._carry_out(step)

    def _carry_out(self, step: Step) -> None:
        struck: list[tuple[str, float, Struck]] = []
        with ExitStack() as mends:
            for number, name in enumerate(step.faults):
                _sleep(step.between_s if number else 0.0)
                at_ms = now_ms()
                struck.append((name, at_ms, self._faults[name](self._scene)))
                mends.callback(struck[-1][2].mend)
            _sleep(step.hold_s)
            self._await_operations(step.operations)
        mended_ms = now_ms()
        self._scene.running.await_well()
        for name, at_ms, each in struck:
            alone = len(step.faults) == 1
            self.happened.append(Happened(name, each.parts, at_ms, mended_ms, now_ms(), alone))

    def _await_operations(self, count: int) -> None:
        """Wait until clients have ended that many more, however fast this machine is now."""
        clients = self._scene.clients
        enough = clients.operations() + count
        wait_for(lambda: clients.operations() >= enough, WORKING_S, lambda: "clients stand still")


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)
