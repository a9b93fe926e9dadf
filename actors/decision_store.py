"""The catalog's store: keys that are created once and never changed, as files of a `Place`.

A key such as ``3/term/000000000007`` is the file ``3~term~000000000007``: all lie in one folder, so
that one listing finds them. On a local or shared disk and on S3 a key is created by one writer only
(see `graphray.store.place`); that is what keeps two catalogs from beginning the same term.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from graphray.errors import StoreError
from graphray.replication.effects import CreateIfAbsent, ListStore, StoreAnswered
from graphray.store.place import Place

Post = Callable[[Any], None]


class DecisionStore:
    """Carries out a manager's requests on a thread of its own (an `actors.shell.EffectTaker`).

    A request that fails is not answered: managers ask again when their timer fires.

    Args:
        place: the folder.

    Attributes:
        problem: what went wrong last; empty since the last request that went well.
    """

    def __init__(self, place: Place) -> None:
        self.problem = ""
        self._place = place
        self._tasks: queue.SimpleQueue[tuple[Any, Post] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="decisions", daemon=True)
        self._thread.start()

    def take(self, effect: Any, post: Post) -> None:
        """Queue one effect."""
        self._tasks.put((effect, post))

    def close(self) -> None:
        """Finish what is under way."""
        self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            effect, post = task
            try:
                answer = self._carry_out(effect)
            except (StoreError, OSError) as error:
                self.problem = str(error)
            else:
                self.problem = ""
                post(answer)

    def _carry_out(self, effect: CreateIfAbsent | ListStore) -> StoreAnswered:
        if isinstance(effect, ListStore):
            return StoreAnswered(effect.number, tuple(self._list(_file_of(effect.prefix))))
        name = _file_of(effect.key)
        created = self._place.create(name, effect.value)
        value = effect.value if created else self._place.read(name)
        return StoreAnswered(effect.number, ((effect.key, value),), created)

    def _list(self, prefix: str) -> list[tuple[str, bytes]]:
        names = sorted(name for name in self._place.names() if name.startswith(prefix))
        return [
            (name.replace("~", "/"), self._place.read(name))
            for name in names
            if not name.endswith(".tmp")
        ]


def _file_of(key: str) -> str:
    return key.replace("/", "~")
