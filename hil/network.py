"""A network of its own between daemon and bench, which can be cut: namespaces of the kernel, where they are allowed.

Between the two stands a switch, a bridge of the kernel's.  Cut, it carries nothing more and tells nobody, as a switch
whose far side has failed: both ends see their link and wait.  Or the gateway's own cable is pulled.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

NETS = 16_384
WITHIN_S = 10.0
BRIDGE, NEAR, FAR = "bridge", "near", "far"


class Network:
    """Our end, a switch, and the bench's end in a namespace that sees nothing else; only root may lay it."""

    def __init__(self) -> None:
        number = os.getpid() % NETS
        self._name, self._switch = f"hems-{number}", f"hems-switch-{number}"
        self._end, self._ours = f"hb{number}", f"hd{number}"
        third, fourth = divmod(number, 64)
        self._here, self.there = (f"10.203.{third}.{4 * fourth + n}" for n in (1, 2))

    @property
    def inside(self) -> tuple[str, ...]:
        """What stands before a command that is to run at the other end."""
        return ("ip", "netns", "exec", self._name)

    def lay(self) -> bool:
        """False where it is not allowed after all, as in most containers."""
        if all(_ip(step) for step in self._steps()):
            return True
        self.take_away()
        return False

    def _steps(self) -> Iterator[str]:
        yield from (
            f"netns add {self._name}",
            f"netns add {self._switch}",
            f"-n {self._switch} link add {BRIDGE} type bridge",
        )
        yield f"link add {self._ours} type veth peer name {NEAR} netns {self._switch}"
        yield f"-n {self._name} link add {self._end} type veth peer name {FAR} netns {self._switch}"
        for port in (NEAR, FAR):
            yield f"-n {self._switch} link set {port} master {BRIDGE} up"
        yield f"-n {self._switch} link set {BRIDGE} up"
        yield from (f"addr add {self._here}/30 dev {self._ours}", f"link set {self._ours} up")
        yield from (f"-n {self._name} addr add {self.there}/30 dev {self._end}", f"-n {self._name} link set lo up")
        yield f"-n {self._name} link set {self._end} up"

    def cut(self, cut: bool) -> None:
        """Let the switch drop all that comes, without a word, or carry it again."""
        _ip(f"-n {self._switch} link set {FAR} {'nomaster' if cut else f'master {BRIDGE}'}")

    def pull(self, out: bool) -> None:
        """Pull the gateway's own cable, or put it in again: its kernel sees that."""
        _ip(f"-n {self._switch} link set {NEAR} {'down' if out else 'up'}")

    def take_away(self) -> None:
        """With the namespaces go their ends, and with those the cables."""
        for name in (self._name, self._switch):
            _ip(f"netns del {name}")
        _ip(f"link del {self._ours}")


def _ip(words: str) -> bool:
    try:
        done = subprocess.run(("ip", *words.split()), capture_output=True, timeout=WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@contextmanager
def laid(*, wanted: bool) -> Iterator[Network | None]:
    """One for as long as this lasts; None where it is not wanted or may not be."""
    network = Network()
    if not wanted or os.geteuid() != 0 or not network.lay():
        yield None
        return
    try:
        yield network
    finally:
        network.take_away()
