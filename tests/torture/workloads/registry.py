"""All workloads, by name."""

from __future__ import annotations

from tests.torture.workloads.bags import Bags
from tests.torture.workloads.bank import Bank
from tests.torture.workloads.cells import Cells
from tests.torture.workloads.growth import Growth
from tests.torture.workloads.guarded import Guarded
from tests.torture.workloads.lists import Lists
from tests.torture.workloads.registers import Registers
from tests.torture.workloads.shared_lists import SharedLists
from tests.torture.workloads.workload import Workload

WORKLOADS: dict[str, type[Workload]] = {
    kind.name: kind for kind in (Lists, SharedLists, Bank, Registers, Bags, Growth, Guarded, Cells)
}


def workloads_of(strategy: str) -> tuple[str, ...]:
    """The names of those that a graph of a strategy can carry."""
    if strategy == "eventual":
        return (Cells.name,)
    return tuple(name for name in WORKLOADS if name != Cells.name)


def workloads_named(names: tuple[str, ...]) -> list[Workload]:
    """New workloads of those names."""
    return [WORKLOADS[name]() for name in names]
