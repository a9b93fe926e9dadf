"""Transactions over partitions that are right here: every step in the open."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from graphray.errors import ChangeRefused, ConflictError, LockLost
from graphray.replication.commands import (
    Accepted,
    AcquireLock,
    Changes,
    Commit,
    Conflict,
    Decide,
    Decided,
    Finish,
    Invalid,
    LockAnswer,
    Pin,
    Prepare,
    Query,
    Result,
    Unpin,
    Value,
    command_from_bytes,
    command_to_bytes,
    result_from_bytes,
)
from graphray.replication.packing import pack, unpack
from graphray.replication.transactional_state import TransactionalState
from graphray.replication.transactions import (
    Call,
    Ending,
    Transaction,
    Verdict,
    resolve,
    take_snapshot,
)
from tests.simulation.versioned_lists import VersionedLists


class Partitions:
    """Partitions without replicas, which answer at once."""

    def __init__(self) -> None:
        self.states = {name: TransactionalState(VersionedLists()) for name in ("p", "q")}
        self.lsn = 0
        self.time_ms = 0
        self.deaf: set[type] = set()

    def answer(self, call: Call) -> Result | None:
        state = self.states[call.partition]
        if type(call.request) in self.deaf:
            return None
        if isinstance(call.request, Query):
            return result_from_bytes(state.read(call.request.to_bytes()))
        self.lsn += 1
        command = command_to_bytes(call.request)
        assert command_from_bytes(command) == call.request
        return result_from_bytes(state.apply(self.lsn, self.time_ms, command))

    def run(self, steps: Generator[Any, Any, Any], *, stop_after: int = 99) -> Ending | Any:
        ending, results = None, None
        try:
            for _ in range(stop_after):
                wanted = steps.send(results)
                results = None
                if isinstance(wanted, Ending):
                    ending = wanted
                else:
                    results = tuple(self.answer(call) for call in wanted)
        except StopIteration as stop:
            return ending if ending is not None else stop.value
        return ending

    def read(self, partition: str, key: str, time: int | None = None) -> Result | None:
        return self.answer(Call(partition, Query((key.encode(),), pack((key,)), time)))

    def values(self, partition: str, key: str, time: int | None = None) -> tuple[int, ...]:
        answer = self.read(partition, key, time)
        assert isinstance(answer, Value), answer
        return unpack(answer.content)[key]


def transaction(name: str, value: int, *places: tuple[str, str]) -> Transaction:
    made = Transaction(name)
    for partition, key in places:
        made.change(partition, [key.encode()], pack(((key, value),)))
    return made


BOTH = (("p", "x"), ("q", "y"))


def see(partitions: Partitions, made: Transaction, partition: str, key: str) -> None:
    answer = partitions.read(partition, key)
    assert isinstance(answer, Value)
    made.saw(partition, [key.encode()], answer.time)


def test_a_transaction_shows_everywhere_or_nowhere() -> None:
    partitions = Partitions()
    ending = partitions.run(transaction("t", 1, *BOTH).commit())
    assert ending.verdict is Verdict.COMMITTED
    assert partitions.values("p", "x") == partitions.values("q", "y") == (1,)
    assert not partitions.states["p"].unfinished()
    assert not partitions.states["q"].undecided()


@pytest.mark.parametrize("places", [BOTH[:1], BOTH])
def test_the_second_of_two_that_read_the_same_is_told_so(places: Any) -> None:
    partitions = Partitions()
    one, two = transaction("one", 1, *places), transaction("two", 2, *places)
    for made in (one, two):
        see(partitions, made, "p", "x")
    assert partitions.run(one.commit()).verdict is Verdict.COMMITTED
    ending = partitions.run(two.commit())
    assert ending.verdict is Verdict.ABORTED
    with pytest.raises(ConflictError, match="run it again") as error:
        ending.raise_if_refused("two")
    assert error.value.fields["keys"] == (b"x",)
    assert partitions.values("p", "x") == (1,)
    assert not partitions.states["q"].undecided()


def test_what_is_prepared_can_neither_be_read_nor_changed() -> None:
    partitions = Partitions()
    partitions.run(transaction("t", 1, *BOTH).commit(), stop_after=1)
    blocked = partitions.read("p", "x")
    assert blocked == Conflict((b"x",), "t", "p")
    ending = partitions.run(transaction("u", 2, ("q", "y")).commit())
    assert ending.refusal == Conflict((b"y",), "t", "p")
    everything = Query(None, pack(("z",)))
    assert partitions.answer(Call("q", everything)) == Conflict((b"y",), "t", "p")
    assert isinstance(partitions.answer(Call("q", replace(everything, time=0))), Invalid)


@pytest.mark.parametrize(("steps", "committed"), [(1, False), (2, True), (3, True)])
def test_a_client_that_dies_leaves_nothing_undecided(steps: int, committed: bool) -> None:
    """1: all are prepared. 2: and it is decided. 3: and announced. Then somebody comes by."""
    partitions = Partitions()
    partitions.run(transaction("t", 1, *BOTH).commit(), stop_after=steps)
    for partition in ("q", "p"):
        partitions.run(resolve("t", "p", partition))
    expected = (1,) if committed else ()
    assert partitions.values("p", "x") == partitions.values("q", "y") == expected


def test_a_commit_that_comes_after_somebody_gave_it_up_is_refused() -> None:
    """1. p and q prepare. 2. Somebody aborts it. 3. The client proposes to commit."""
    partitions = Partitions()
    steps = transaction("t", 1, *BOTH).commit()
    votes = tuple(partitions.answer(call) for call in next(steps))
    partitions.run(resolve("t", "p", "q"))
    (decide,) = steps.send(votes)
    ending = steps.send((partitions.answer(decide),))
    assert isinstance(ending, Ending)
    assert ending.verdict is Verdict.ABORTED
    assert partitions.values("p", "x") == partitions.values("q", "y") == ()


def test_a_prepare_that_comes_after_somebody_gave_it_up_is_refused() -> None:
    partitions = Partitions()
    assert partitions.answer(Call("p", Decide("t", False, 0, ("p", "q")))) == Decided(False, 0)
    late = Prepare("t", "p", Changes({}, (b"x",), b"", {}))
    assert isinstance(partitions.answer(Call("p", late)), Conflict)


def test_without_an_answer_to_the_decision_the_outcome_is_unknown() -> None:
    partitions = Partitions()
    partitions.deaf = {Decide}
    ending = partitions.run(transaction("t", 1, *BOTH).commit())
    assert ending.verdict is Verdict.INDETERMINATE


def test_a_decision_is_kept_until_all_have_heard_it() -> None:
    partitions = Partitions()
    partitions.deaf = {Finish}
    partitions.run(transaction("t", 1, *BOTH).commit())
    assert partitions.states["p"].unfinished() == {"t": ("p", "q")}
    partitions.deaf = set()
    partitions.run(resolve("t", "p", "q"))
    assert partitions.values("q", "y") == (1,)


def test_a_snapshot_shows_what_was_acknowledged_and_nothing_later() -> None:
    partitions = Partitions()
    partitions.run(transaction("before", 1, *BOTH).commit())
    time = partitions.run(take_snapshot("s", ("p", "q")))
    partitions.run(transaction("after", 2, *BOTH).commit())
    assert partitions.values("p", "x", time) == partitions.values("q", "y", time) == (1,)
    assert partitions.values("p", "x") == (1, 2)
    assert isinstance(partitions.answer(Call("p", Unpin("s"))), Accepted)


def test_a_snapshot_waits_for_what_was_prepared_before_it() -> None:
    partitions = Partitions()
    partitions.run(transaction("t", 1, *BOTH).commit(), stop_after=1)
    time = partitions.run(take_snapshot("s", ("p", "q")))
    assert isinstance(partitions.read("q", "y", time), Conflict)
    partitions.run(resolve("t", "p", "q"))
    assert partitions.values("q", "y", time) == ()


def test_a_fence_that_was_overtaken_is_refused_where_the_newer_one_was_seen() -> None:
    partitions = Partitions()
    claims = []
    for owner in ("a", "b"):
        answer = partitions.answer(Call("p", AcquireLock("lock", owner, 1, 10)))
        assert isinstance(answer, LockAnswer)
        claims.append(answer)
        partitions.time_ms += 20
    old, new = transaction("old", 1, ("q", "y")), transaction("new", 2, ("q", "y"))
    old.fences["lock"], new.fences["lock"] = claims[0].fence, claims[1].fence
    assert partitions.run(new.commit()).verdict is Verdict.COMMITTED
    with pytest.raises(LockLost, match="acquire it again"):
        partitions.run(old.commit()).raise_if_refused("old")
    assert partitions.values("q", "y") == (2,)


def test_a_restored_state_goes_on_the_same() -> None:
    partitions = Partitions()
    partitions.run(transaction("done", 1, *BOTH).commit())
    partitions.run(transaction("t", 2, *BOTH).commit(), stop_after=1)
    partitions.answer(Call("p", AcquireLock("lock", "a", 1, 10)))
    for name, state in partitions.states.items():
        copy = TransactionalState(VersionedLists())
        copy.restore(state.checkpoint())
        assert copy.checkpoint() == state.checkpoint()
        partitions.states[name] = copy
    partitions.run(resolve("t", "p", "q"))
    assert partitions.values("p", "x") == (1,)


def test_keys_that_share_a_slot_refuse_rather_than_miss() -> None:
    state = TransactionalState(VersionedLists(), change_slots=4)

    def commit(number: int, read_time: int | None = None) -> Result:
        key = b"%d" % number
        reads = {} if read_time is None else {key: read_time}
        command = Commit(f"t{number}", Changes(reads, (key,), pack(()), {}))
        return result_from_bytes(state.apply(number, 0, command_to_bytes(command)))

    for number in range(1, 10):
        assert isinstance(commit(number), Accepted)
    assert isinstance(commit(1, read_time=0), Conflict), "it did change since"
    others = [commit(number, read_time=0) for number in range(50, 60)]
    assert any(isinstance(other, Conflict) for other in others), "it may have"
    now = sum(isinstance(other, Accepted) for other in others) + 9
    assert isinstance(commit(70, read_time=now), Accepted)


HUB = b"the hub "


def adding(name: str, value: int) -> Transaction:
    made = Transaction(name)
    for partition in ("p", "q"):
        made.change(partition, [], pack((("hub", value),)), HUB)
    return made


def test_many_may_add_to_the_same_at_once_and_nobody_may_read_it_meanwhile() -> None:
    partitions = Partitions()
    one, two = adding("one", 1).commit(), adding("two", 2).commit()
    votes = [tuple(partitions.answer(call) for call in next(steps)) for steps in (one, two)]
    assert all(isinstance(vote, Accepted) for pair in votes for vote in pair)
    read = partitions.answer(Call("p", Query((HUB,), pack(("hub",)))))
    assert isinstance(read, Conflict)
    for steps, vote in ((two, votes[1]), (one, votes[0])):
        wanted: Any = steps.send(vote)
        while not isinstance(wanted, Ending):
            wanted = steps.send(tuple(partitions.answer(call) for call in wanted))
        assert wanted.verdict is Verdict.COMMITTED
        partitions.run(steps)
    assert partitions.values("p", "hub") == partitions.values("q", "hub") == (1, 2)


@pytest.mark.parametrize("touches", [True, False])
def test_who_read_what_was_added_to_since_is_told_so(touches: bool) -> None:
    partitions = Partitions()
    reader = Transaction("reader")
    reader.saw("p", [HUB], 0)
    reader.change("p", [], pack((("x", 1),)))
    if touches:
        partitions.run(adding("adds", 1).commit())
    ending = partitions.run(reader.commit())
    assert ending.verdict is (Verdict.ABORTED if touches else Verdict.COMMITTED)


def test_what_the_data_refuses_is_said_to_be_so_and_changes_nothing() -> None:
    partitions = Partitions()
    made = transaction("t", 1, *BOTH)
    made.change("q", [b"y"], pack((("y", None),)))
    ending = partitions.run(made.commit())
    with pytest.raises(ChangeRefused, match="nothing to append"):
        ending.raise_if_refused("t")
    assert partitions.values("p", "x") == ()
    assert not partitions.states["p"].undecided()


def test_a_pin_that_is_not_renewed_in_time_is_let_go_of() -> None:
    partitions = Partitions()
    pin = Pin("nightly", 1, ttl_ms=100)
    assert isinstance(partitions.answer(Call("p", pin)), Accepted)
    for partitions.time_ms in (90, 180):
        assert isinstance(partitions.answer(Call("p", replace(pin, renews=True))), Accepted)
    assert partitions.values("p", "x", time=1) == ()
    partitions.time_ms = 281
    gone = partitions.answer(Call("p", replace(pin, renews=True)))
    assert isinstance(gone, Invalid)
    assert isinstance(partitions.read("p", "x", time=1), Invalid)
