"""Hosts made of namespaces: what tells machines apart, on one machine.

Every host has a network namespace with one cable (a veth pair) to a switch (a bridge, in a
namespace of its own), a process namespace, so that ``ray stop`` ends what runs on that host alone,
and a mount namespace with a ``/tmp``, a home, a ``/run`` and a ``/dev/shm`` of its own. The rest of
the file system is this machine's, as if every host had been installed alike, and ``shared`` is the
folder that all hosts mount.

Nothing of this touches this machine's own network: the addresses exist inside the namespaces only,
and no packet leaves them. All of it has fixed names, so that what an earlier run left behind is
found, and removed, by name; a lock keeps two runs apart.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.torture.running import wait_for

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = Path("/var/tmp/graphray-hosts")
SHARED = FOLDER / "shared"
SWITCH = "graphray-switch"
LAPTOP = "graphray-laptop"
HEAD = "graphray-head"
WORKERS = tuple(f"graphray-worker-{n}" for n in range(1, 4))
NAMES = (LAPTOP, HEAD, *WORKERS)
HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)

_LOCK = "\0graphray-hosts"
_NETWORK = "10.93.7"
_GATEWAY = f"{_NETWORK}.254"
_INIT = Path(__file__).with_name("host_init.sh")
# What a host sees of this machine where its own /tmp, home or /run would hide it.
_KEPT = (CHECKOUT, Path(sys.prefix), Path(sys.base_prefix), Path("/run/netns"))
# A login's variables, and nothing that this process happens to have.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_VARIABLES = {
    "HOME": str(HOME),
    "PATH": _PATH,
    "LANG": "C.UTF-8",
    "USER": "root",
    "RAY_AUTH_MODE": "disabled",  # As in `cluster.yaml`.
}
_COMMAND_S = 20.0


class HostsMissing(Exception):
    """Hosts cannot be made here, and why."""


def address_of(name: str) -> str:
    """The address of a host in the private network."""
    return f"{_NETWORK}.{NAMES.index(name) + 1}"


def name_at(address: str) -> str:
    """The host that has an address."""
    return NAMES[int(address.rpartition(".")[2]) - 1]


@dataclass
class Host:
    """One host, up and running.

    Attributes:
        name: of the host, and of its network namespace.
        init: its first process; when that one ends, all of the host's do.
    """

    name: str
    init: subprocess.Popen[bytes]

    @property
    def is_up(self) -> bool:
        """Whether its own folders are in place: its first process is the SSH server then."""
        return [first.name() for first in psutil.Process(self.init.pid).children()] == ["sshd"]

    def start(self, *command: str, folder: Path = HOME) -> subprocess.Popen[str]:
        """Begin a command in the host, in one of its folders."""
        (first,) = psutil.Process(self.init.pid).children()
        enter = ["nsenter", f"--target={first.pid}", "--mount", "--net", "--pid", "--"]
        there = ["sh", "-c", 'cd "$0" && exec "$@"', str(folder)]
        return subprocess.Popen(
            [*enter, *there, *command],
            env=_VARIABLES,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str, deadline_s: float, folder: Path = HOME) -> str:
        """Run a command in the host; returns what it printed.

        Raises:
            RuntimeError: where it failed, with all that it printed.
            TimeoutError: where it did not end in time, with what it had printed by then.
        """
        process = self.start(*command, folder=folder)
        try:
            told, _ = process.communicate(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            told = end(process)
            raise TimeoutError(f"{command} did not end within {deadline_s:g} s:\n{told}") from None
        if process.returncode:
            raise RuntimeError(f"{command} ended with {process.returncode}:\n{told}")
        return told


def end(process: subprocess.Popen[str]) -> str:
    """End what was begun in a host, and all that it has begun; returns what was printed."""
    first = psutil.Process(process.pid)
    for each in (*first.children(recursive=True), first):
        with suppress(psutil.NoSuchProcess):
            each.kill()
    told, _ = process.communicate(timeout=_COMMAND_S)
    return told


def home_of(name: str) -> Path:
    """The home of a host, as seen from outside."""
    return FOLDER / name / HOME.relative_to("/")


@contextmanager
def network() -> Iterator[None]:
    """The switch, and a network namespace with a cable to it for every host.

    Raises:
        HostsMissing: where they cannot be made.
    """
    check_possible()
    with _alone(), ExitStack() as ends:
        remove_leftovers()
        ends.callback(remove_leftovers)
        try:
            _lay_cables()
        except subprocess.CalledProcessError as error:
            raise HostsMissing(f"{error.cmd} failed: {error.stderr.strip()}") from error
        SHARED.mkdir(parents=True)
        yield


@contextmanager
def running(name: str) -> Iterator[Host]:
    """A host, from its first process to its last."""
    folder = FOLDER / name
    # mkdir -p: sshd wants its folder under /run to be there.
    for inside in ("tmp", "run/sshd", str(HOME.relative_to("/"))):
        (folder / inside).mkdir(parents=True, exist_ok=True)
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    begin = ["sh", str(_INIT), str(folder), str(HOME), *map(str, _KEPT)]
    with open(folder / "init.log", "w") as log:
        init = subprocess.Popen(
            ["ip", "netns", "exec", name, *unshare, *begin],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_VARIABLES,
            # Ctrl-C is for the tests, which then take everything down in order.
            start_new_session=True,
        )
    host = Host(name, init)
    try:
        wait_for(lambda: host.is_up, _COMMAND_S, (folder / "init.log").read_text)
        yield host
    finally:
        init.kill()
        init.wait(timeout=_COMMAND_S)


def check_possible() -> None:
    """Raise `HostsMissing` where hosts cannot be made, saying what is in the way."""
    if not sys.platform.startswith("linux"):
        raise HostsMissing("namespaces are Linux's")
    if os.getuid() != 0:
        raise HostsMissing("making network namespaces and mounts takes root")
    debian = {
        "ip": "iproute2",
        "iptables": "iptables",
        "sshd": "openssh-server",
        "ssh": "openssh-client",
        "rsync": "rsync",
        "unshare": "util-linux",
        "nsenter": "util-linux",
    }
    missing = [program for program in debian if shutil.which(program, path=_PATH) is None]
    if missing:
        packages = " ".join(sorted({debian[program] for program in missing}))
        raise HostsMissing(f"{', '.join(missing)} not found (Debian: apt-get install {packages})")
    probe = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "true"],
        capture_output=True,
        text=True,
        timeout=_COMMAND_S,
    )
    if probe.returncode:
        raise HostsMissing(f"this machine lets nobody make namespaces: {probe.stderr.strip()}")


def remove_leftovers() -> None:
    """End every process in a host, and remove the namespaces and the folder, by their names."""
    there = {line.split()[0] for line in call("ip", "netns", "list").splitlines() if line}
    for name in sorted(there.intersection((*NAMES, SWITCH))):
        for pid in call("ip", "netns", "pids", name).split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        call("ip", "netns", "delete", name)
    # The hosts' mounts are in their own namespaces; were one here, its content would go, too.
    mounts = Path("/proc/self/mounts").read_text()
    assert f" {FOLDER}/" not in mounts, f"something is mounted below {FOLDER}"
    shutil.rmtree(FOLDER, ignore_errors=True)


def call(*command: str) -> str:
    """Run a short command of this machine's; returns what it printed."""
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=_COMMAND_S, env=_VARIABLES
    )
    return done.stdout


