"""``make test-cluster`` rewrites the tables of the docs; ``pytest -m cluster_hosts`` only tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.cluster import hosts, installed, ray_up, ssh
from tests.cluster.hosts import LAPTOP, NAMES, Host


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-tables", action="store_true", help="write what was measured into the docs"
    )


@pytest.fixture(scope="module")
def made_hosts() -> Iterator[dict[str, Host]]:
    """The hosts, by name, with what is on them before anybody says ``ray up``."""
    if installed.missing():
        pytest.skip(f"the hosts need {installed.missing()} in the tests' environment")
    with ExitStack() as ends:
        try:
            ends.enter_context(hosts.network())
        except hosts.HostsMissing as error:
            pytest.skip(str(error))
        ssh.make_keys()
        for name in NAMES:
            installed.install(name)
            ssh.configure_server(name, hosts.address_of(name))
        ssh.hand_over(LAPTOP, ray_up.KEY)
        ray_up.write_cluster_file()
        yield {name: ends.enter_context(hosts.running(name)) for name in NAMES}
