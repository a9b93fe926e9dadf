"""Which calls are work that nobody waits for: those are refused first where there is too much.

A mark on the running thread rather than a parameter of every reader on the way down to the calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_IS_BACKGROUND = ContextVar("graphray_is_background", default=False)


def is_background() -> bool:
    """Whether this thread does work that nobody waits for."""
    return _IS_BACKGROUND.get()


@contextmanager
def in_background() -> Iterator[None]:
    """Mark what this thread asks of replicas within the block.

    Example:
        >>> with in_background():
        ...     is_background()
        True
        >>> is_background()
        False
    """
    token = _IS_BACKGROUND.set(True)
    try:
        yield
    finally:
        _IS_BACKGROUND.reset(token)