def _lay_cables() -> None:
    call("ip", "netns", "add", SWITCH)
    call("ip", "-n", SWITCH, "link", "add", "bridge", "type", "bridge")
    call("ip", "-n", SWITCH, "address", "add", f"{_GATEWAY}/24", "dev", "bridge")
    call("ip", "-n", SWITCH, "link", "set", "bridge", "up")
    for name in NAMES:
        port = port_of(name)
        call("ip", "netns", "add", name)
        pair = ("type", "veth", "peer", "name", "eth0", "netns", name)
        call("ip", "-n", SWITCH, "link", "add", port, *pair)
        call("ip", "-n", SWITCH, "link", "set", port, "master", "bridge", "up")
        call("ip", "-n", name, "address", "add", f"{address_of(name)}/24", "dev", "eth0")
        call("ip", "-n", name, "link", "set", "eth0", "up")
        call("ip", "-n", name, "link", "set", "lo", "up")
        # Ray finds a host's own address by asking which one would reach the internet. The switch
        # forwards nothing.
        call("ip", "-n", name, "route", "add", "default", "via", _GATEWAY)
    # Fails here, and not in the middle of a round, where the kernel cannot drop by chance.
    chance = ("-m", "statistic", "--mode", "random", "--probability", "0.5", "--jump", "ACCEPT")
    call("ip", "netns", "exec", SWITCH, "iptables", "--wait", "--append", "INPUT", *chance)


def port_of(name: str) -> str:
    """The switch's end of a host's cable."""
    return name.removeprefix("graphray-")


@contextmanager
def _alone() -> Iterator[None]:
    """Hold this machine's lock, a name without a file; a run that is killed lets go of it."""
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(_LOCK)
        except OSError:
            raise HostsMissing("another run has its hosts on this machine now") from None
        yield
