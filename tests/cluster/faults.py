"""What is done to the network of running hosts: a cable is pulled, or packets are dropped.

Dropping happens at the receiving or sending end of a host (iptables), so it can be one-way, between
two hosts only, or by chance. Carried out from the head, which can reach the network namespaces of
all hosts by their names; that way does not lead through the network that is being broken.

`tc netem`, which could also delay and reorder, is missing from many kernels and is not used.
"""

from __future__ import annotations

from collections.abc import Sequence

import ray

from tests.cluster.hosts import SWITCH, address_of, call, name_at, port_of
from tests.torture.faults import Faults, Scene, Struck
from tests.torture.graph import PARTS
from tests.torture.running import wait_for

# Ray's own, unhurried health checks decide; they are part of what is measured.
GIVEN_UP_S = 120.0
_LOST_SHARE = "0.3"


def cut_off(scene: Scene) -> Struck:
    """The cable of the host of a primary is pulled, and put back."""
    host = _host_of_a_primary(scene)
    plug(host, "down")
    return Struck(_ALL_PARTS, lambda: plug(host, "up"))


def cut_off_until_given_up(scene: Scene) -> Struck:
    """The same, and it is put back only after Ray has declared the node dead."""
    host = _host_of_a_primary(scene)
    address = address_of(host)
    plug(host, "down")

    def mend() -> None:
        try:
            wait_for(lambda: address not in _addresses(), GIVEN_UP_S, lambda: f"{host} is alive")
        finally:
            plug(host, "up")

    return Struck(_ALL_PARTS, mend)


def deaf(scene: Scene) -> Struck:
    """The host of a primary is heard by all, and hears nothing."""
    return dropping(_host_of_a_primary(scene), ["INPUT", "-i", "eth0"])


def mute(scene: Scene) -> Struck:
    """The host of a primary hears all, and nothing that it says arrives."""
    return dropping(_host_of_a_primary(scene), ["OUTPUT", "-o", "eth0"])


def lossy(scene: Scene) -> Struck:
    """Some of what arrives at the host of a primary is lost, and so are answers to it."""
    chance = ["-m", "statistic", "--mode", "random", "--probability", _LOST_SHARE]
    return dropping(_host_of_a_primary(scene), ["INPUT", "-i", "eth0", *chance])


def apart(scene: Scene) -> Struck:
    """Two hosts with a primary and a backup hear all others, but not each other."""
    part = scene.rng.randrange(PARTS)
    primary, backup = (_host_of(actor.node_id) for actor in scene.running.primary_first(part)[:2])
    return dropping(
        primary, ["INPUT", "-s", address_of(backup)], ["OUTPUT", "-d", address_of(backup)]
    )


NETWORK_FAULTS: Faults = {
    "host cut off": cut_off,
    "host hears nothing": deaf,
    "host is not heard": mute,
    "30 % of the packets to a host lost": lossy,
    "two hosts cut from each other": apart,
    "host cut off until Ray gives it up": cut_off_until_given_up,
}

# Every host carries a replica of every partition.
_ALL_PARTS = tuple(range(PARTS))


def _host_of_a_primary(scene: Scene) -> str:
    part = scene.rng.randrange(PARTS)
    return _host_of(scene.running.primary_first(part)[0].node_id)


def _host_of(node_id: str) -> str:
    (address,) = [n["NodeManagerAddress"] for n in ray.nodes() if n["NodeID"] == node_id]
    return name_at(address)


def _addresses() -> set[str]:
    """Of the nodes that Ray holds to be alive."""
    return {node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}


def plug(host: str, state: str) -> None:
    """Pull a host's cable out of the switch ("down"), or put it back ("up")."""
    call("ip", "-n", SWITCH, "link", "set", port_of(host), state)


def dropping(host: str, *rules: Sequence[str]) -> Struck:
    """Have a host drop the packets to which any of the rules applies, until it is mended."""
    for rule in rules:
        _iptables(host, "--append", rule)

    def mend() -> None:
        for rule in rules:
            _iptables(host, "--delete", rule)

    return Struck(_ALL_PARTS, mend)


def _iptables(host: str, action: str, rule: Sequence[str]) -> None:
    call("ip", "netns", "exec", host, "iptables", "--wait", action, *rule, "--jump", "DROP")
