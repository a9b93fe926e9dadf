"""Property values as JSON can hold them, cut to what a person reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

TEXT_MAX = 2_000
ITEMS_MAX = 12
_EXACT_MAX = 2**53


def plain_json(value: Any) -> Any:
    """A value as JSON holds it: what a browser would change becomes text, what is long is cut.

    >>> plain_json([1, 2**60, float("nan"), b"abc"])
    [1, '1152921504606846976', 'nan', '3 bytes']
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT_MAX else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, Mapping):
        return {str(key): plain_json(inner) for key, inner in list(value.items())[:ITEMS_MAX]}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value[:ITEMS_MAX]]
    text = str(value)
    return text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "…"


def left_out(value: Any) -> int:
    """How many items of a list, or characters of a text, `plain_json` cuts off.

    >>> left_out(list(range(40))), left_out("short")
    (28, 0)
    """
    if isinstance(value, list | tuple | Mapping):
        return max(0, len(value) - ITEMS_MAX)
    return max(0, len(value) - TEXT_MAX) if isinstance(value, str) else 0
