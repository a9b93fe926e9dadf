"""The graph that is tortured: a few nodes that everybody wants to change, in two partitions.

All are of one type and carry both kinds of values, so that a workload picks nodes by their ids
alone and any transaction may span partitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

import graphray as gr
from graphray.changes.keys import home_parts
from graphray.client.changes.places import BasePlaces
from graphray.ids import as_user_ids

KEY = "key"
ENTRY = (KEY, "entry", KEY)
PARTS = 2

LISTS = [f"list-{n}" for n in range(8)]
SHARED_LISTS = [f"shared-{n}" for n in range(4)]
ACCOUNTS = [f"account-{n}" for n in range(6)]
REGISTERS = [f"register-{n}" for n in range(4)]
BAGS = [f"bag-{n}" for n in range(4)]
ITEMS = [f"item-{n}" for n in range(8)]
HUBS = [f"hub-{n}" for n in range(2)]
GUARDED = "guarded"
ALL_KEYS = [*LISTS, *SHARED_LISTS, *ACCOUNTS, *REGISTERS, *BAGS, *ITEMS, *HUBS, GUARDED]


def build_store(
    folder: Path, beside: Mapping[tuple[str, str, str], pa.Table] | None = None
) -> Path:
    """Build the graph; every list is empty, every amount 0, and there is one edge.

    Args:
        folder: the store.
        beside: relations that nobody changes; their nodes are those that they mention.
    """
    count = len(ALL_KEYS)
    nodes = pa.table(
        {
            "id": ALL_KEYS,
            "values": pa.array([[]] * count, pa.list_(pa.int64())),
            "amount": pa.array([0] * count, pa.int64()),
        }
    )
    # The columns of a relation come with its first edges.
    edges = pa.table({"src": [GUARDED], "dst": [GUARDED], "value": pa.array([0], pa.int64())})
    gr.build(
        {ENTRY: edges, **(beside or {})},
        folder,
        nodes={KEY: nodes},
        parts=PARTS,
        partitioner="hash",
        missing_nodes="add",
    )
    return folder


def parts_of_keys(store: Path, replication: str) -> dict[str, int]:
    """Which partition takes the changes of each of the keys: its owner, or its id's home."""
    ids = as_user_ids(ALL_KEYS, "string")
    if replication == "eventual":
        parts = home_parts(ids, PARTS)
    else:
        with gr.open(store) as graph:
            parts = BasePlaces(graph.access).find(KEY, ids).part
    return dict(zip(ALL_KEYS, parts.tolist(), strict=True))
