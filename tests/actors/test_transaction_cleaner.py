"""Abandoned transactions end, and others are left alone."""

from __future__ import annotations

from typing import Any

from actors.transaction_cleaner import ending_steps
from graphray.replication.commands import (
    Changes,
    Decide,
    Decided,
    Prepare,
    Query,
    Value,
    command_to_bytes,
    result_from_bytes,
)
from graphray.replication.packing import pack, unpack
from graphray.replication.transactional_state import TransactionalState
from graphray.replication.transactions import Call, Ending
from tests.actors.lists import VersionedLists


class Partitions:
    """Two partitions whose commands are carried out at once."""

    def __init__(self) -> None:
        self.states = {name: TransactionalState(VersionedLists()) for name in ("0", "1")}

    def run(self, call: Call) -> Any:
        assert not isinstance(call.request, Query)
        data = command_to_bytes(call.request)
        return result_from_bytes(self.states[call.partition].apply(1, 0, data))

    def drive(self, steps: Any) -> None:
        results: Any = None
        while True:
            try:
                wanted = steps.send(results)
            except StopIteration:
                return
            results = () if isinstance(wanted, Ending) else tuple(map(self.run, wanted))

    def clean(self, name: str) -> None:
        for partition, state in self.states.items():
            found = {*state.undecided(), *state.unfinished()} & {name}
            for steps in ending_steps(partition, found, state.undecided(), state.unfinished()):
                self.drive(steps)

    def values(self, partition: str) -> tuple[int, ...]:
        query = Query((), pack(("k",))).to_bytes()
        result = result_from_bytes(self.states[partition].read(query))
        assert isinstance(result, Value)
        return tuple(unpack(result.content)["k"])


def prepared(name: str) -> tuple[Partitions, int]:
    partitions = Partitions()
    changes = Changes({}, (b"k",), pack((("k", 7),)), {})
    votes = [partitions.run(Call(p, Prepare(name, "0", changes))) for p in ("0", "1")]
    return partitions, max(vote.time for vote in votes)


def test_an_undecided_transaction_is_aborted_everywhere() -> None:
    partitions, _ = prepared("t")
    partitions.clean("t")
    for name, state in partitions.states.items():
        assert state.undecided() == {}
        assert partitions.values(name) == ()


def test_a_decided_transaction_is_finished_everywhere_and_forgotten() -> None:
    partitions, time = prepared("t")
    decided = partitions.run(Call("0", Decide("t", True, time, ("0", "1"))))
    assert decided == Decided(True, time)
    assert partitions.states["1"].undecided() == {"t": "0"}
    partitions.clean("t")
    for name, state in partitions.states.items():
        assert state.undecided() == {}
        assert state.unfinished() == {}
        assert partitions.values(name) == (7,)


def test_others_are_left_alone() -> None:
    partitions, _ = prepared("t")
    partitions.clean("u")
    assert partitions.states["0"].undecided() == {"t": "0"}
