"""Label selectors, in the form that Ray takes: a value, or a few, or all but these.

========================  =====================================
``"a"``                   the label is there and is ``a``
``"in(a, b)"``            it is one of these
``"!a"``, ``"!in(a, b)"`` it is not; or it is not there at all
========================  =====================================

So a selector that a plan kept to can be handed to Ray; `for_ray` leaves out the spaces, which Ray
takes for a part of the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from graphray.errors import ArgumentError

Selector: TypeAlias = Mapping[str, str]
"""Label to condition; a node matches where every condition holds."""

_CONDITION = re.compile(r"(!?)(?:in\(([^()!]+)\)|([^()!,\s]+))")


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether a node of these labels is meant.

    >>> matches({"market": "!spot", "zone": "in(a, b)"}, {"zone": "b"})
    True
    """
    return all(_holds(condition, labels.get(key)) for key, condition in selector.items())


def selector_of(selectors: tuple[Selector, ...], replica: int) -> Selector:
    """The one that is meant for a replica: that of its number, or the last.

    >>> selector_of(({"market": "on-demand"}, {}), 3)
    {}
    """
    return selectors[min(replica, len(selectors) - 1)] if selectors else {}


def for_ray(selector: Selector) -> dict[str, str]:
    """The same selector without spaces in its conditions.

    >>> for_ray({"zone": "!in(a, b)"})
    {'zone': '!in(a,b)'}
    """
    return {label: condition.replace(" ", "") for label, condition in selector.items()}


def check_selector(selector: Selector) -> None:
    """Raise ArgumentError where a condition is none."""
    for key, condition in selector.items():
        _parsed(key, condition)


def _holds(condition: str, value: str | None) -> bool:
    wanted, values = _parsed("", condition)
    return (value in values) == wanted


def _parsed(key: str, condition: str) -> tuple[bool, tuple[str, ...]]:
    """Whether the label has to be one of the values (or none of them), and the values."""
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise ArgumentError(
            f"label {key!r}: {condition!r} is no condition; write a value, in(a, b), !value or "
            "!in(a, b)"
        )
    denied, several, one = found.groups()
    values = tuple(word.strip() for word in several.split(",")) if several else (one,)
    return not denied, values
