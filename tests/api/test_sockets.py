"""Sockets that systemd made are used and left alone."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from hems.api.sockets import inherited_sockets, open_doors
from hems.model.people import PersonRole

PROGRAM = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
from hems.api.sockets import inherited_sockets
environment = dict(os.environ, LISTEN_PID=str(os.getpid()))
for _ in range(2):
    for name, inherited in sorted(inherited_sockets(environment, os.getpid()).items()):
        print(name, inherited.getsockname(), inherited.get_inheritable(), os.get_inheritable(3))
        inherited.close()
"""


def test_inherited_sockets_are_found_by_name(run_dir: Path) -> None:
    # given a process that is started as systemd does, with listening sockets from descriptor 3 on
    made = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    for door, name in zip(made, ("view", "other"), strict=True):
        door.bind(str(run_dir / name))
    view, other = (door.fileno() for door in made)

    # when it looks for them, and once more after it has closed them
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(view), str(other)],
        env=os.environ | {"LISTEN_FDS": "2", "LISTEN_FDNAMES": "hems-view.socket:something"},
        pass_fds=(view, other),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    # then it has the one it knows, which no child of it has
    assert told.stdout.split("\n") == [f"view {run_dir / 'view'} False False"] * 2 + [""]


def test_sockets_meant_for_another_process_are_not_touched() -> None:
    assert inherited_sockets({"LISTEN_PID": "1", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "view:operate:admin"}, 2) == {}


def test_an_inherited_socket_keeps_its_file_at_the_end(run_dir: Path) -> None:
    by_systemd = socket.socket(socket.AF_UNIX)
    by_systemd.bind(str(run_dir / "given"))

    doors = open_doors(run_dir, {"view": by_systemd})

    assert [door.role for door in doors] == list(PersonRole)
    for door in doors:
        door.close()
    assert [path.name for path in run_dir.iterdir()] == ["given"]
