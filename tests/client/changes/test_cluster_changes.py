"""What is known about a graph before any of its actors is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphray as gr
from graphray.client.changes.cluster_changes import connect_changes
from graphray.client.view import GraphSpec
from graphray.config import CallPolicy
from graphray.errors import TransactionError


def test_eventual_replicas_know_no_transactions(store: Path) -> None:
    options = gr.LaunchOptions(replication="eventual")
    nobody: Any = None
    with gr.open(store) as opened, pytest.raises(TransactionError, match='="eventual"'):
        connect_changes(nobody, GraphSpec("g", store, 1, options), opened.access, CallPolicy())
