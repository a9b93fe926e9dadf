"""The page in a real browser: at a desk and on a phone, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import graphray as gr
from graphray.console.source import Event
from graphray.errors import GraphNotRunning
from tests.console.browser import DESKTOP, PHONE, Page, served, start_chromium
from tests.console.clients import TellingSource
from tests.console.graphs import build_papers

TAB, ENTER, HOME = "\ue004", "\ue007", "\ue011"
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"

each_size = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    driver = start_chromium()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def source(driver: Any, tmp_path_factory: pytest.TempPathFactory) -> TellingSource:
    graph = gr.open(build_papers(tmp_path_factory.mktemp("papers") / "store"))
    source = TellingSource(graph)
    source.happened = [Event(1, 1e9, "promoted", "replica 1 leads partition 0", "its primary died")]
    return source


@pytest.fixture(scope="module")
def page(driver: Any, source: TellingSource) -> Iterator[Page]:
    with served(source) as address:
        yield Page(driver, address)


@each_size
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_shown_and_nothing_is_asked_elsewhere(
    page: Page, size: tuple[int, int], scheme: str
) -> None:
    page.visit(size, words="?type=author&id=A0", scheme=scheme)
    assert page.text("#verdict").startswith("degraded: every partition is served")
    assert len(page.all(".machine")) == 4  # One is for the replica that does not answer.
    assert len(page.all("#machines .replica")) == 4
    assert "two replicas share a machine" in page.text("#warnings")
    assert "75 %" in page.text("#caches")
    assert "1.8 ms" in page.text("#load")
    assert "its primary died" in page.wait(lambda: page.text("#events"))
    assert "Author <b>0</b>" in page.text("#node-heading")  # As text, not as markup.
    assert len(page.all(".node")) > 5
    assert page.run("return document.documentElement.scrollWidth") <= size[0]
    bright = page.run("return getComputedStyle(document.body).backgroundColor").startswith("rgb(24")
    assert bright is (scheme == "light")
    assert page.complaints() == []
    assert {url for url in page.asked() if not url.startswith(page.address)} == set()


@each_size
def test_every_mark_lies_inside_the_drawing_and_touches_no_other(
    page: Page, size: tuple[int, int]
) -> None:
    page.visit(size)
    boxes = page.run(
        "return [...document.querySelectorAll('.shape')].filter((s) => s.closest('.node'))"
        ".map((s) => { const b = s.getBoundingClientRect();"
        " return [b.left, b.top, b.right, b.bottom]; })"
    )
    canvas = page.run(
        "const b = document.getElementById('canvas').getBoundingClientRect();"
        "return [b.left, b.top, b.right, b.bottom]"
    )
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert left >= canvas[0]
        assert top >= canvas[1]
        assert right <= canvas[2]
        assert bottom <= canvas[3]
        for other in boxes[:number]:
            apart = left > other[2] or other[0] > right or top > other[3] or other[1] > bottom
            assert apart


def test_the_same_neighbourhood_lies_the_same_way(page: Page) -> None:
    page.visit()
    places = (
        "return [...document.querySelectorAll('.node')].map((n) => n.getAttribute('transform'))"
    )
    first = page.run(places)
    page.visit()
    assert page.run(places) == first


@each_size
def test_walking_by_mouse_and_back(page: Page, size: tuple[int, int]) -> None:
    page.visit(size)
    began = page.text("#node-heading")
    assert page.one("#back").get_attribute("disabled")
    paper = page.one('.node[aria-label^="paper"] .shape')
    wanted = page.run("return arguments[0].closest('.node').getAttribute('aria-label')", paper)
    paper.click()
    page.wait(lambda: (page.attribute(".node.middle", "aria-label") or "").startswith("paper"))
    node_id = wanted.split()[1].strip(",")
    page.wait(lambda: page.text("#node-heading") == node_id)
    assert f"id={node_id}" in page.driver.current_url
    page.wait(lambda: "2000" <= page.text(".properties dd") <= "2020")
    page.one("#back").click()
    page.wait(lambda: page.text("#node-heading") == began)
    assert page.complaints() == []


@each_size
def test_walking_by_keyboard(page: Page, size: tuple[int, int]) -> None:
    page.visit(size)
    began = page.text("#node-heading")
    page.run(
        "document.getElementById('fanout').closest('details').querySelector('summary').focus()"
    )
    page.press(TAB)
    assert "middle" in (page.focused("class") or "")
    for arrow in (UP, RIGHT, DOWN, LEFT):
        page.press(arrow)
        if page.focused("data-place") != "0":
            break
    looked_at = page.focused("aria-label") or ""
    node_type, node_id = looked_at.split(",")[0].split(" ", 1)
    page.wait(lambda: page.text("#node-heading") == node_id)
    assert node_type in page.text("#node")
    page.press(ENTER)
    page.wait(lambda: ", in the middle" in (page.focused("aria-label") or ""))
    assert page.focused("aria-label").startswith(f"{node_type} {node_id},")
    assert page.text("#node-heading") == node_id != began
    page.press(RIGHT, DOWN, HOME)
    assert page.focused("data-place") == "0"
    page.press(TAB)
    assert page.run("return !document.activeElement.closest('#canvas')")


def test_the_list_of_neighbours_walks_as_well(page: Page) -> None:
    page.visit()
    page.one(".neighbors summary").click()
    button = page.one(".neighbors button")
    name = button.text
    button.click()
    page.wait(lambda: name.split(" ", 1)[1] == page.text("#node-heading"))
    page.wait(lambda: page.focused("id") == "node-heading")
    assert page.attribute(".neighbors", "open") is not None


def test_the_map_of_the_cluster_by_keyboard(page: Page) -> None:
    page.visit()
    page.run("document.querySelector('#machines .replica[tabindex=\"0\"]').focus()")
    page.press(RIGHT)
    chosen = page.focused("data-replica")
    assert chosen is not None
    part = chosen.split("/")[0]
    assert page.text("#replica").startswith(f"Partition {part}, replica ")
    siblings = page.run(
        "return [...document.querySelectorAll('.replica.sibling')].map((s) => s.dataset.replica)"
    )
    assert set(siblings) == {f"{part}/0", f"{part}/1"}
    # The map is drawn anew every two seconds: the focus has to stay.
    asked = page.text("#as-of")
    page.wait(lambda: page.text("#as-of") != asked)
    assert page.focused("data-replica") == chosen


def test_a_relation_that_is_not_ticked_is_not_followed(page: Page) -> None:
    page.visit(words="?type=paper&id=100")
    page.wait(lambda: page.text("#node-heading") == "100")
    before = len(page.all(".node"))
    first = page.one("#relations input")
    relation = first.get_attribute("data-relation")
    first.click()
    page.wait(lambda: len(page.all(".node")) != before)
    ticked = {
        i.get_attribute("data-relation"): i.is_selected() for i in page.all("#relations input")
    }
    assert [number for number, is_ticked in ticked.items() if not is_ticked] == [relation]
    assert page.focused("data-relation") == relation


def test_an_unknown_id_is_told_and_the_drawing_stays(page: Page) -> None:
    page.visit()
    drawn = len(page.all(".node"))
    page.one("#id").clear()
    page.one("#id").send_keys("nobody", ENTER)
    page.wait(lambda: "'nobody'" in page.text("#problem"))
    assert len(page.all(".node")) == drawn
    page.one("#id").clear()
    page.one("#id").send_keys("A1", ENTER)
    page.wait(lambda: page.text("#node-heading") == "Author <b>1</b> (A1)")
    assert not page.text("#problem")


def test_a_graph_that_goes_away_is_told_and_comes_back(page: Page, source: TellingSource) -> None:
    page.visit()
    source.is_away = GraphNotRunning("no graph 'papers' runs on this cluster")
    page.wait(
        lambda: page.text("#trouble") == ("No graph 'papers' runs on this cluster. Trying again…")
    )
    assert page.text("#verdict").startswith("degraded")  # What was last known, greyed.
    assert "stale" in page.one("body").get_attribute("class")
    source.is_away = None
    source.happened.append(Event(2, 1e9, "launched", "the graph is back"))
    page.wait(lambda: not page.text("#trouble"))
    page.wait(lambda: "the graph is back" in page.text("#events"))
    assert len(page.all("#events li")) == 2
