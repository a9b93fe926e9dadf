"""Relieving a partition: every move lessens what is beyond limits, those of least loss first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.partition_mend import relieve_part

PARTS = 3


def beyond(filled: list[list[int]], limits: list[list[int]]) -> float:
    """What is held beyond each limit, as a share of it, summed up."""
    pairs = np.stack([np.array(filled).ravel(), np.array(limits).ravel()], axis=1).tolist()
    return sum(max(0, held - most) / max(1, most) for held, most in pairs)


@given(data=st.data())
def test_nodes_leave_as_the_definition_says(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 8))
    amounts = st.tuples(st.integers(1, 4), st.integers(0, 5)).map(list)
    weights = data.draw(st.lists(amounts, min_size=n, max_size=n))
    limits = data.draw(st.lists(amounts, min_size=PARTS, max_size=PARTS))
    edge_weights = st.lists(st.integers(0, 6), min_size=PARTS + 1, max_size=PARTS + 1)
    connections = data.draw(st.lists(edge_weights, min_size=n, max_size=n))
    kind = data.draw(st.integers(0, 1))
    nodes = [v for v in range(n) if weights[v][kind]]
    elsewhere = data.draw(st.lists(amounts, min_size=PARTS, max_size=PARTS))
    expected = [row.copy() for row in elsewhere]
    for own in weights:
        expected[0] = [held + w for held, w in zip(expected[0], own, strict=True)]
    filled = np.array(expected)
    part = np.zeros(n, np.uint8)
    wanted = data.draw(st.integers(0, int(filled[0, kind])))
    moved = relieve_part(
        np.array(nodes, np.uint32), np.array(connections, np.uint32)[nodes],
        np.array(weights, np.uint32), np.array(limits), 0, kind, wanted, part, filled,
    )  # fmt: skip

    def loss(v: int) -> float:
        lost = connections[v][0] - max(connections[v][1:PARTS])
        return lost / weights[v][kind] if lost > 0 else float(lost)

    places = [0] * n
    for v in sorted(nodes, key=loss):
        if expected[0][kind] <= wanted:
            break
        choices = []
        for q in range(1, PARTS):
            after = [row.copy() for row in expected]
            after[0] = [held - w for held, w in zip(after[0], weights[v], strict=True)]
            after[q] = [held + w for held, w in zip(after[q], weights[v], strict=True)]
            fits = all(held <= most for held, most in zip(after[q], limits[q], strict=True))
            if beyond(after, limits) < beyond(expected, limits) - 1e-9:
                choices.append((not fits, -connections[v][q], q, after))
        if choices:
            _, _, places[v], expected = min(choices, key=lambda choice: choice[:3])
    assert part.tolist() == places
    assert filled.tolist() == expected
    assert moved == sum(place > 0 for place in places)
