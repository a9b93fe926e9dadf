"""One round: clients work on a running graph while it is broken, and everything is checked."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import graphray as gr
from tests.simulation.checkers.linearizability import Violation
from tests.torture.client_process import ClientPool
from tests.torture.faults import FAULTS, Faults, Scene
from tests.torture.graph import PARTS, parts_of_keys
from tests.torture.journal import Told, read_journals
from tests.torture.nemesis import Nemesis, Step
from tests.torture.recovery import Recovery, recoveries
from tests.torture.replicas import check_replicas
from tests.torture.running import RunningGraph
from tests.torture.workloads import WORKLOADS, workloads_of

PROCESSES = 2
READING = {"read", "look", "peek", "audit", "survey", "get"}
LOST_RULES = {"nothing lost", "all or nothing"}


@dataclass
class Round:
    """What came of one round.

    Attributes:
        strategy: how changes were replicated.
        rng_seed: of the plan and the clients.
        violations: empty where everything held.
        counts: operations and faults, by name.
        recoveries: how long the faults were felt.
        refused: why operations failed, and how often.
    """

    strategy: str
    rng_seed: int
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    recoveries: list[Recovery] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def has_log(self) -> bool:
        """Whether partitions have one log, and so a primary and terms."""
        return self.strategy != "eventual"

    @property
    def lost(self) -> int:
        """Acknowledged writes that were lost."""
        return sum(violation.rule in LOST_RULES for violation in self.violations)


def run_round(
    running: RunningGraph,
    store: Path,
    folder: Path,
    plan: list[Step],
    rng_seed: int,
    *,
    calm_operations: int = 30,
    workloads: tuple[str, ...] = (),
    faults: Faults = FAULTS,
) -> Round:
    """Carry out a plan under load.

    Args:
        running: the graph, just launched.
        store: what it was launched from.
        folder: an empty one, for journals.
        plan: the faults.
        rng_seed: what clients and faults do follows from it; when they do it does not.
        calm_operations: how many operations clients end undisturbed between two faults.
        workloads: what clients do; all that the strategy can carry where none is named.
        faults: what the plan's names stand for.
    """
    workloads = workloads or workloads_of(running.replication)
    found = Round(running.replication, rng_seed)
    clients = ClientPool(running.name, folder, PROCESSES, rng_seed, workloads)
    nemesis = Nemesis(Scene(running, clients, Random(rng_seed)), calm_operations, faults)
    try:
        nemesis.carry_out(plan)
    except TimeoutError as error:
        found.violations.append(Violation("progress", str(error)))
    finally:
        clients.stop()
    told = read_journals(folder)
    found.violations += _violations(running, told, workloads)
    terms = {part: running.decisions.terms(part) for part in range(PARTS)}
    parts = parts_of_keys(store, running.replication)
    found.recoveries = recoveries(nemesis.happened, told.history.operations, terms, parts)
    found.counts.update(_counts(told))
    found.counts["faults"] = len(nemesis.happened)
    found.counts["terms"] = sum(map(len, terms.values()))
    found.refused = Counter(why.partition(":")[0] for why in told.refused)
    return found


def _violations(running: RunningGraph, told: Told, workloads: tuple[str, ...]) -> list[Violation]:
    found = [Violation("error", f"{name}: {story}") for name, story in told.broken.items()]
    graph = gr.connect(running.name)
    for name in workloads:
        try:
            found += WORKLOADS[name]().check(told.history, graph)
        except Exception:  # noqa: BLE001 - what cannot be read back is a finding, too
            found.append(Violation("error", f"checking {name}: {traceback.format_exc(limit=-4)}"))
    return found + check_replicas(running)


def _counts(told: Told) -> Counter[str]:
    counts: Counter[str] = Counter()
    for op in told.history.operations:
        is_write = op.kind not in READING
        outcome = "done" if op.done else "failed" if op.failed else "unknown"
        counts["operations"] += 1
        counts[outcome] += 1
        counts["acknowledged writes"] += op.done and is_write
    return counts
