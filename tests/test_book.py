from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.book import PartitionBook, relabel
from graphray.errors import ArgumentError, StoreCorrupt
from graphray.schema import Relation

CITES = Relation("paper", "cites", "paper")


@st.composite
def assignments(draw: Any) -> tuple[list[int], int]:
    parts = draw(st.integers(1, 6))
    return draw(st.lists(st.integers(0, parts - 1), max_size=40)), parts


@given(assignments())
def test_relabelling_gives_each_partition_one_range_in_stable_order(
    case: tuple[list[int], int],
) -> None:
    assignment, parts = case
    made = relabel(np.array(assignment, np.int32), parts)
    # The definition, sorted by Python: by partition, then by stable id.
    order = sorted(range(len(assignment)), key=lambda stable: (assignment[stable], stable))
    assert made.stable_of_gid.tolist() == order
    assert made.gid_of_stable[made.stable_of_gid].tolist() == list(range(len(assignment)))
    assert made.offsets.tolist() == [sum(p < part for p in assignment) for part in range(parts + 1)]


@given(assignments())
def test_book_finds_the_owner_that_was_assigned(case: tuple[list[int], int]) -> None:
    assignment, parts = case
    made = relabel(np.array(assignment, np.int32), parts)
    book = PartitionBook(parts, {"paper": made.offsets}, {(CITES, "in"): made.offsets})
    assert book.owner("paper", made.gid_of_stable).tolist() == assignment
    assert book.edge_owner((CITES, "in"), made.gid_of_stable).tolist() == assignment
    for part in range(parts):
        start, stop = book.node_range("paper", part)
        assert [assignment[s] for s in made.stable_of_gid[start:stop]] == [part] * (stop - start)
    assert book.num_nodes("paper") == book.num_edges(CITES) == len(assignment)


@given(assignments())
def test_book_round_trip_through_json(case: tuple[list[int], int]) -> None:
    made = relabel(np.array(case[0], np.int32), case[1])
    book = PartitionBook(case[1], {"paper": made.offsets}, {(CITES, "out"): made.offsets})
    again = PartitionBook.from_json(json.loads(json.dumps(book.to_json())))
    assert again.parts == book.parts
    assert again.node_offsets["paper"].tolist() == made.offsets.tolist()
    assert again.edge_offsets[CITES, "out"].tolist() == made.offsets.tolist()


@pytest.mark.parametrize("offsets", [[0, 1], [0, 3, 2], [1, 2, 3]])
def test_ranges_that_are_none(offsets: list[int]) -> None:
    with pytest.raises(StoreCorrupt, match="paper"):
        PartitionBook(2, {"paper": np.array(offsets)}, {})


@pytest.mark.parametrize(("assignment", "parts"), [([0], 0), ([2], 2), ([-1], 2)])
def test_assignment_out_of_range(assignment: list[int], parts: int) -> None:
    with pytest.raises(ArgumentError):
        relabel(np.array(assignment), parts)
