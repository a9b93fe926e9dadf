"""Remembering finished pieces of work, so that a killed build goes on where it was.

A `JournaledExecutor` hands work on to another executor, and keeps every result on disk. Runs come
in the same order in every build of the same plan, and pieces of work always give the same result:
so a result is found again by the number of its run and of its item.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from graphray.errors import StoreError
from graphray.executor import Context, Executor, Item, Result


class JournaledExecutor:
    """Runs pieces by another executor, those whose results are not there yet.

    Args:
        executor: who does the work.
        folder: where results are kept; whoever can write there is trusted.
    """

    def __init__(self, executor: Executor, folder: Path) -> None:
        self._executor = executor
        self._folder = folder
        self._runs = 0

    @property
    def workers(self) -> int:
        """How many pieces run at the same time, at most."""
        return self._executor.workers

    @property
    def in_process(self) -> bool:
        """Whether pieces run in this process."""
        return self._executor.in_process

    def run(
        self,
        task: Callable[[Context, Item], Result],
        context: Context,
        items: Iterable[Item],
        at_once: int | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """See `Executor`.

        Raises:
            StoreError: where a result cannot be kept.
        """
        run = self._runs
        self._runs += 1
        missing: list[int] = []
        rest: list[Item] = []
        for number, item in enumerate(items):
            path = self._path(run, number)
            if path.exists():
                yield number, pickle.loads(path.read_bytes())
            else:
                missing.append(number)
                rest.append(item)
        for at, result in self._executor.run(task, context, rest, at_once):
            self._keep(self._path(run, missing[at]), result)
            yield missing[at], result

    def _path(self, run: int, number: int) -> Path:
        return self._folder / f"{run}-{number}"

    def _keep(self, path: Path, result: object) -> None:
        temporary = path.with_suffix(".tmp")
        try:
            self._folder.mkdir(exist_ok=True)
            temporary.write_bytes(pickle.dumps(result))
            os.replace(temporary, path)
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error}; make room there, or name a folder on a larger disk "
                "with spill_folder=...",
                path=str(path),
            ) from error
