"""Rounds in words: for a person at a terminal, and as the tables of the docs."""

from __future__ import annotations

from collections.abc import Iterable
from math import isinf
from statistics import median

from tests.torture.recovery import Recovery
from tests.torture.rounds import Round


def tell(found: Round) -> str:
    """One round, for a terminal."""
    lines = [f"{found.strategy}, seed {found.rng_seed}: {dict(found.counts)}"]
    lines += [f"  {count} times {why}" for why, count in found.refused.most_common()]
    lines += [f"  {line}" for line in recovery_rows(found.recoveries)]
    lines += [f"  VIOLATION {v.rule}: {v.what[:1500]}" for v in found.violations]
    return "\n".join(lines)


def recovery_rows(recoveries: Iterable[Recovery]) -> list[str]:
    """How long each kind of fault was felt, as rows of a table."""
    by_fault: dict[str, list[Recovery]] = {}
    for recovery in recoveries:
        by_fault.setdefault(recovery.fault, []).append(recovery)
    return [
        f"| {fault} | {len(found)} | {_spread([r.noticed_ms for r in found])} "
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
