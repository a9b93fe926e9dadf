"""Publishing on S3, against a server of the same protocol; skipped where none is installed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from graphray.building.builder import build
from graphray.errors import MissingDependency, StoreError, StoreExists
from graphray.shard import nodes_table
from graphray.store import Place, Store, s3


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A fresh bucket on a server of our own, as a URI with ``{}`` for the store's name."""
    boto3 = pytest.importorskip("boto3")
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    ).create_bucket(Bucket="graphs")
    yield (
        f"s3://key:secret@graphs/{{}}?region=us-east-1&scheme=http&endpoint_override={host}:{port}"
    )
    server.stop()


def test_store_on_s3(bucket: str) -> None:
    uri = bucket.format("papers")
    build(([0, 1], [1, 2]), uri, parts=2)
    store = Store.open(uri)
    store.verify()
    tables = [store.shard(part).table(nodes_table("node")) for part in range(2)]
    assert sorted(node for table in tables for node in table["@id"].to_pylist()) == [0, 1, 2]
    with pytest.raises(StoreExists):
        build(([0], [1]), uri)


def test_of_many_that_create_at_once_one_wins(bucket: str) -> None:
    place = Place(bucket.format("contended"))
    start = threading.Barrier(8)
    won = []

    def create(writer: int) -> None:
        start.wait()
        if place.create("manifest", b"%d" % writer):
            won.append(writer)

    threads = [threading.Thread(target=create, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert place.read("manifest") == b"%d" % won[0]


def test_bucket_that_is_not_there(bucket: str) -> None:
    with pytest.raises(StoreError, match="no-such-bucket"):
        Place(bucket.replace("graphs", "no-such-bucket").format("s")).create("manifest", b"")


def test_without_boto3_nothing_is_written(monkeypatch: Any) -> None:
    monkeypatch.setattr(s3.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"graphray\[s3\]"):
        Place("s3://graphs/s?region=us-east-1").check_can_create()
