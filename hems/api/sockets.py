"""The three listening sockets: made here, or inherited from systemd when it made them."""

import grp
import os
import socket
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hems.model.errors import HemsError
from hems.model.people import PersonRole

DOORS: Mapping[str, PersonRole] = {
    "view": PersonRole.VIEWER,
    "operate": PersonRole.OPERATOR,
    "admin": PersonRole.ENGINEER,
}
"""Each socket and the highest role it admits; `view` is the file `view.sock` and the group `hems-view`."""

MODE = 0o660
BACKLOG = 16
LONGEST_PATH = 107
"""Bytes the kernel keeps for the path of a Unix socket."""
FIRST_INHERITED = 3
"""systemd hands over sockets from this descriptor on."""


@dataclass(frozen=True, slots=True)
class Door:
    """One listening socket."""

    role: PersonRole
    socket: socket.socket
    made: Path | None
    """The file to remove at the end; None when systemd owns it."""

    def close(self) -> None:
        """Stop listening, and leave no file behind."""
        self.socket.close()
        if self.made is not None:
            self.made.unlink(missing_ok=True)


def socket_path(run_dir: Path, role: PersonRole) -> Path:
    """Where clients of that role connect."""
    return run_dir / f"{next(name for name, admitted in DOORS.items() if admitted is role)}.sock"


def open_doors(run_dir: Path, inherited: Mapping[str, socket.socket]) -> tuple[Door, ...]:
    """All three doors; those in `inherited` are used as they are.  Raises: HemsError when one cannot be opened."""
    doors: list[Door] = []
    try:
        for name, role in DOORS.items():
            if name in inherited:
                doors.append(Door(role, inherited[name], None))
            else:
                path = run_dir / f"{name}.sock"
                doors.append(Door(role, _listen(path, f"hems-{name}"), path))
    except HemsError:
        for door in doors:
            door.close()
        raise
    return tuple(doors)


def inherited_sockets(environment: Mapping[str, str], pid: int) -> dict[str, socket.socket]:
    """Sockets that systemd opened for this process, by door (`FileDescriptorName=view`, `operate`, `admin`).

    Each by a number of its own, so that they are there again after the screen service has failed and closed them.
    """
    if environment.get("LISTEN_PID") != str(pid):
        return {}
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    count = int(environment.get("LISTEN_FDS", "0"))
    found = {}
    for number, name in enumerate(names[:count]):
        door = name.removeprefix("hems-").removesuffix(".socket").removesuffix(".sock")
        if door in DOORS:
            os.set_inheritable(FIRST_INHERITED + number, False)
            found[door] = socket.socket(fileno=os.dup(FIRST_INHERITED + number))
    return found


def peer_of(connection: socket.socket) -> str:
    """Who is at the other end, for the audit only: inside a user namespace the numbers mean nothing."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, gid = struct.unpack("3i", raw)
    return f"uid={uid} gid={gid} pid={pid}"


def _listen(path: Path, group: str) -> socket.socket:
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise HemsError(f"{path} is too long for a socket ({LONGEST_PATH} bytes at most). Use a shorter run directory.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_the_place(path)
        return _bound(path, group)
    except OSError as error:
        raise HemsError(f"Cannot listen at {path}: {error.strerror or error}. Check the run directory.") from error


def _bound(path: Path, group: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(os.fspath(path))
        path.chmod(MODE)  # nobody can connect yet: it does not listen
        _give_to_group(path, group)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _clear_the_place(path: Path) -> None:
    """Remove what a killed daemon left, but never take a living one's place."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise HemsError(f"{path} is in the way and is not a socket. Remove it.")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    raise HemsError(f"Another hems answers at {path}. Stop it first, or give this one another run directory.")


def _give_to_group(path: Path, group: str) -> None:
    """Let the group in when it exists and we may; otherwise only our own user gets in, which is the safe side."""
    try:
        os.chown(path, -1, grp.getgrnam(group).gr_gid)
    except (KeyError, PermissionError):
        return
