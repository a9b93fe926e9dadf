"""The console's API: what it answers, whom, and what it says when something is wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import graphray as gr
from graphray.console.guard import is_ours
from graphray.console.server import STATIC, serve
from graphray.console.shown_uri import shown_uri
from graphray.console.source import Event
from graphray.console.stored import StoreSource
from graphray.errors import ArgumentError, GraphNotRunning, PartitionUnavailable
from tests.console.clients import TellingSource, ask, ask_all
from tests.console.graphs import BIG, build_papers


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    return gr.open(build_papers(tmp_path_factory.mktemp("papers") / "store"))


@pytest.fixture
def store(graph: gr.Graph) -> StoreSource:
    return StoreSource(graph)


@pytest.fixture
def telling(graph: gr.Graph) -> TellingSource:
    return TellingSource(graph)


def test_the_page_and_all_that_it_asks_for_are_there(store: StoreSource) -> None:
    page = ask(store, "/")
    assert page.status == 200
    assert 'src="/static/js/main.js"' in page.text
    files = [path for path in STATIC.rglob("*") if path.is_file()]
    answers = ask_all(store, *(f"/static/{path.relative_to(STATIC)}" for path in files))
    assert {answer.status for answer in answers} == {200}
    types = {answer.headers["Content-Type"].split(";")[0] for answer in answers}
    assert types == {"text/html", "text/css", "application/javascript", "image/svg+xml"}


def test_no_file_of_the_page_names_another_host() -> None:
    for path in STATIC.rglob("*.*"):
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, path


def test_every_answer_forbids_the_page_to_ask_elsewhere(store: StoreSource) -> None:
    for answer in ask_all(store, "/", "/api/schema", "/absent", "/api/node", "/static/style.css"):
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/api/overview", "/static/style.css"])
def test_a_foreign_host_name_is_refused(store: StoreSource, path: str) -> None:
    refused = ask(store, path, {"Host": "evil.example:8270"})
    assert refused.status == 421
    assert "--allow-host" in refused.text
    assert ask(store, path, {"Host": "graphs.example"}).status == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST:80", True),
        ("127.0.0.1:8270", True),
        ("10.1.2.3", True),
        ("[::1]:8270", True),
        ("", False),
        ("localhost.evil.example", False),
        ("evil.example:127.0.0.1", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_which_host_names_are_ours(host: str, expected: bool) -> None:
    assert is_ours(host, {"localhost"}) is expected


def test_files_beside_the_page_are_not_served(store: StoreSource) -> None:
    for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/static/", "/static/js"):
        assert ask(store, path).status in (403, 404)


def test_the_overview_of_a_store_has_no_cluster(store: StoreSource, graph: gr.Graph) -> None:
    overview = ask(store, "/api/overview").json
    assert overview["title"] == graph.status().uri
    assert overview["status"]["health"] == "well"
    assert overview["machines"] is None
    assert overview["load"] is None
    assert sum(part["nodes"] for part in overview["partitions"]) == 27
    assert ask(store, "/api/events").json == {"events": None}


def test_what_a_source_knows_is_told(telling: TellingSource) -> None:
    telling.happened = [Event(n, 1e9 + n, "promoted", "replica 1 leads", "died") for n in (1, 2)]
    overview, events = ask_all(telling, "/api/overview", "/api/events?after=1")
    assert overview.json["status"]["verdict"].startswith("degraded: ")
    assert [machine["hostname"] for machine in overview.json["machines"]] == [
        "host-0",
        "host-1",
        "host-2",
    ]
    assert overview.json["load"][0]["p95_ms"] == 1.75
    assert [event["number"] for event in events.json["events"]] == [2]


def test_neighborhoods_and_nodes(store: StoreSource) -> None:
    around, node = ask_all(
        store,
        f"/api/neighborhood?type=paper&id={BIG}&fanout=5,5&direction=out&nodes_max=9&rng_seed=1",
        f"/api/node?type=paper&id={BIG}",
    )
    assert [n["id"] for n in around.json["nodes"]] == [str(BIG), "100", "101"]
    assert node.json["id"] == str(BIG)


@pytest.mark.parametrize(
    ("question", "status", "kind", "words"),
    [
        ("node?type=author&id=nobody", 404, "NodeNotFound", "'nobody'"),
        ("node?type=venue&id=1", 404, "NodeTypeNotFound", "author, paper"),
        ("node?id=1", 404, "NodeTypeNotFound", "several"),
        ("node?type=paper", 400, "ArgumentError", "'id' is missing"),
        ("node?type=paper&id=x", 400, "ArgumentError", "integers"),
        ("neighborhood?type=author&id=A0&fanout=a", 400, "ArgumentError", "fanout: 'a'"),
        ("neighborhood?type=author&id=A0&fanout=", 400, "ArgumentError", "0 hops"),
        ("neighborhood?type=author&id=A0&nodes_max=1e9", 400, "ArgumentError", "'1e9'"),
        ("neighborhood?type=author&id=A0&relations=7", 400, "ArgumentError", "relation 7"),
        ("events?after=now", 400, "ArgumentError", "after: 'now'"),
    ],
)
def test_errors_are_told_in_words(
    store: StoreSource, question: str, status: int, kind: str, words: str
) -> None:
    answer = ask(store, f"/api/{question}")
    assert answer.status == status
    assert answer.json["error"]["kind"] == kind
    assert words in answer.json["error"]["message"]


@pytest.mark.parametrize("error", [GraphNotRunning("gone"), PartitionUnavailable("no replica")])
def test_a_graph_that_is_away_is_told_and_comes_back(telling: TellingSource, error: Any) -> None:
    telling.is_away = error
    answer = ask(telling, "/api/overview")
    assert answer.status == 503
    assert answer.json["error"] == {"kind": type(error).__name__, "message": str(error)}
    telling.is_away = None
    assert ask(telling, "/api/overview").status == 200


def test_many_pages_ask_the_graph_once(telling: TellingSource) -> None:
    answers = ask_all(telling, *["/api/overview"] * 20)
    assert {answer.status for answer in answers} == {200}
    assert telling.asked == 1


def test_it_serves_until_it_is_cancelled_and_lets_go(graph: gr.Graph) -> None:
    told: list[str] = []

    async def serve_for_a_moment() -> None:
        opened = asyncio.Event()

        def ready(address: str) -> None:
            told.append(address)
            opened.set()

        task = asyncio.create_task(serve(TellingSource(graph), "127.0.0.1", 0, ready=ready))
        await opened.wait()
        port = int(told[0].rsplit(":", 1)[1].strip("/"))
        with pytest.raises(ArgumentError, match="--port"):
            await serve(StoreSource(graph), "127.0.0.1", port)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(serve_for_a_moment())
    assert told[0].startswith("http://127.0.0.1:")


def test_logins_and_queries_are_not_shown() -> None:
    assert shown_uri("s3://key:se%40cret@host/path?token=t") == "s3://host/path"
    assert shown_uri("/data/what?/a@b") == "/data/what?/a@b"
    assert shown_uri("file:///data/store") == "file:///data/store"
