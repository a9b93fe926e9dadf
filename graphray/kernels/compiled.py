"""How every kernel is compiled: lazily, without the GIL, cached on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a loop over arrays.

    Lazy, because an explicit signature for writable arrays would reject the read-only ones that
    come mapped out of files and the object store. ``error_model="numpy"`` drops the check for
    division by zero from every division; kernels never divide by what may be zero.
    """
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


def inlined(function: Function) -> Function:
    """Compile a piece that kernels call in their innermost loop."""
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(
        function
    )
    return compiled
