"""Limits that several partitioners take from their callers, checked in one place."""

from __future__ import annotations

from graphray.errors import ArgumentError

# What a partition may hold, as a multiple of its share, unless a caller says otherwise.
IMBALANCE = 1.1


def checked_imbalance(imbalance: float) -> float:
    """How many times its fair share a partition may hold; raises ArgumentError below 1.

    >>> checked_imbalance(1.1)
    1.1
    """
    if not imbalance >= 1.0:
        raise ArgumentError(f"imbalance = {imbalance}; expected at least 1.0, such as 1.1")
    return imbalance
