"""The store that the tests of changes share; nothing ever writes to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client.changes.graphs import build_store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_store(tmp_path_factory.mktemp("changes") / "store")
