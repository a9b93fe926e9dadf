"""The shell around a machine: order, batches, timers, asks, and that nothing dies in silence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from actors.attendance import Attendance
from actors.parking import Parking, expects_answer
from actors.shell import MachineShell, read_clock
from graphray.errors import ClusterError
from graphray.replication.effects import (
    Clock,
    CreateIfAbsent,
    Persist,
    Persisted,
    Received,
    Send,
    SetTimer,
    StoreAnswered,
    TimerFired,
)
from graphray.replication.entries import Promise
from graphray.replication.messages import Message, Refused
from tests.actors.scripted import Scripted, SlowDisk, message
from tests.polling import poll


class Hosted:
    """A shell around a scripted machine, and what it sent."""

    def __init__(self, react: Callable[[Any, Clock], list[Any]], **takers: Any) -> None:
        self.sent: list[tuple[str, tuple[Message, ...]]] = []
        self.machine = Scripted(react)
        self.shell = MachineShell("trial", self.machine, self._send, **takers)

    def _send(self, to: str, messages: Sequence[Message]) -> None:
        self.sent.append((to, tuple(messages)))


def test_what_goes_to_one_receiver_in_one_wake_up_is_one_batch_in_order() -> None:
    def react(event: Any, clock: Clock) -> list[Any]:
        if isinstance(event, TimerFired):
            return []
        return [Send("b", event.message), Send("c", event.message), Send("b", event.message)]

    hosted = Hosted(react)
    poll(lambda: hosted.machine.events)
    hosted.shell.post_batch("a", [message(1), message(2)])
    poll(lambda: len(hosted.sent) == 2)
    one, two = message(1), message(2)
    assert dict(hosted.sent) == {"b": (one, one, two, two), "c": (one, two)}
    hosted.shell.close()


def test_the_machine_starts_with_its_timer_and_a_newer_one_replaces_an_older() -> None:
    def react(event: Any, clock: Clock) -> list[Any]:
        fired = sum(isinstance(e, TimerFired) for e in hosted_events)
        hosted_events.append(event)
        if fired == 0:
            return [SetTimer(clock.monotonic_ms + 3_600_000), SetTimer(clock.monotonic_ms + 20)]
        return []

    hosted_events: list[Any] = []
    hosted = Hosted(react)
    poll(lambda: len(hosted.machine.events) == 2)
    first, second = hosted.machine.clocks
    assert hosted.machine.events == [TimerFired(), TimerFired()]
    assert second.monotonic_ms >= first.monotonic_ms + 20
    hosted.shell.close()


def test_a_busy_machine_has_its_timer_as_well() -> None:
    def react(event: Any, clock: Clock) -> list[Any]:
        if isinstance(event, TimerFired):
            return [SetTimer(clock.monotonic_ms + 5), Send("x", message(0))]
        return [Send("self", event.message)]

    def send_to_itself(to: str, messages: Sequence[Message]) -> None:
        if to == "self":
            shell.post_batch("self", messages)
        else:
            fired.append(to)

    fired: list[str] = []
    machine = Scripted(react)
    shell = MachineShell("busy", machine, send_to_itself)
    shell.post_batch("a", [message(1)])
    poll(lambda: len(fired) > 5)
    shell.close()


def test_a_write_is_handed_over_before_what_follows_it_is_sent() -> None:
    order: list[str] = []

    class Disk(SlowDisk):
        def take(self, effect: Any, post: Callable[[Any], None]) -> None:
            order.append("write")
            super().take(effect, post)

    def react(event: Any, clock: Clock) -> list[Any]:
        if isinstance(event, Received):
            return [Persist(1, (Promise(1),)), Send("b", event.message)]
        return [Send("b", message(9))] if isinstance(event, Persisted) else []

    disk = Disk()
    machine = Scripted(react)
    shell = MachineShell("trial", machine, lambda to, batch: order.append("send"), disk=disk)
    shell.post_batch("a", [message(1)])
    poll(lambda: len(order) == 2)
    (effect, post) = disk.taken[0]
    post(Persisted(effect.number))
    poll(lambda: len(order) == 3)
    assert order == ["write", "send", "send"]
    shell.close()
    assert disk.closed


def test_the_store_is_asked_and_its_answer_is_an_event() -> None:
    store = SlowDisk()
    wanted = CreateIfAbsent(1, "0/term/000000000001", b"x")
    hosted = Hosted(lambda event, _: [wanted] if event == TimerFired() else [], store=store)
    poll(lambda: store.taken)
    (effect, post) = store.taken[0]
    answer = StoreAnswered(effect.number, ((effect.key, b"x"),), created=True)
    post(answer)
    poll(lambda: answer in hosted.machine.events)
    hosted.shell.close()


def test_an_ask_gets_its_own_answer() -> None:
    def react(event: Any, clock: Clock) -> list[Any]:
        if isinstance(event, TimerFired):
            return []
        waiting.append(event)
        if len(waiting) < 8:
            return []
        Random(3).shuffle(waiting)
        return [Send(e.sender, Refused(e.message.number, None)) for e in waiting]

    waiting: list[Received] = []
    hosted = Hosted(react)
    answers: dict[int, Message | None] = {}

    def ask(number: int) -> None:
        answers[number] = hosted.shell.ask(message(number), 30.0)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: Refused(number, None) for number in range(8)}
    assert hosted.sent == []
    hosted.shell.close()


def test_an_ask_that_is_not_answered_returns_nothing() -> None:
    hosted = Hosted(lambda event, clock: [])
    assert hosted.shell.ask(message(1), 0.02) is None
    hosted.shell.close()
    with pytest.raises(ClusterError, match="closed"):
        hosted.shell.ask(message(1), 0.02)


def test_a_machine_that_raises_fails_loudly() -> None:
    def react(event: Any, clock: Clock) -> list[Any]:
        if event == Received("a", message(7)):
            raise AssertionError("entry 7 is not in the log")
        return []

    hosted = Hosted(react)
    failed: list[ClusterError] = []

    def ask() -> None:
        try:
            hosted.shell.ask(message(1), 30.0)
        except ClusterError as error:
            failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    poll(lambda: len(hosted.machine.events) >= 2)
    hosted.shell.post_batch("a", [message(7), message(8)])
    asking.join(30)
    assert "entry 7 is not in the log" in hosted.shell.failure
    assert "entry 7 is not in the log" in str(failed[0])
    with pytest.raises(ClusterError, match="entry 7"):
        hosted.shell.ask(message(2), 1.0)
    with pytest.raises(ClusterError, match="entry 7"):
        hosted.shell.inspect(lambda: 1, 1.0)
    assert Received("a", message(8)) not in hosted.machine.events
    hosted.shell.close()


def test_a_look_runs_between_two_events() -> None:
    hosted = Hosted(lambda event, clock: [])
    names = hosted.shell.inspect(lambda: threading.current_thread().name, 5.0)
    assert names == "shell-trial"

    def refuse() -> None:
        raise ClusterError("no")

    with pytest.raises(ClusterError, match="no"):
        hosted.shell.inspect(refuse, 5.0)
    assert hosted.shell.inspect(lambda: 3, 5.0) == 3
    hosted.shell.close()


def test_the_clock_never_goes_back() -> None:
    readings = [read_clock().monotonic_ms for _ in range(100)]
    assert readings == sorted(readings)


# --- calls that take their answer along -----------------------------------------------------------


def test_a_parked_call_takes_the_answer_along() -> None:
    parking = Parking()
    place = parking.enter("b")
    giver = threading.Timer(0.01, lambda: parking.give("b", (message(1),)))
    giver.start()
    assert parking.leave("b", place) == (message(1),)
    assert not parking.give("b", (message(2),))
    giver.join()


def test_a_call_that_nobody_answers_leaves_its_place() -> None:
    parking = Parking()
    assert parking.leave("b", parking.enter("b")) is None
    assert not parking.give("b", (message(2),))


def test_which_batches_are_answered() -> None:
    assert expects_answer((Refused(1, None), message(1)))
    assert not expects_answer((Refused(1, None),))


# --- who is there ---------------------------------------------------------------------------------


def test_a_restart_on_the_same_disk_is_no_loss() -> None:
    seen = Attendance(0, 2, grace_s=5.0, now_s=0.0)
    seen.hear("0/1/b", 1.0)
    assert seen.wanted(("0/0/a", "0/1/b"), 1_000.0) == ("0/0/a", "0/1/b")


def test_a_new_disk_replaces_a_silent_one_and_no_other() -> None:
    seen = Attendance(0, 2, grace_s=5.0, now_s=0.0)
    for now_s in range(10):
        seen.hear("0/0/a", now_s)
        seen.hear("0/0/z", now_s)  # A process that Ray has replaced may still be running.
    seen.hear("0/1/c", 9.0)
    assert seen.wanted(("0/0/a", "0/1/b"), 9.0) == ("0/0/a", "0/1/c")


def test_places_come_and_go_with_the_number_of_replicas() -> None:
    seen = Attendance(3, 3, grace_s=5.0, now_s=0.0)
    seen.hear("3/2/c", 1.0)
    assert seen.wanted(("3/0/a", "3/1/b"), 2.0) == ("3/0/a", "3/1/b", "3/2/c")
    assert Attendance(3, 1, 5.0, 0.0).wanted(("3/0/a", "3/1/b"), 2.0) == ("3/0/a",)
