"""How much memory a build may hold, and what that leaves for each of its parts.

The budget covers what the build itself holds, beyond the libraries that any GraphRay process has
loaded (about 250 MiB). Three things share it: what is kept per node throughout, batches under way,
and the partitions being sorted. The first has to fit; the other two are cut to size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import psutil

from graphray.errors import ArgumentError

MEMORY_BUDGET_MIN = 128 * 2**20

# The share that nodes may take; sorting works in what they leave.
_NODES_SHARE = 0.75
# Batches under way, each some times its size while it is dealt out, stay below a quarter.
_BATCHES_PER_BUDGET = 96
_BATCHES_PER_WORKER = 48
_BATCH_BYTES_MIN = 2**16
_BATCH_BYTES_MAX = 2**24
_UNITS = {"": 1, "B": 1}
_UNITS |= {f"{prefix}iB": 2 ** (10 * power) for power, prefix in enumerate("KMGT", start=1)}
_UNITS |= {f"{prefix}B": 10 ** (3 * power) for power, prefix in enumerate("KMGT", start=1)}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")


@dataclass(frozen=True)
class Budget:
    """The memory of one build.

    Attributes:
        total_bytes: all that it may hold.
        batch_bytes: about the size of a batch of rows.
    """

    total_bytes: int
    batch_bytes: int

    @classmethod
    def of(cls, memory_budget: int | str) -> Budget:
        """A budget in bytes, or in words such as ``"4GiB"``.

        Raises:
            ArgumentError: where it is neither, or below `MEMORY_BUDGET_MIN`.

        Example:
            >>> Budget.of("1.5 GiB").total_bytes
            1610612736
        """
        total = memory_bytes(memory_budget)
        if total < MEMORY_BUDGET_MIN:
            raise ArgumentError(
                f"memory_budget = {memory_budget!r}; expected at least "
                f"{in_words(MEMORY_BUDGET_MIN)}"
            )
        return cls(total, min(total // _BATCHES_PER_BUDGET, _BATCH_BYTES_MAX))

    def shared_by(self, workers: int) -> Budget:
        """The same memory with batches for so many workers at the same time.

        >>> Budget.of("1GiB").shared_by(64).batch_bytes
        349525
        """
        share = max(self.total_bytes // (_BATCHES_PER_WORKER * workers), _BATCH_BYTES_MIN)
        return replace(self, batch_bytes=min(self.batch_bytes, share))

    def check_nodes(self, needed_bytes: int) -> None:
        """Raise ArgumentError where what is kept per node leaves too little for the rest."""
        if needed_bytes > self.total_bytes * _NODES_SHARE:
            raise ArgumentError(
                f"memory_budget = {in_words(self.total_bytes)}, but the ids of the nodes, which "
                f"stay in memory, alone take about {in_words(needed_bytes)}; pass at least "
                f"{in_words(int(needed_bytes / _NODES_SHARE) + 1)}"
            )


def available_memory() -> int:
    """The bytes of memory that this machine has left."""
    return int(psutil.virtual_memory().available)


def memory_bytes(amount: int | str, name: str = "memory_budget") -> int:
    """An amount of memory in bytes; raises ArgumentError, with that name, where it is none.

    >>> memory_bytes(1000), memory_bytes("2MB"), memory_bytes("2MiB")
    (1000, 2000000, 2097152)
    """
    if isinstance(amount, int) and not isinstance(amount, bool):
        return amount
    found = _AMOUNT.fullmatch(amount) if isinstance(amount, str) else None
    if found is None or found.group(2) not in _UNITS:
        raise ArgumentError(
            f"{name} = {amount!r}; expected bytes as an integer, or such as '512MiB', '4GiB'"
        )
    return int(float(found.group(1)) * _UNITS[found.group(2)])


def in_words(amount_bytes: int) -> str:
    """An amount of memory for a message, rounded up so that it suffices.

    >>> in_words(2**20), in_words(3 * 2**30 + 1)
    ('1 MiB', '3073 MiB')
    """
    return f"{-(-amount_bytes // 2**20)} MiB"
