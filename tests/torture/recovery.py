"""How long a partition was out of service after a fault: noticed, reading, writing, complete again.

Read from the histories of the clients, who notice nothing but that their calls take longer, and
from the times of the catalog's decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from tests.simulation.history import Operation
from tests.torture.decisions import Term
from tests.torture.nemesis import Happened

READS = {"read", "get"}
WRITES = {"append", "write", "put", "set"}


@dataclass(frozen=True)
class Recovery:
    """After one fault, of one partition, in milliseconds since it was done.

    Attributes:
        fault: what was done.
        noticed_ms: until the first term that was begun after it; inf where none was.
        read_ms: until a strong read that was begun after it had its answer; under the eventual
            strategy, any read.
        write_ms: until a write that was begun after it was acknowledged.
        well_ms: until all replicas served again, and all members were there.
    """

    fault: str
    noticed_ms: float
    read_ms: float
    write_ms: float
    well_ms: float


def recoveries(
    happened: Iterable[Happened],
    operations: Iterable[Operation],
    terms: Mapping[int, list[Term]],
    part_of_key: Mapping[str, int],
) -> list[Recovery]:
    """Of every fault that was done by itself, for every partition that it concerned.

    Args:
        happened: what was done.
        operations: those of one key are looked at.
        terms: by partition.
        part_of_key: which partition owns it.
    """
    ended: dict[tuple[int, str], list[Operation]] = {}
    for op in operations:
        part = part_of_key.get(op.key)
        if part is None or not op.done:
            continue
        if op.kind in WRITES:
            ended.setdefault((part, "write"), []).append(op)
        elif op.kind in READS and (op.kind == "get" or op.level == "strong"):
            ended.setdefault((part, "read"), []).append(op)
    return [
        Recovery(
            fault.fault,
            _first([t.at_ms for t in terms[part]], fault.at_ms, fault.well_ms),
            _first_begun_after(ended.get((part, "read"), []), fault.at_ms),
            _first_begun_after(ended.get((part, "write"), []), fault.at_ms),
            fault.well_ms - fault.at_ms,
        )
        for fault in happened
        if fault.alone
        for part in fault.parts
    ]


def _first(times_ms: list[float], after_ms: float, until_ms: float) -> float:
    return min((t - after_ms for t in times_ms if after_ms < t <= until_ms), default=inf)


def _first_begun_after(ops: list[Operation], at_ms: float) -> float:
    return min((op.completed_ms - at_ms for op in ops if op.invoked_ms >= at_ms), default=inf)
