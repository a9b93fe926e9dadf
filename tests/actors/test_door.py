"""Who is let through the door of a replica, who waits, and who is turned away."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random

import pytest

from actors.door import WAITING_ROOM, Door, door_settings
from graphray.health import AdmissionSettings, Shed
from tests.polling import poll

THREADS = 2


class Served:
    """Calls that take until they are let go of; what is served, in order."""

    def __init__(self, settings: AdmissionSettings) -> None:
        self.door = Door(settings, clock=lambda: self.now_s, rng=Random(0))
        self.now_s = 0.0
        self.order: list[str] = []
        self._ends: dict[str, threading.Event] = {}
        self._threads = ThreadPoolExecutor(16)

    def ask(self, name: str, left_s: float = 60.0, background: bool = False) -> Future[str | Shed]:
        end = self._ends[name] = threading.Event()

        def serve() -> str:
            self.order.append(name)
            assert end.wait(60)
            if name == "broken":
                raise KeyError(name)
            return name

        return self._threads.submit(self.door.through, serve, left_s, background)

    def queue(self, name: str, **how: bool) -> Future[str | Shed]:
        """Ask, and wait until it waits."""
        waiting = self.door.waiting
        asked = self.ask(name, **how)
        poll(lambda: asked.done() or self.door.waiting > waiting)
        return asked

    def begin(self, name: str) -> Future[str | Shed]:
        """Ask, and wait until it is served."""
        asked = self.ask(name)
        poll(lambda: name in self.order)
        return asked

    def end(self, name: str, took_s: float = 0.0) -> None:
        self.now_s += took_s
        self._ends[name].set()


def served(**fields: float) -> Served:
    return Served(AdmissionSettings(THREADS, **fields))  # type: ignore[arg-type]


def test_those_who_wait_are_served_in_the_order_of_their_coming() -> None:
    it = served()
    asked = [it.begin("a"), it.begin("b"), it.queue("c"), it.queue("d")]
    assert (it.door.serving, it.door.waiting) == (2, 2)
    for ends, is_next in (("b", "c"), ("a", "d")):
        it.end(ends)
        poll(lambda name=is_next: name in it.order)
    it.end("c")
    it.end("d")
    assert [each.result(60) for each in asked] == list("abcd")
    assert it.order == list("abcd")
    assert (it.door.serving, it.door.waiting) == (0, 0)


def test_who_would_wait_too_long_is_refused_and_told_when_to_come_back() -> None:
    it = served(wait_max_s=0.5)
    first = it.begin("slow")
    it.end("slow", took_s=0.4)
    assert first.result(60) == "slow"
    asked = [it.begin("a"), it.begin("b"), it.queue("c")]
    it.queue("too late")
    refused = it.ask("far too late").result(60)
    assert isinstance(refused, Shed)
    assert refused.retry_after_s > 0
    for name in ("a", "b", "c", "too late"):
        it.end(name)
    assert [each.result(60) for each in asked] == list("abc")


def test_background_work_is_refused_where_others_wait() -> None:
    it = served(wait_max_s=0.5)
    it.begin("slow")
    it.end("slow", took_s=0.4)
    poll(lambda: it.door.serving == 0)
    it.begin("a")
    it.begin("b")
    assert isinstance(it.queue("export", background=True).result(60), Shed)
    waits = it.queue("read")
    assert not waits.done()
    for name in ("a", "b", "read"):
        it.end(name)
    assert waits.result(60) == "read"


def test_who_waits_past_its_deadline_gives_up_its_place_in_the_queue() -> None:
    it = served()
    it.begin("a")
    it.begin("b")
    gone = it.ask("c", left_s=0.05).result(60)
    assert isinstance(gone, Shed)
    assert "deadline" in gone.reason
    assert it.door.waiting == 0
    later = it.queue("d")
    for name in "abd":
        it.end(name)
    assert later.result(60) == "d"
    assert "c" not in it.order


def test_a_call_that_fails_leaves_its_place_to_the_next() -> None:
    it = served()
    broken, _, waits = it.begin("broken"), it.begin("b"), it.queue("c")
    it.end("broken")
    with pytest.raises(KeyError, match="broken"):
        broken.result(60)
    it.end("c")
    assert waits.result(60) == "c"
    it.end("b")


def test_the_last_thread_is_never_let_wait() -> None:
    settings = door_settings(4, wait_s_max=0.5)
    assert settings.threads + settings.queue_max < settings.threads + WAITING_ROOM
