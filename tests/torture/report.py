"""Rounds in words: for a person at a terminal, and as the tables of the docs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import isinf
from statistics import median

from tests.torture.planted import PlantedBug
from tests.torture.recovery import Recovery
from tests.torture.rounds import Round

Hunted = Sequence[tuple[PlantedBug, int, Round | None]]
"""Planted bugs, how many rounds each took, and the round that showed it."""


def tell(found: Round) -> str:
    """One round, for a terminal."""
    lines = [f"{found.strategy}, seed {found.rng_seed}: {dict(found.counts)}"]
    lines += [f"  {count} times {why}" for why, count in found.refused.most_common()]
    lines += [f"  {line}" for line in _recovery_rows(found.recoveries)]
    lines += [f"  VIOLATION {v.rule}: {v.what[:1500]}" for v in found.violations]
    return "\n".join(lines)


def report(rounds: Sequence[Round], planted: Hunted) -> str:
    """The three tables, as Markdown."""
    caught = sum(found is not None for _, _, found in planted)
    by_strategy: dict[str, list[Round]] = {}
    for each in rounds:
        by_strategy.setdefault(each.strategy, []).append(each)
    return "\n".join(
        [
            "| strategy | rounds | operations | acknowledged writes | outcome unknown "
            "| faults | terms | anomalies | acknowledged writes lost |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *(_strategy_row(name, done) for name, done in by_strategy.items()),
            "",
            f"Planted bugs caught: {caught} of {len(planted)}.",
            "",
            "| planted bug | strategy | rounds until found | what showed it |",
            "| --- | --- | --- | --- |",
            *(_planted_row(*row) for row in planted),
            "",
            *recovery_table([r for each in rounds if each.has_log for r in each.recoveries]),
            *_recovery_rows(
                [r for each in rounds if not each.has_log for r in each.recoveries], " (eventual)"
            ),
        ]
    )


def recovery_table(recoveries: Iterable[Recovery]) -> list[str]:
    """How long the faults were felt, as the lines of a table."""
    return [
        "| what was done | partitions | noticed (next term begun) | first good strong read "
        "| first good write | all replicas back |",
        "| --- | --- | --- | --- | --- | --- |",
        *_recovery_rows(recoveries),
    ]


def _strategy_row(name: str, done: Sequence[Round]) -> str:
    counts: Counter[str] = Counter()
    for each in done:
        counts.update(each.counts)
    anomalies = sum(len(each.violations) for each in done)
    lost = sum(each.lost for each in done)
    return (
        f"| {name} | {len(done)} | {counts['operations']:,} | {counts['acknowledged writes']:,} "
        f"| {counts['unknown']:,} | {counts['faults']:,} | {counts['terms']:,} | {anomalies} "
        f"| {lost} |"
    )


def _planted_row(bug: PlantedBug, rounds: int, found: Round | None) -> str:
    if found is None:
        return f"| {bug.name} | {bug.strategy} | not found | |"
    rules = ", ".join(sorted({violation.rule for violation in found.violations}))
    return f"| {bug.name} | {bug.strategy} | {rounds} | {rules} |"


def _recovery_rows(recoveries: Iterable[Recovery], where: str = "") -> list[str]:
    by_fault: dict[str, list[Recovery]] = {}
    for recovery in recoveries:
        by_fault.setdefault(recovery.fault, []).append(recovery)
    return [
        f"| {fault}{where} | {len(found)} | {_spread([r.noticed_ms for r in found])} "
        f"| {_spread([r.read_ms for r in found])} | {_spread([r.write_ms for r in found])} "
        f"| {_spread([r.well_ms for r in found])} |"
        for fault, found in sorted(by_fault.items())
    ]


def _spread(values_ms: list[float]) -> str:
    """The median and the largest, in seconds, of those that came to an end."""
    ended = [value / 1000 for value in values_ms if not isinf(value)]
    if not ended:
        return "-"
    missing = f" ({len(ended)} of {len(values_ms)})" if len(ended) < len(values_ms) else ""
    return f"{median(ended):.1f} / {max(ended):.1f}{missing}"
