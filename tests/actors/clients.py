"""A plain client of a replicated partition: asks the leader, again until it is answered."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import ray
from ray.exceptions import RayError

from graphray.client.transport import fetch
from graphray.client.view import NAMESPACE, GraphView, catalog_name, place_of
from graphray.client.wire import decode, encode
from graphray.errors import GraphRayError
from graphray.replication.commands import (
    Changes,
    Commit,
    Query,
    Value,
    command_to_bytes,
    result_from_bytes,
)
from graphray.replication.configuration import Configuration
from graphray.replication.consistency import Consistency
from graphray.replication.messages import (
    ConfigurationQuery,
    Configure,
    Message,
    OpenSession,
    Read,
    ReadDone,
    Write,
    WriteDone,
)
from graphray.replication.packing import pack, unpack

KEY = "log"
_TRY_S = 1.0
_names = itertools.count()


class PartitionClient:
    """Appends numbers to a list in one partition, one after the other."""

    def __init__(self, graph: str, part: int = 0, deadline_s: float = 60.0) -> None:
        self._catalog = ray.get_actor(catalog_name(graph), namespace=NAMESPACE)
        self._part = part
        self._deadline_s = deadline_s
        view: GraphView = ray.get(self._catalog.view.remote())
        self._handles = view.handles[part]
        self._name = f"client-{next(_names)}-{time.monotonic_ns()}"
        self._seq = -1
        self.acknowledged: list[int] = []

    def configuration(self) -> Configuration:
        """The newest that the catalog knows; asked until it answers."""
        deadline = time.monotonic() + self._deadline_s
        while True:
            try:
                call = self._catalog.ask.remote(self._part, encode(ConfigurationQuery()), _TRY_S)
                answer = fetch(call, 2 * _TRY_S)
            except (RayError, GraphRayError):
                answer = None
            if answer is not None:
                found = decode(answer)
                assert isinstance(found, Configure)
                return found.configuration
            assert time.monotonic() < deadline, "the catalog does not answer"
            threading.Event().wait(0.05)

    def append(self, value: int) -> None:
        """Append a value; returns when that is acknowledged."""
        if self._seq < 0:
            self._seq = 0
            self._until(lambda: OpenSession(self._name), WriteDone)
        self._seq += 1
        changes = Changes({}, (KEY.encode(),), pack(((KEY, value),)), {})
        command = command_to_bytes(Commit(f"{self._name}/{self._seq}", changes))
        self._until(lambda: Write(self._name, self._seq, self._seq, command), WriteDone)
        self.acknowledged.append(value)

    def values(self) -> list[int]:
        """The list, by a strong read."""
        query = Query((KEY.encode(),), pack((KEY,))).to_bytes()
        answer: ReadDone = self._until(
            lambda: Read(self._name, 1, query, Consistency.STRONG), ReadDone
        )
        result = result_from_bytes(answer.result)
        assert isinstance(result, Value)
        return list(unpack(result.content)[KEY])

    def _until(self, message: Any, kind: type[Any]) -> Any:
        deadline = time.monotonic() + self._deadline_s
        answer: Message | None = None
        while time.monotonic() < deadline:
            primary = self.configuration().primary
            handle = self._handles[place_of(primary)[1]]
            try:
                found = fetch(handle.ask.remote(encode(message()), _TRY_S), 2 * _TRY_S)
            except (RayError, GraphRayError):
                found = None
            answer = None if found is None else decode(found)
            if isinstance(answer, kind):
                return answer
            threading.Event().wait(0.05)
        raise AssertionError(f"no {kind.__name__} in time, but {answer}")


class BackgroundWriter:
    """Appends 0, 1, 2, ... on a thread of its own until it is stopped."""

    def __init__(self, client: PartitionClient) -> None:
        self._client = client
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def count(self) -> int:
        """How many writes were acknowledged."""
        if self._error is not None:
            raise self._error
        return len(self._client.acknowledged)

    def stop(self) -> list[int]:
        """End, and return what was acknowledged."""
        self._stopping.set()
        self._thread.join()
        assert self.count >= 0
        return self._client.acknowledged

    def _run(self) -> None:
        try:
            for value in itertools.count():
                if self._stopping.is_set():
                    return
                self._client.append(value)
        except (AssertionError, RayError, GraphRayError) as error:
            self._error = error
