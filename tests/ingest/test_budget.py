from __future__ import annotations

from typing import Any

import pytest

from graphray.errors import ArgumentError
from graphray.ingest.budget import Budget, memory_bytes


@pytest.mark.parametrize(
    ("amount", "size"),
    [
        (5, 5),
        ("5", 5),
        ("4GiB", 2**32),
        ("1.5 KiB", 1536),
        ("2GB", 2 * 10**9),
        (" 3 TB ", 3 * 10**12),
    ],
)
def test_amounts(amount: Any, size: int) -> None:
    assert memory_bytes(amount) == size


@pytest.mark.parametrize("amount", ["", "much", "4 gib", "-1", True, 1.5, None, "1GiBs"])
def test_what_is_no_amount(amount: Any) -> None:
    with pytest.raises(ArgumentError, match="memory_budget"):
        memory_bytes(amount)


def test_a_budget_has_a_floor() -> None:
    assert Budget.of("128MiB").batch_bytes > 0
    for amount in ("127MiB", 0, -5):
        with pytest.raises(ArgumentError, match="at least 128 MiB"):
            Budget.of(amount)


def test_nodes_leave_room_for_the_rest() -> None:
    budget = Budget.of("128MiB")
    budget.check_nodes(96 * 2**20)
    with pytest.raises(ArgumentError, match="pass at least 134 MiB"):
        budget.check_nodes(100 * 2**20 + 1)
