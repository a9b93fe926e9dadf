"""What replicas and catalogs say of themselves becomes gauges, by name and labels."""

from __future__ import annotations

import mmap
from random import Random

from actors.census import status_readings, term_readings
from actors.replica_readings import LogReadings, own_memory_bytes, process_readings
from actors.standing import Standing, standing_of
from graphray.replication import Configuration, EventualReplica, Strategy
from graphray.replication.effects import Clock, Received
from graphray.replication.messages import Configure
from graphray.replication.settings import ON_RAY
from graphray.status import CacheStatus, GraphStatus, ReplicaStatus
from graphray.tally import Reading

PLACE = ("g", "0", "1")


def plain(readings: object) -> dict[tuple[str, ...], float]:
    found = {}
    for reading in readings:  # type: ignore[attr-defined]
        assert isinstance(reading, Reading)
        assert len(reading.labels) == len(reading.metric.labels)
        found[reading.metric.name.removeprefix("graphray_"), *reading.labels] = reading.value
    return found


def test_a_leader_tells_how_far_behind_the_others_are() -> None:
    standing = Standing(
        3, "primary", applied_lsn=7, uncommitted=2, pending_bytes=99, pins=1, lags={0: 4, 2: 0}
    )
    assert plain(LogReadings(PLACE, lambda: standing).readings()) == {
        ("replica_term", *PLACE): 3,
        ("replica_role", *PLACE, "primary"): 1,
        ("log_position", *PLACE): 7,
        ("uncommitted_entries", *PLACE): 2,
        ("pending_bytes", *PLACE): 99,
        ("pinned_snapshots", *PLACE): 1,
        ("log_lag_entries", "g", "0", "0"): 4,
        ("log_lag_entries", "g", "0", "2"): 0,
    }


def test_a_role_that_was_given_up_is_0() -> None:
    standings = [Standing(1, "primary", applied_lsn=0), Standing(2, "backup", applied_lsn=0)]
    readings = LogReadings(PLACE, lambda: standings.pop(0))
    assert plain(readings.readings())["replica_role", *PLACE, "primary"] == 1
    later = plain(readings.readings())
    assert later["replica_role", *PLACE, "primary"] == 0
    assert later["replica_role", *PLACE, "backup"] == 1


def test_who_takes_no_part_in_changes_says_nothing_of_a_log() -> None:
    assert plain(LogReadings(PLACE, lambda: None).readings()) == {}


def test_a_replica_without_one_log_tells_its_conflicts() -> None:
    machine = EventualReplica("0/1/a", "catalog", {}, ON_RAY, Random(0))
    assert standing_of(machine, None) == Standing(0, "none")
    peers = Configuration("0", 4, Strategy.EVENTUAL, ("0/0/b", "0/1/a"))
    machine.handle(Received("catalog", Configure(peers)), Clock(0.0, 0.0))
    assert standing_of(machine, None) == Standing(4, "peer")
    assert plain(LogReadings(PLACE, lambda: standing_of(machine, None)).readings()) == {
        ("replica_term", *PLACE): 4,
        ("replica_role", *PLACE, "peer"): 1,
        ("conflicts", *PLACE): 0,
    }


def test_a_process_tells_its_own_memory() -> None:
    found = plain(process_readings(PLACE, is_loaded=True))
    assert found["replica_loaded", *PLACE] == 1
    before = own_memory_bytes()
    # Pages of its own: an allocator may have as many left from before.
    with mmap.mmap(-1, 50_000_000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
        held.write(b"x" * len(held))
        assert own_memory_bytes() - before > len(held) / 2


def test_a_status_is_told_replica_by_replica() -> None:
    status = GraphStatus(
        name="g",
        uri="",
        version=1,
        snapshot_id="",
        parts=1,
        nodes={},
        edges={},
        replicas=(ReplicaStatus(0, 0, "serving"), ReplicaStatus(0, 1, "starting")),
        caches=(
            CacheStatus("f00d", "paper", size_bytes=64),
            CacheStatus("f00d", "paper", size_bytes=8, adjacency="paper-cites-paper in"),
        ),
    )
    found = plain(status_readings(status, wanted=3))
    assert found["replicas_wanted", "g", "0"] == 3
    assert found["replicas_serving", "g", "0"] == 1
    assert found["feature_cache_bytes", "g", "f00d", "paper"] == 64
    assert found["neighbor_cache_bytes", "g", "f00d", "paper-cites-paper in"] == 8
    states = {name[2:]: value for name, value in found.items() if name[0] == "replica_state"}
    assert [name for name, value in states.items() if value] == [
        ("0", "0", "serving"),
        ("0", "1", "starting"),
    ]
    assert len(states) >= 6


def test_every_partition_that_has_a_configuration_tells_its_term() -> None:
    newest = [
        Configuration(part, term, Strategy.FULL, ("r",)) for part, term in (("0", 2), ("2", 1))
    ]
    assert plain(term_readings("g", newest)) == {("term", "g", "0"): 2, ("term", "g", "2"): 1}
