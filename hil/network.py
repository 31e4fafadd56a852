"""A network of its own between daemon and bench, which can be cut: a namespace of the kernel, where that is allowed."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

NETS = 16_384
WITHIN_S = 10.0


class Network:
    """One cable: our end, and the bench's in a namespace that sees nothing else; only root may lay it."""

    def __init__(self) -> None:
        number = os.getpid() % NETS
        self._name, self._end = f"hems-{number}", f"hb{number}"
        self._ours = f"hd{number}"
        third, fourth = divmod(number, 64)
        self._here, self.there = (f"10.203.{third}.{4 * fourth + n}" for n in (1, 2))

    @property
    def inside(self) -> tuple[str, ...]:
        """What stands before a command that is to run at the other end."""
        return ("ip", "netns", "exec", self._name)

    def lay(self) -> bool:
        """False where it is not allowed after all, as in most containers."""
        steps = (
            f"netns add {self._name}",
            f"link add {self._ours} type veth peer name {self._end} netns {self._name}",
            f"addr add {self._here}/30 dev {self._ours}",
            f"link set {self._ours} up",
            f"-n {self._name} addr add {self.there}/30 dev {self._end}",
            f"-n {self._name} link set {self._end} up",
            f"-n {self._name} link set lo up",
        )
        if all(_ip(step) for step in steps):
            return True
        self.take_away()
        return False

    def cut(self, cut: bool) -> None:
        """Pull the cable at the other end, or put it in again."""
        _ip(f"-n {self._name} link set {self._end} {'down' if cut else 'up'}")

    def take_away(self) -> None:
        """With the namespace goes its end, and with that end the cable."""
        _ip(f"netns del {self._name}")
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
