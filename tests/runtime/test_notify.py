"""Words to the service manager, on a real socket."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hems.runtime.notify import notify


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.setblocking(False)
        yield listener


def test_a_message_arrives_as_it_is(run_dir: Path):
    with listening(run_dir / "notify") as listener:
        assert notify("READY=1", {"NOTIFY_SOCKET": str(run_dir / "notify")})
        assert listener.recv(100) == b"READY=1"


def test_an_abstract_address_is_understood(run_dir: Path):
    name = f"hems-test-{run_dir.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        assert notify("WATCHDOG=1", {"NOTIFY_SOCKET": f"@{name}"})
        assert listener.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "x" * 200])
def test_nobody_who_listens_is_no_error(address: str):
    assert not notify("READY=1", {"NOTIFY_SOCKET": address})
    assert not notify("READY=1", {})


@pytest.mark.timeout(10)
def test_a_service_manager_that_does_not_read_holds_up_nothing(run_dir: Path):
    with listening(run_dir / "notify"):
        told = [notify("WATCHDOG=1", {"NOTIFY_SOCKET": str(run_dir / "notify")}) for _ in range(2000)]
        assert told[0]
        assert not told[-1]
