"""Logging in from host to host: one key that opens all of them, made for one run."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.hosts import FOLDER, call, home_of

_KEYS = FOLDER / "keys"
_LOGIN, _HOST = _KEYS / "login", _KEYS / "host"


def make_keys() -> None:
    """Make the key that opens all hosts, and the one by which they are known."""
    _KEYS.mkdir(mode=0o700)
    for key in (_LOGIN, _HOST):
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "graphray", "-f", str(key))


def hand_over(name: str, key: Path) -> None:
    """Give a host the key, as a person who keeps it at that path below the home would have it."""
    path = home_of(name) / key
    path.parent.mkdir(mode=0o700, parents=True)
    path.write_bytes(_LOGIN.read_bytes())
    path.chmod(0o600)


def configure_server(name: str, address: str) -> None:
    """Write what the SSH server of a host starts with."""
    (FOLDER / name / "sshd_config").write_text(
        f"ListenAddress {address}\n"
        f"HostKey {_HOST}\n"
        f"AuthorizedKeysFile {_LOGIN}.pub\n"
        "PermitRootLogin prohibit-password\n"
        "PasswordAuthentication no\n"
        # The files are in a folder that the login user does not own on some machines.
        "StrictModes no\n"
        "UsePAM no\n"
        "UseDNS no\n"
        "PidFile none\n"
    )
