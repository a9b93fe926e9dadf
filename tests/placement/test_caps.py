"""How many siblings share a node or a zone, against every way to place them."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.placement.caps import replicas_per_place


@given(data=st.data(), replicas=st.integers(1, 4), nodes=st.integers(1, 5))
def test_as_few_as_any_way_has(data: st.DataObject, replicas: int, nodes: int) -> None:
    row = st.lists(st.booleans(), min_size=nodes, max_size=nodes)
    usable = np.array(data.draw(st.lists(row, min_size=replicas, max_size=replicas)))
    zone_of = np.array(data.draw(st.lists(st.integers(0, 2), min_size=nodes, max_size=nodes)))
    choices = [np.flatnonzero(usable[r]).tolist() for r in range(replicas)]
    ways = list(itertools.product(*choices))
    if not ways:
        assert replicas_per_place(usable, zone_of) == (0, 0)
        return
    per_node = min(max(Counter(way).values()) for way in ways)
    best = [way for way in ways if max(Counter(way).values()) == per_node]
    per_zone = min(max(Counter(zone_of[list(way)].tolist()).values()) for way in best)
    assert replicas_per_place(usable, zone_of) == (per_node, per_zone)


def test_a_small_zone_does_not_make_its_node_be_shared() -> None:
    zone_of = np.array([0, 0, 0, 1])
    assert replicas_per_place(np.ones((4, 4), bool), zone_of) == (1, 3)
