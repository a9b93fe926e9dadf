"""Splits and merges: for which reasons, which pairs, and that they come to rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from graphray.autoscale import Merge, PartitionLoad, ReshardPolicy, Split, propose
from graphray.errors import ArgumentError

GIB = 2.0**30
POLICY = ReshardPolicy()


def sized(*sizes_gib: float) -> list[PartitionLoad]:
    return [PartitionLoad(p, 2, memory_bytes=s * GIB) for p, s in enumerate(sizes_gib)]


@pytest.mark.parametrize(
    ("load", "pieces", "reason"),
    [
        (sized(100)[0], 3, "100.0 GiB of memory, more than 64.0 GiB"),
        (sized(2000)[0], 8, "2000.0 GiB"),
        (replace(sized(9)[0], writes_per_s=12_000), 2, "12,000 writes/s, more than 10,000"),
        (
            replace(sized(9)[0], calls_per_s=10_000, service_s=0.004),
            3,
            "8 replicas would be 125% busy, more than 80%",
        ),
    ],
)
def test_what_is_too_much_for_one_is_split(load: PartitionLoad, pieces: int, reason: str) -> None:
    (split,) = propose([load], POLICY)
    assert isinstance(split, Split)
    assert (split.part, split.pieces) == (0, pieces)
    assert reason in split.reason


def test_small_ones_that_share_most_edges_are_merged() -> None:
    dense = np.zeros((4, 4))
    dense[0, 1] = dense[1, 0] = 5
    dense[1, 2] = dense[2, 1] = 9
    dense[2, 3] = dense[3, 2] = 99
    found = propose(sized(1, 1, 1, 30), POLICY, sparse.csr_array(dense))
    assert found == (Merge((1, 2), "2.0 GiB together; 9 edges between them"),)


def test_without_a_cut_neighbouring_numbers_are_merged() -> None:
    found = propose(sized(1, 9, 1, 1), POLICY)
    assert found == (Merge((0, 2), "2.0 GiB together"),)


def test_small_ones_that_are_busy_are_left_alone() -> None:
    loads = [replace(load, writes_per_s=3000) for load in sized(1, 1)]
    assert propose(loads, POLICY) == ()


@given(
    sizes=st.lists(st.floats(0, 500), min_size=1, max_size=12),
    writes=st.lists(st.floats(0, 60_000), min_size=12, max_size=12),
)
def test_carried_out_they_come_to_rest(sizes: list[float], writes: list[float]) -> None:
    loads = [
        replace(load, writes_per_s=rate) for load, rate in zip(sized(*sizes), writes, strict=False)
    ]
    for _ in range(20):
        proposals = propose(loads, POLICY)
        named = [
            part
            for each in proposals
            for part in (each.parts if isinstance(each, Merge) else (each.part,))
        ]
        assert len(named) == len(set(named))
        if not proposals:
            return
        loads = carried_out(loads, proposals)
    pytest.fail("still proposing")


def carried_out(
    loads: list[PartitionLoad], proposals: tuple[Split | Merge, ...]
) -> list[PartitionLoad]:
    left = {load.part: load for load in loads}
    made: list[PartitionLoad] = []
    for each in proposals:
        if isinstance(each, Split):
            load = left.pop(each.part)
            made += [
                replace(
                    load,
                    memory_bytes=load.memory_bytes / each.pieces,
                    writes_per_s=load.writes_per_s / each.pieces,
                )
            ] * each.pieces
        else:
            one, other = (left.pop(part) for part in each.parts)
            made.append(
                replace(
                    one,
                    memory_bytes=one.memory_bytes + other.memory_bytes,
                    writes_per_s=one.writes_per_s + other.writes_per_s,
                )
            )
    return [replace(load, part=part) for part, load in enumerate([*left.values(), *made])]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"memory_bytes_min": 20 * GIB}, "at most a quarter"),
        ({"writes_per_s_max": 0.0}, "writes_per_s_max = 0.0"),
        ({"pieces_max": 1}, "pieces_max = 1"),
    ],
)
def test_a_policy_that_would_not_rest_is_refused(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        ReshardPolicy(**fields)  # type: ignore[arg-type]
