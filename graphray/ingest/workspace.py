"""The folder in which a build spills, and the sweeping of those that killed builds left."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from graphray.errors import StoreError
from graphray.store.lease import sweep, take_lease

_SPILL_NAME = "spill"


def spill_parent(store: Path | None, chosen: str | os.PathLike[str] | None) -> Path:
    """Where builds of a store spill: the folder chosen, else beside the store's data.

    A store that is not on the local disk has its builds spill into the system's temporary folder.
    """
    if chosen is not None:
        return Path(chosen).expanduser().absolute() / "graphray-spill"
    if store is not None:
        return store / _SPILL_NAME
    return Path(tempfile.gettempdir()) / "graphray-spill"


@contextmanager
def workspace(parent: Path) -> Iterator[Path]:
    """A new folder below ``parent``, removed when the block ends; abandoned ones are swept first.

    Raises:
        StoreError: where it cannot be made.
    """
    folder = parent / secrets.token_hex(8)
    made = [p for p in (parent, *parent.parents) if not p.exists()]
    try:
        sweep(parent)
        folder.mkdir(parents=True)
        take_lease(folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(f"cannot spill to {folder}: {error}", path=str(folder)) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # another build spills there
            parent.rmdir()
            for above in made[1:]:
                above.rmdir()
