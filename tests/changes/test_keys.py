"""Keys: the same for the same thing, different for different ones."""

from __future__ import annotations

import numpy as np

from graphray.changes.keys import (
    counter_keys,
    id_keys,
    node_column_keys,
    node_keys,
    row_column_keys,
)
from graphray.ids import as_user_ids
from tests.changes.plain_graph import KNOWS, READS


def test_keys_are_apart() -> None:
    stable = np.arange(50)
    kinds = [
        node_keys("person", 0, stable),
        node_keys("person", 1, stable),
        node_keys("book", 0, stable),
        id_keys("book", stable),
        id_keys("person", as_user_ids([str(n) for n in stable], "string")),
        node_column_keys("person", "age", 0, stable),
        node_column_keys("person", "name", 0, stable),
        node_column_keys("person", "age", 1, stable),
        row_column_keys(READS, "stars", 0, stable),
        row_column_keys(KNOWS, "stars", 0, stable),
        counter_keys(map(str, stable)),
    ]
    keys = np.concatenate(kinds)
    assert keys.dtype == np.uint64
    assert len(np.unique(keys)) == len(keys)


def test_names_that_run_together_are_apart() -> None:
    one = node_column_keys("ab", "c", 0, np.arange(1))
    assert one != node_column_keys("a", "bc", 0, np.arange(1))
