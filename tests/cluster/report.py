"""The round in words: for a person at a terminal, and as the tables of the docs."""

from __future__ import annotations

from tests.cluster.found import Found
from tests.simulation.torture import PAGE, rewrite
from tests.torture.report import recovery_table

BEGIN, END = "<!-- hosts: begin -->", "<!-- hosts: end -->"


def tables(found: Found) -> str:
    """As Markdown."""
    counts, sampled = found.round.counts, found.sampled
    return "\n".join(
        [
            "| operations | acknowledged writes | outcome unknown | terms | anomalies "
            "| acknowledged writes lost | batches sampled | failed or different | slowest |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            f"| {counts['operations']:,} | {counts['acknowledged writes']:,} "
            f"| {counts['unknown']:,} | {counts['terms']:,} | {len(found.round.violations)} "
            f"| {found.round.lost} | {sampled.batches:,} | {len(sampled.problems)} "
            f"| {sampled.longest_s:.1f} s |",
            "",
            *recovery_table(found.round.recoveries),
        ]
    )


def rewrite_tables(found: Found) -> None:
    """Put the tables into the docs."""
    rewrite(PAGE, tables(found), BEGIN, END)
