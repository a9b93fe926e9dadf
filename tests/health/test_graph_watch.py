"""The watch as a whole, in simulated time: what is done to replicas, and what it makes of it."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.events import Happening
from graphray.health import (
    Beat,
    GraphWatch,
    HealthSettings,
    HeartbeatSettings,
    NodeSeen,
    Place,
    QuarantineSettings,
    Term,
)
from graphray.status import ReplicaStatus

SETTINGS = HealthSettings(
    heartbeats=HeartbeatSettings(every_s=1.0, pause_s=2.0, deviation_min_s=0.3),
    quarantine=QuarantineSettings(
        failures_max=2, window_s=100.0, backoff_s=0.5, quarantine_s=40.0, well_after_s=30.0
    ),
    hung_after_s=20.0,
)
RESTART_S = 2
PLACES = [(part, replica) for part in range(2) for replica in range(2)]
NODE = {0: "n0", 1: "n1"}  # By the number of the copy.


@dataclass
class Process:
    """A simulated replica."""

    node_id: str
    incarnation: int = 0
    is_stopped: bool = False
    loads_at_s: float | None = 0.0  # None: it does not know yet whether it may.
    ended_at_s: float | None = None
    ask_at_s: float = 0.0


@dataclass
class World:
    """Replicas that are killed, stopped and continued, under a watch; Ray restarts what ended."""

    settings: HealthSettings = SETTINGS
    now_s: float = 0.0
    processes: dict[Place, Process] = field(default_factory=dict)
    nodes: dict[str, NodeSeen] = field(default_factory=dict)
    told: list[Happening] = field(default_factory=list)
    killed: list[tuple[float, Place]] = field(default_factory=list)
    stopped_at_s: dict[Place, float] = field(default_factory=dict)
    failed_at_s: defaultdict[Place, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.watch = GraphWatch(self.settings)
        self.nodes = {name: NodeSeen(name, f"10.0.0.{n}") for n, name in NODE.items()}
        self.processes = {place: Process(NODE[place[1]]) for place in PLACES}

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now_s += 1.0
            self.tick()

    def tick(self) -> None:
        for place, process in self.processes.items():
            self._live(place, process)
        self.told += self.watch.nodes_seen(list(self.nodes.values()))
        happened, killed = self.watch.look(self.now_s)
        self.told += happened
        for place in killed:
            self.killed.append((self.now_s, place))
            assert any(self.serves(p) for p in PLACES if p[0] == place[0] and p != place)
            assert self.now_s - self.stopped_at_s[place] >= self.settings.hung_after_s
            self.end(place)

    def serves(self, place: Place) -> bool:
        process = self.processes[place]
        is_loaded = process.loads_at_s is not None and process.loads_at_s <= self.now_s
        return is_loaded and process.ended_at_s is None and not process.is_stopped

    def end(self, place: Place) -> None:
        if self.processes[place].ended_at_s is None:
            self.processes[place].ended_at_s = self.now_s

    def stop(self, place: Place) -> None:
        self.processes[place].is_stopped = True
        self.stopped_at_s.setdefault(place, self.now_s)

    def go_on(self, place: Place) -> None:
        self.processes[place].is_stopped = False
        self.stopped_at_s.pop(place, None)

    def kinds(self, place: Place) -> list[str]:
        return [e.kind.removeprefix("replica-") for e in self.told if (e.part, e.replica) == place]

    def state(self, place: Place) -> ReplicaStatus:
        is_away = self.processes[place].ended_at_s is not None
        answers = not is_away and not self.processes[place].is_stopped
        probed = ReplicaStatus(*place, "starting" if is_away else "unreachable")
        if answers:
            probed = ReplicaStatus(*place, "serving" if self.serves(place) else "starting", "n", 1)
        return self.watch.explain(probed, self.now_s)

    def _live(self, place: Place, process: Process) -> None:
        if process.ended_at_s is not None:
            self.watch.ended(place, self.now_s)
            node = self.nodes[process.node_id]
            if self.now_s >= process.ended_at_s + RESTART_S and node.is_alive:
                self._restart(place, process)
            return
        if process.is_stopped:
            return
        if process.loads_at_s is None and self.now_s >= process.ask_at_s:
            self._ask(place, process)
        name = f"{place}-{process.incarnation}"
        beat = Beat(process.node_id, 100, name, self.serves(place))
        self.told += self.watch.heard(place, beat, 0.001, self.now_s)

    def _restart(self, place: Place, process: Process) -> None:
        failed_at_s = process.ended_at_s
        assert failed_at_s is not None
        self.go_on(place)
        was_held = process.loads_at_s is None
        fresh = Process(process.node_id, process.incarnation + 1, loads_at_s=None)
        self.processes[place] = fresh
        if not was_held:
            self.failed_at_s[place].append(failed_at_s)
        self._ask(place, fresh)

    def _ask(self, place: Place, process: Process) -> None:
        name = f"{place}-{process.incarnation}"
        leave, happened = self.watch.check_in(place, name, self.now_s, jitter=0.0)
        self.told += happened
        if leave.hold_s <= 0:
            process.loads_at_s = self.now_s + 1
        else:
            process.ask_at_s = self.now_s + leave.hold_s


def settled() -> World:
    world = World()
    world.run(10)
    assert [world.kinds(place) for place in PLACES] == [["discovered", "joined"]] * 4
    return world


def test_a_crash_is_told_from_end_to_end() -> None:
    world = settled()
    world.end((0, 1))
    world.run(10)
    assert world.kinds((0, 1))[2:] == ["dead", "restarted", "serving"]
    dead, restarted, serving = world.told[-3:]
    assert dead.cause == restarted.cause == "its process has ended"
    assert serving.cause == "it was restarted: its process has ended"
    assert dead.node_id == "n1"


def test_a_restart_that_nobody_saw_the_end_of_is_told_alike() -> None:
    world = settled()
    process = world.processes[0, 1]
    process.incarnation += 1
    beat = Beat("n1", 7, "another", is_serving=True)
    world.told += world.watch.heard((0, 1), beat, 0.001, world.now_s)
    world.told += world.watch.look(world.now_s)[0]
    assert world.kinds((0, 1))[2:] == ["dead", "restarted", "serving"]

    late = Beat("n0", 100, "(0, 1)-0", is_serving=False)
    assert world.watch.heard((0, 1), late, 0.001, world.now_s) == []  # Of the one before.


def test_a_silence_is_suspected_then_certain_then_forgiven() -> None:
    world = settled()
    world.stop((0, 1))
    world.run(5)
    assert world.state((0, 1)).state == "hung"
    assert world.state((0, 1)).node_id == "n1"
    world.go_on((0, 1))
    world.run(2)
    assert world.kinds((0, 1))[2:] in (["suspect", "hung", "serving"], ["hung", "serving"])
    assert world.told[-1].cause.startswith("it was hung: no heartbeat")
    assert world.state((0, 1)).state == "serving"


def test_what_hangs_is_killed_where_another_serves() -> None:
    world = settled()
    world.stop((0, 1))
    world.run(30)
    assert [place for _, place in world.killed] == [(0, 1)]
    assert world.kinds((0, 1))[-4:] == ["killed", "dead", "restarted", "serving"]
    assert "it hung for" in world.told[-1].cause


def test_the_last_that_is_left_is_not_killed() -> None:
    world = settled()
    world.stop((0, 0))
    world.stop((0, 1))
    world.run(60)
    assert world.killed == []
    world.go_on((0, 1))
    world.run(5)
    assert [place for _, place in world.killed] == [(0, 0)]


def test_one_that_is_alone_on_its_node_is_judged_with_the_node() -> None:
    world = World()
    world.processes[0, 1].node_id = "n2"
    world.nodes["n2"] = NodeSeen("n2", "10.0.0.2")
    world.run(10)
    world.stop((0, 1))
    world.run(10)
    assert world.kinds((0, 1))[-1] == "unreachable"
    world.run(20)
    assert [place for _, place in world.killed] == [(0, 1)]


def test_an_absence_of_the_watch_is_nobodys_silence() -> None:
    world = settled()
    world.now_s += 300
    before = len(world.told)
    happened, killed = world.watch.look(world.now_s)
    assert (happened, killed) == ([], [])
    world.run(10)
    assert len(world.told) == before


def test_a_crash_loop_is_quarantined_and_released() -> None:
    world = settled()
    for _ in range(3):
        world.end((0, 1))
        world.run(6)
    assert world.kinds((0, 1)).count("quarantined") == 1
    status = world.state((0, 1))
    assert (status.state, status.serves) == ("quarantined", False)
    assert status.reason.startswith("failed 3 times within 100 s, last: its process has ended")
    assert "release NAME 0/1" in status.reason

    world.told += world.watch.release((0, 1), world.now_s)
    assert world.watch.release((0, 0), world.now_s) == []
    world.processes[0, 1].ask_at_s = world.now_s
    world.run(3)
    assert world.kinds((0, 1))[-3:] == ["released", "trial", "serving"]


def test_a_quarantine_ends_in_a_trial_and_a_failed_trial_in_a_longer_one() -> None:
    world = settled()
    for _ in range(3):
        world.end((0, 1))
        world.run(6)
    world.run(40)
    assert world.kinds((0, 1))[-2:] == ["trial", "serving"]
    world.end((0, 1))
    world.run(6)
    assert world.told[-1].kind == "replica-quarantined"
    assert "another try in 80 s" in world.told[-1].action


def test_the_death_of_its_node_is_no_failure_of_a_replica() -> None:
    world = settled()
    for _ in range(5):
        world.nodes["n1"] = replace(world.nodes["n1"], is_alive=False, why_gone="it was cut off")
        world.end((0, 1))
        world.end((1, 1))
        world.run(4)
        world.nodes["n1"] = replace(world.nodes["n1"], is_alive=True)
        for place in ((0, 1), (1, 1)):
            world.processes[place].node_id = "n1"
        gone = [event for event in world.told if event.kind == "node-gone"][-1]
        assert gone.what == "node n1 (10.0.0.1) is gone, with replicas 0/1, 1/1"
        assert gone.cause == "it was cut off"
        # Ray made them anew on a node that the watch has not heard of yet.
        for place in ((0, 1), (1, 1)):
            process = world.processes[place]
            process.ended_at_s, process.incarnation = None, process.incarnation + 1
            name = f"{place}-{process.incarnation}"
            leave, happened = world.watch.check_in(place, name, world.now_s, jitter=0.0)
            world.told += happened
            assert leave.hold_s == 0
            process.loads_at_s = world.now_s
        world.run(5)
    assert world.kinds((0, 1))[-3:] == ["dead", "restarted", "serving"]
    assert world.told[-1].cause == "it was restarted: its node has ended"


def test_the_leader_and_the_members_change_by_a_cause() -> None:
    world = settled()
    assert world.watch.term_seen(Term(0, 1, (1, 0))) == []
    world.end((0, 1))
    world.run(1)
    leader, members = world.watch.term_seen(Term(0, 2, (0,)))
    assert (leader.kind, leader.replica) == ("leader-changed", 0)
    assert leader.cause == members.cause == "replica 1: its process has ended"
    assert world.watch.term_seen(Term(0, 2, (0,))) == []
    (joins,) = world.watch.term_seen(Term(0, 3, (0,), learners=(1,)))
    assert joins.what == "partition 0 has members 0 in term 3; 1 catching up"
    assert world.watch.term_seen(Term(1, 5, (0, 1), has_leader=False)) == []
    assert world.watch.term_seen(Term(1, 6, (1, 0), has_leader=False)) == []


LEGAL = re.compile(
    r"discovered joined"
    r"( (suspect|hung|unreachable|dead|killed|restarted|quarantined|released|trial|serving))*"
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["end", "stop", "go_on", "release", "nothing"]),
            st.sampled_from(PLACES),
            st.integers(1, 25),
        ),
        max_size=25,
    )
)
def test_whatever_is_done_the_story_is_true(
    done: list[tuple[str, Place, int]],
) -> None:
    """Kills are checked by the world itself; here, that states, quarantines and stories hold."""
    world = settled()
    for what, place, seconds in done:
        if what == "release":
            world.told += world.watch.release(place, world.now_s)
        elif what != "nothing" and world.processes[place].ended_at_s is None:
            getattr(world, what)(place)
        world.run(seconds)
    for place in PLACES:
        world.go_on(place)
    world.run(20)
    for place in PLACES:
        kinds, state = world.kinds(place), world.state(place).state
        assert LEGAL.fullmatch(" ".join(kinds)), kinds
        # "Serving" is said once for each time it comes back, never twice in a row.
        assert "serving serving" not in " ".join(kinds)
        assert kinds.count("restarted") == world.processes[place].incarnation
        assert state == ("serving" if world.serves(place) else "quarantined")
        if state == "serving":
            assert kinds[-1] in ("joined", "serving")
        assert bool(kinds.count("quarantined")) == is_too_often(world.failed_at_s[place])


def is_too_often(failed_at_s: list[float]) -> bool:
    """Whether some window holds more failures than are borne."""
    limits = SETTINGS.quarantine
    return any(
        sum(0 <= last - earlier <= limits.window_s for earlier in failed_at_s) > limits.failures_max
        for last in failed_at_s
    )


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"hung_after_s = 3\.0; expected above"):
        HealthSettings(hung_after_s=3.0)
    with pytest.raises(ArgumentError, match="events_max = 0"):
        HealthSettings(events_max=0)
