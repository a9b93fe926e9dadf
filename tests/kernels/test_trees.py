"""Numbers of a disjoint batch against plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.trees import group_by_tree, number_tree_edges, tree_words
from tests.sampling.draw_twin import tree_word


@given(trees=st.lists(st.integers(0, 5), max_size=40))
def test_places_are_grouped_by_tree(trees: list[int]) -> None:
    order, starts = group_by_tree(np.array(trees, np.int64), 6)
    for tree in range(6):
        places = [place for place, t in enumerate(trees) if t == tree]
        assert order[starts[tree] : starts[tree + 1]].tolist() == places


@given(data=st.data())
def test_edges_are_numbered_by_tree(data: st.DataObject) -> None:
    num_trees = data.draw(st.integers(1, 5))
    tree, gid = st.integers(0, num_trees - 1), st.integers(0, 12)
    known = data.draw(st.lists(st.tuples(tree, gid), unique=True, max_size=20))
    row_trees = data.draw(st.lists(tree, max_size=15))
    draws = [data.draw(st.lists(gid, max_size=6)) for _ in row_trees]
    flat = [n for row in draws for n in row]
    nodes, trees = np.full((2, len(known) + len(flat)), -1, np.int64)
    nodes[: len(known)] = [g for _, g in known]
    trees[: len(known)] = [t for t, _ in known]
    near, far = np.full((2, len(flat)), -1, np.int64)
    count = number_tree_edges(
        np.array(flat, np.uint32), np.cumsum([0, *map(len, draws)]),
        np.array(row_trees, np.int64), 100, num_trees, nodes, trees, len(known), near, far,
    )  # fmt: skip

    numbered = list(known)
    for t in range(num_trees):
        for row, of in enumerate(row_trees):
            if of == t:
                numbered += [(t, n) for n in dict.fromkeys(draws[row]) if (t, n) not in numbered]
    assert count == len(numbered)
    assert list(zip(trees[:count].tolist(), nodes[:count].tolist(), strict=True)) == numbered
    rows = [row for row, drawn in enumerate(draws) for _ in drawn]
    assert near.tolist() == [100 + row for row in rows]
    expected = [numbered.index((row_trees[r], n)) for r, n in zip(rows, flat, strict=True)]
    assert far.tolist() == expected


def test_a_node_has_a_word_of_its_own_in_each_tree() -> None:
    stable, trees = np.arange(50, dtype=np.uint32).repeat(4), np.tile(np.arange(4), 50)
    words = tree_words(stable, trees)
    assert len(set(words.tolist())) == 200
    assert words.tolist() == [tree_word(int(s), int(t)) for s, t in zip(stable, trees, strict=True)]
