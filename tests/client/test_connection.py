"""A handle is used through the connection it came by: Ray is never connected to by the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import ray

from graphray.client.connection import require_connection, submit
from graphray.client.transport import ask, fetch
from graphray.config import CallPolicy
from graphray.errors import ConnectionEnded

pytestmark = pytest.mark.cluster


@ray.remote(num_cpus=0)
class Echo:
    """Says what it is told."""

    def once(self, word: str) -> str:
        return word

    def thrice(self, word: str) -> tuple[str, str, str]:
        return word, word, word


def test_a_handle_ends_with_its_connection(start_cluster: Callable[..., Any]) -> None:
    cluster = start_cluster()
    echo = Echo.remote()
    reference = submit(echo, "once", "hello")
    assert fetch(reference, 30) == "hello"
    assert fetch(submit(echo, "thrice", "hello", num_returns=3), 30) == ["hello"] * 3

    ray.shutdown()
    for use in (
        require_connection,
        lambda: submit(echo, "once", "hello"),
        lambda: fetch(reference, 1),
        lambda: ask(echo, "once", "hello", policy=CallPolicy()),
    ):
        with pytest.raises(ConnectionEnded, match=r"ray\.shutdown"):
            use()
        assert not ray.is_initialized()

    ray.init(address=cluster.address, log_to_driver=False)
    with pytest.raises(ConnectionEnded, match="has ended"):
        submit(echo, "once", "hello")
