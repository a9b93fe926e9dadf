"""Who runs a machine: the shell's own thread, or a caller that waits for the answer anyway."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from actors.shell import MachineShell
from graphray.errors import ClusterError
from graphray.replication.effects import (
    Clock,
    Persist,
    Persisted,
    Received,
    Send,
    SetTimer,
    TimerFired,
)
from graphray.replication.entries import Promise
from graphray.replication.messages import Message
from tests.actors.scripted import Scripted, SlowDisk, message
from tests.polling import poll


class Careful(Scripted):
    """A machine that answers, and notices where it is entered by two at once."""

    def __init__(self, react: Callable[[Any, Clock], list[Any]] | None = None) -> None:
        super().__init__(react or _answer)
        self.threads: list[str] = []
        self.entered_twice = False
        self._inside = threading.Lock()

    def handle(self, event: Any, clock: Clock) -> list[Any]:
        if not self._inside.acquire(blocking=False):
            self.entered_twice = True
            return []
        try:
            self.threads.append(threading.current_thread().name)
            return super().handle(event, clock)
        finally:
            self._inside.release()


def _answer(event: Any, clock: Clock) -> list[Any]:
    return [Send(event.sender, event.message)] if isinstance(event, Received) else []


def _idle(machine: Careful, **takers: Any) -> MachineShell:
    """A shell that has had its first timer."""
    shell = MachineShell("trial", machine, lambda to, batch: None, **takers)
    poll(lambda: machine.events)
    assert shell.inspect(lambda: True, 30.0)
    return shell


def _numbers(machine: Scripted, sender: str) -> list[int]:
    received = [event for event in machine.events if isinstance(event, Received)]
    return [event.message.number for event in received if event.sender == sender]  # type: ignore[union-attr]


def test_who_waits_runs_an_idle_machine_himself() -> None:
    machine = Careful()
    shell = _idle(machine)

    def ask() -> None:
        # The shell's thread may not have gone back to sleep after the look.
        poll(lambda: shell.ask(message(1), 30.0) and machine.threads[-1] == "asking")

    asking = threading.Thread(target=ask, name="asking")
    asking.start()
    asking.join()
    assert machine.threads[-1] == "asking"
    shell.close()


def test_many_threads_are_handled_one_at_a_time_and_each_in_its_order() -> None:
    machine, count = Careful(), 200
    shell = _idle(machine)
    answers: dict[str, list[Message | None]] = {}

    def ask(name: str) -> None:
        answers[name] = [shell.ask(message(number), 30.0) for number in range(count)]

    def run(name: str) -> None:
        for number in range(count):
            shell.run_batch(name, (message(number),))

    def post(name: str) -> None:
        for number in range(count):
            shell.post_batch(name, (message(number),))

    works = [ask, ask, run, run, post, post]
    threads = [
        threading.Thread(target=work, args=(f"{work.__name__} {at}",))
        for at, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shell.inspect(lambda: True, 30.0)
    shell.close()
    assert not machine.entered_twice
    in_order = list(range(count))
    for name in ("run 2", "run 3", "post 4", "post 5"):
        assert _numbers(machine, name) == in_order
    for name in ("ask 0", "ask 1"):
        assert answers[name] == [message(number) for number in in_order]


def test_what_is_posted_within_a_turn_comes_after_it() -> None:
    class Echoing(SlowDisk):
        def take(self, effect: Any, post: Callable[[Any], None]) -> None:
            shell.run_batch("within", (message(2),))
            post(Persisted(effect.number))

    def react(event: Any, clock: Clock) -> list[Any]:
        if isinstance(event, Received) and event.sender != "within":
            return [Persist(1, (Promise(1),)), Send(event.sender, event.message)]
        return []

    machine = Careful(react)
    shell = _idle(machine, disk=Echoing())
    assert shell.ask(message(1), 30.0) == message(1)
    poll(lambda: Persisted(1) in machine.events)
    assert machine.events[-2:] == [Received("within", message(2)), Persisted(1)]
    assert not machine.entered_twice
    shell.close()


def test_callers_that_never_stop_do_not_keep_the_timer_from_firing() -> None:
    fired = threading.Event()

    def react(event: Any, clock: Clock) -> list[Any]:
        if isinstance(event, TimerFired):
            return [SetTimer(clock.monotonic_ms + 5)]
        return [Send(event.sender, event.message)]

    machine = Careful(react)
    shell = _idle(machine)

    def ask() -> None:
        while not fired.is_set():
            shell.ask(message(1), 30.0)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    poll(lambda: machine.events.count(TimerFired()) > 5)
    fired.set()
    for thread in threads:
        thread.join()
    assert not machine.entered_twice
    shell.close()


def test_a_timer_that_a_caller_sets_earlier_fires_early() -> None:
    def react(event: Any, clock: Clock) -> list[Any]:
        if isinstance(event, Received):
            return [SetTimer(clock.monotonic_ms + 1), Send(event.sender, event.message)]
        return [] if len(machine.events) > 1 else [SetTimer(clock.monotonic_ms + 3_600_000)]

    machine = Careful(react)
    shell = _idle(machine)
    shell.ask(message(1), 30.0)
    poll(lambda: machine.events.count(TimerFired()) == 2)
    shell.close()


def test_a_machine_that_raises_in_a_callers_turn_fails_for_everyone() -> None:
    def react(event: Any, clock: Clock) -> list[Any]:
        if isinstance(event, Received):
            raise AssertionError("entry 7 is not in the log")
        return []

    shell = _idle(Careful(react))
    with pytest.raises(ClusterError, match="entry 7"):
        shell.ask(message(1), 30.0)
    assert "entry 7" in shell.failure
    shell.run_batch("a", (message(2),))
    with pytest.raises(ClusterError, match="entry 7"):
        shell.inspect(lambda: 1, 1.0)
    shell.close()


def test_the_disk_stays_open_until_a_caller_has_ended_his_turn() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def react(event: Any, clock: Clock) -> list[Any]:
        if isinstance(event, Received):
            inside.set()
            go_on.wait(30.0)
        return []

    disk = SlowDisk()
    shell = _idle(Careful(react), disk=disk)
    running = threading.Thread(target=shell.run_batch, args=("a", (message(1),)))
    running.start()
    assert inside.wait(30.0)
    closing = threading.Thread(target=shell.close)
    closing.start()
    poll(lambda: shell._closed)
    assert not disk.closed
    go_on.set()
    closing.join(30.0)
    running.join(30.0)
    assert disk.closed
