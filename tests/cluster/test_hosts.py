"""Hosts are apart from each other, their network can be broken, and nothing of them is left."""

from __future__ import annotations

import pytest

from tests.cluster import hosts
from tests.cluster.faults import dropping, plug
from tests.cluster.hosts import FOLDER, HEAD, HOME, LAPTOP, NAMES, WORKERS, Host, address_of
from tests.torture.running import wait_for

pytestmark = pytest.mark.cluster_hosts

FIRST, SECOND, THIRD = WORKERS
SHORT_S = 10.0
PATIENCE_S = 2.0


def greets(source: Host, target: str) -> bool:
    """Whether the SSH server of another host answers."""
    greeting = f"exec 3<>/dev/tcp/{address_of(target)}/22 && head -c 4 <&3"
    try:
        told = source.run("timeout", f"{PATIENCE_S}", "bash", "-c", greeting, deadline_s=SHORT_S)
    except RuntimeError:
        return False
    return told == "SSH-"


def await_greeting(source: Host, target: str) -> None:
    wait_for(lambda: greets(source, target), SHORT_S, lambda: f"{target} is silent")


@pytest.fixture(scope="module")
def up(made_hosts: dict[str, Host]) -> dict[str, Host]:
    laptop = made_hosts[LAPTOP]
    for name in NAMES[1:]:
        await_greeting(laptop, name)
    return made_hosts


def test_a_host_has_processes_files_and_addresses_of_its_own(up: dict[str, Host]) -> None:
    up[FIRST].run("touch", str(HOME / "mine"), "/tmp/mine", deadline_s=SHORT_S)
    processes = up[FIRST].run("ps", "-e", "-o", "comm=", deadline_s=SHORT_S).split()
    assert sorted(processes) == ["ps", "sshd"]
    assert up[FIRST].run("ls", str(HOME), "/tmp", deadline_s=SHORT_S).count("mine") == 2
    assert "mine" not in up[SECOND].run("ls", str(HOME), "/tmp", deadline_s=SHORT_S)
    addresses = up[FIRST].run("ip", "-brief", "-4", "address", deadline_s=SHORT_S)
    assert address_of(FIRST) in addresses
    assert len(addresses.splitlines()) == 2


def test_a_pulled_cable_cuts_one_host_off_until_it_is_put_back(up: dict[str, Host]) -> None:
    plug(FIRST, "down")
    assert not greets(up[HEAD], FIRST)
    assert not greets(up[FIRST], SECOND)
    await_greeting(up[HEAD], SECOND)
    plug(FIRST, "up")
    await_greeting(up[HEAD], FIRST)


def test_packets_are_dropped_between_two_hosts_alone_until_mended(up: dict[str, Host]) -> None:
    struck = dropping(FIRST, ["INPUT", "-s", address_of(SECOND)])
    assert not greets(up[SECOND], FIRST)
    await_greeting(up[THIRD], FIRST)
    await_greeting(up[THIRD], SECOND)
    struck.mend()
    await_greeting(up[SECOND], FIRST)


def test_a_second_run_is_told_of_the_first(up: dict[str, Host]) -> None:
    with pytest.raises(hosts.HostsMissing, match="another run"), hosts.network():
        pass


def test_what_a_killed_run_left_is_removed_by_name(up: dict[str, Host]) -> None:
    """The last of this module: its hosts are gone afterwards."""
    hosts.remove_leftovers()
    assert up[HEAD].init.wait(timeout=SHORT_S)
    assert not set(NAMES) & set(hosts.call("ip", "netns", "list").split())
    assert not FOLDER.exists()
