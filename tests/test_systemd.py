"""The units are what systemd understands, and the daemon is what the units count on."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.mqtt import credentials
from hems.api.client import Client, NoContact
from hems.api.messages import Hello, read_from_server
from hems.api.sockets import DOORS, MODE
from hems.cli import EX_CONFIG
from hems.commands import northbound
from hems.config.schema import SettingsTable
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.picture import Picture
from hems.northbound import files
from hil.relink import relinked

WITHIN_S = 30.0
"""Until ready, with nothing in reach."""
LONGEST_PAUSE_S = 2.0
"""Between two signs of life: a third of the watchdog's time, so that two may be late."""
WATCHED_S = 5.0
BY_NETWORK = ("car", "roof", "tie_io", "relays")
MORE_THAN_ONCE = frozenset({"SystemCallFilter", "DeviceAllow", "After"})

# Puts the sockets where systemd puts them, then becomes the daemon.  Copied up first: they may lie in each other's way.
HAND_OVER = """
import fcntl, os, sys
count = int(os.environ["LISTEN_FDS"])
given = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 64) for number in sys.argv[1:1 + count]]
for number, descriptor in enumerate(given):
    os.dup2(descriptor, 3 + number)
    os.close(descriptor)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, *sys.argv[1 + count:]])
"""

Unit = Mapping[str, list[str]]


@pytest.fixture(scope="session")
def units(checkout: Path) -> Path:
    return checkout / "systemd"


def unit(path: Path) -> Unit:
    """Every key with its values, in order."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def table(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def systemd(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}: apt install systemd")
    return found


def verify(directory: Path) -> subprocess.CompletedProcess[str]:
    """Ask systemd about every unit in there; it complains on stderr, also where it returns 0."""
    files = [str(path) for path in sorted(directory.iterdir())]
    command = [systemd("systemd-analyze"), "--man=no", "verify", *files]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def copied(units: Path, directory: Path) -> Path:
    """The units with a program that exists here."""
    for path in (*units.glob("*.service"), *units.glob("*.socket"), *units.glob("*.timer"), *units.glob("*.path")):
        lines = path.read_text(encoding="utf-8").splitlines()
        lines = ["ExecStart=/bin/true" if line.startswith("ExecStart=") else line for line in lines]
        (directory / path.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return directory


# The files ----------------------------------------------------------------------------------------------------------


def test_systemd_has_nothing_to_say_about_the_units(units: Path, tmp_path: Path) -> None:
    # given all units, beside each other
    copied(units, tmp_path)
    # when systemd reads them
    told = verify(tmp_path)
    # then it knows every key, value and unit in them
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("line", ["WatchDogSec=6s", "Type=notified", "ProtectSystem=very"])
def test_systemd_would_say_that_a_key_or_value_does_not_exist(units: Path, tmp_path: Path, line: str) -> None:
    service = copied(units, tmp_path) / "hems.service"
    service.write_text(service.read_text(encoding="utf-8").replace("[Service]", f"[Service]\n{line}"), encoding="utf-8")
    assert "hems.service" in verify(tmp_path).stderr


def test_the_service_is_shut_in_as_tightly_as_its_devices_allow(units: Path) -> None:
    command = [systemd("systemd-analyze"), "security", "--no-pager", "--offline=true", "--threshold=15"]
    told = subprocess.run([*command, str(units / "hems.service")], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("name", ["hems-backup.service", "hems-wall@.service", "hems-web.service"])
def test_its_companions_are_shut_in_as_well(units: Path, tmp_path: Path, name: str) -> None:
    shut_in = tmp_path / name.replace("@", "@tty1")
    shutil.copy(units / name, shut_in)
    command = [systemd("systemd-analyze"), "security", "--no-pager", "--offline=true", "--threshold=30"]
    told = subprocess.run([*command, str(shut_in)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


OUTWARD = ("ha", "metrics", "alarms", "prices", "journal")


@pytest.mark.parametrize("name", OUTWARD)
def test_what_leads_out_of_the_building_is_shut_in_and_owns_nothing(units: Path, name: str) -> None:
    path = units / f"hems-{name}.service"
    command = [systemd("systemd-analyze"), "security", "--no-pager", "--offline=true", "--threshold=15"]
    told = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    service = unit(path)
    # it starts what there is, with a file and secrets that are handed over, as a user of no rights
    assert service["ExecStart"][0].split()[1:3] == ["northbound", name]
    assert name in northbound.SERVES
    assert service["DynamicUser"] == ["yes"]
    assert service["LoadCredential"][1] == f"{files.PREFIX[:-1]}:{files.BY_HAND}"
    assert str(files.BY_HAND) in {line[1] for line in table(units / "hems.tmpfiles")}
    assert "/etc/hems" in service["InaccessiblePaths"][0]
    # it may look; and by the operators' door comes only who has something to say there
    doors = set(service["SupplementaryGroups"][0].split())
    assert doors == {"hems-view", "hems-operate"} if name in ("ha", "prices") else doors == {"hems-view"}
    # a mistake in the file is told once, and anything else is tried for ever
    assert service["RestartPreventExitStatus"] == [str(EX_CONFIG)]
    assert (service["Restart"], service["StartLimitIntervalSec"]) == (["always"], ["0"])


def test_a_credential_that_is_absent_does_not_keep_the_daemon_from_starting(units: Path) -> None:
    service = unit(units / "hems.service")
    ((name, _, directory),) = [value.partition(":") for value in service["LoadCredential"]]
    # a directory is loaded, whatever is in it, and it is there even where nobody has put anything into it
    assert f"{name}_" == credentials.PREFIX
    assert directory == str(credentials.BY_HAND)
    assert directory.removeprefix("/etc/") in service["ConfigurationDirectory"][0].split()
    assert directory in {line[1] for line in table(units / "hems.tmpfiles")}


def test_an_end_in_failure_is_told_although_the_daemon_is_started_again_for_ever(units: Path) -> None:
    (after,) = unit(units / "hems.service")["ExecStopPost"]
    assert "hems-failed@%n.service" in after
    assert unit(units / "hems-backup.service")["OnFailure"] == ["hems-failed@%n.service"]
    assert (units / "hems-failed@.service").exists()


def test_no_key_is_given_twice_by_mistake(units: Path) -> None:
    for path in (units / "hems.service", *units.glob("*.socket")):
        assert {key for key, values in unit(path).items() if len(values) > 1} <= MORE_THAN_ONCE, path.name


def test_the_service_waits_for_nothing_that_an_outage_takes_away_and_never_gives_up(units: Path) -> None:
    service = unit(units / "hems.service")
    named = " ".join(value for key in ("After", "Wants", "Requires", "BindsTo") for value in service.get(key, []))
    for missing in ("network", "time-", "mosquitto", "nss-lookup", "dev-"):
        assert missing not in named
    assert (service["Restart"], service["StartLimitIntervalSec"]) == (["always"], ["0"])


def test_a_companion_that_the_kernel_ends_for_want_of_memory_does_not_take_the_daemon_along(units: Path) -> None:
    # by itself systemd stops a whole service of which one process was ended so
    assert unit(units / "hems.service")["OOMPolicy"] == ["continue"]


def test_the_socket_units_are_the_doors_the_daemon_knows(units: Path) -> None:
    defaults = SettingsTable()
    assert {path.name for path in units.glob("*.socket")} == {f"hems-{door}.socket" for door in DOORS}
    for door in DOORS:
        made = unit(units / f"hems-{door}.socket")
        assert made["ListenStream"] == [f"{defaults.run_dir}/{door}.sock"]
        assert made["FileDescriptorName"] == [door]
        assert made["SocketGroup"] == [f"hems-{door}"]
        assert int(made["SocketMode"][0], 8) == MODE
        assert made["Service"] == ["hems.service"]
    assert unit(units / "hems.service")["Sockets"][0].split() == [f"hems-{door}.socket" for door in DOORS]


def test_the_directories_are_the_daemons_own_and_outlive_it(units: Path) -> None:
    service, defaults = unit(units / "hems.service"), SettingsTable()
    assert f"/run/{service['RuntimeDirectory'][0]}" == defaults.run_dir
    assert f"/var/lib/{service['StateDirectory'][0]}" == defaults.state_dir
    # a directory that changes hands at the start takes the sockets in it along, and one that goes takes them away
    made = {line[1]: line for line in table(units / "hems.tmpfiles")}
    assert made[defaults.run_dir][2:5] == ["0755", *service["User"], *service["Group"]]
    assert service["RuntimeDirectoryPreserve"] == ["yes"]


def test_every_user_and_group_that_is_named_is_made(units: Path) -> None:
    made = {line[1] for line in table(units / "hems.sysusers")}
    service = unit(units / "hems.service")
    named = {*service["User"], *service["Group"], *service["SupplementaryGroups"]}
    for path in units.glob("*.socket"):
        named |= {*unit(path)["SocketUser"], *unit(path)["SocketGroup"]}
    named |= {owner for line in table(units / "hems.tmpfiles") for owner in line[3:5]} - {"root"}
    assert named == made


# The daemon ---------------------------------------------------------------------------------------------------------


@dataclass
class Manager:
    """Does for the daemon what systemd does: its sockets, its command line, and an ear for its signs of life."""

    where: Path
    command: list[str]
    doors: dict[str, socket.socket]
    ear: socket.socket
    log: Path
    children: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self) -> asyncio.subprocess.Process:
        """By hand: the sockets from descriptor 3 on, in the order of the unit."""
        numbers = [door.fileno() for door in self.doors.values()]
        environment = {
            "LISTEN_FDS": str(len(numbers)),
            "LISTEN_FDNAMES": ":".join(self.doors),
            "NOTIFY_SOCKET": str(self.where / "notify"),
        }
        hand_over = [sys.executable, "-c", HAND_OVER, *map(str, numbers)]
        return await self.run(*hand_over, *self.command, environment=environment, pass_fds=numbers)

    async def run(
        self, *command: str, environment: Mapping[str, str], pass_fds: list[int]
    ) -> asyncio.subprocess.Process:
        with self.log.open("ab") as output:
            child = await asyncio.create_subprocess_exec(
                *command,
                cwd=Path(__file__).parents[1],
                env=os.environ | environment,
                pass_fds=pass_fds,
                stdout=output,
                stderr=output,
            )
        self.children.append(child)
        return child

    async def heard(self) -> dict[str, str]:
        """The next message of the daemon."""
        said = await asyncio.get_running_loop().sock_recv(self.ear, 4096)
        return dict(line.split("=", 1) for line in said.decode().splitlines())

    async def ready(self) -> None:
        try:
            async with asyncio.timeout(WITHIN_S):
                while (await self.heard()).get("READY") != "1":
                    pass
        except TimeoutError:
            pytest.fail(self.log.read_text(encoding="utf-8"))


@asynccontextmanager
async def manager(units: Path, run_dir: Path) -> AsyncIterator[Manager]:
    """For a house in which nothing answers: its ports refuse every connection, its serial lines are not there."""
    with ExitStack() as held:
        ear = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
        ear.bind(str(run_dir / "notify"))
        site = _site(run_dir, [_closed_port(held) for _ in BY_NETWORK])
        made = Manager(run_dir, _command(units, site), {}, ear, run_dir / "log")
        (run_dir / "run").mkdir()
        for name in unit(units / "hems.service")["Sockets"][0].split():
            made.doors[unit(units / name)["FileDescriptorName"][0]] = socket.socket(socket.AF_UNIX)
        for door, listening in made.doors.items():
            listening.bind(str(run_dir / "run" / f"{door}.sock"))
            listening.listen()
        try:
            yield made
        finally:
            for child in made.children:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
            for listening in made.doors.values():
                listening.close()


def _closed_port(held: ExitStack) -> int:
    """Bound, so that nobody else gets it, but never listening."""
    closed = held.enter_context(socket.socket())
    closed.bind(("127.0.0.1", 0))
    port: int = closed.getsockname()[1]
    return port


def _site(run_dir: Path, ports: list[int]) -> Path:
    example = Path(__file__).parents[1] / "examples" / "home.toml"
    links = {device: f"tcp://127.0.0.1:{port}" for device, port in zip(BY_NETWORK, ports, strict=True)}
    links |= dict.fromkeys(("main_meter", "house_meter"), f"rtu://{run_dir}/none?baud=9600&parity=N&stop_bits=1")
    site = run_dir / "site.toml"
    site.write_text(relinked(example.read_text(encoding="utf-8"), links, run_dir, short=False), encoding="utf-8")
    return site


def _command(units: Path, site: Path) -> list[str]:
    """What the unit starts, with this Python and that site."""
    program, *arguments = unit(units / "hems.service")["ExecStart"][0].split()
    assert program == "/opt/hems/current/venv/bin/hems"
    return ["-m", "hems.cli", *(str(site) if argument.endswith(".toml") else argument for argument in arguments)]


async def role_at(path: Path) -> PersonRole:
    """Who one is there; a real request has been answered, too."""
    async with Client(path) as client:
        assert (await client.request("status"))["site"]
        assert client.hello is not None
        return client.hello.role


async def roles(where: Path) -> dict[str, PersonRole]:
    return {door: await role_at(where / "run" / f"{door}.sock") for door in DOORS}


@pytest.mark.wire
async def test_the_daemon_serves_the_three_doors_it_is_given_and_leaves_them_to_the_next(
    units: Path, run_dir: Path
) -> None:
    async with manager(units, run_dir) as systemd_here:
        # given a daemon with the sockets that systemd made
        first = await systemd_here.start()
        await systemd_here.ready()
        # when it is asked at each
        # then each admits its role, and no more
        assert await roles(run_dir) == dict(DOORS)
        async with Client(run_dir / "run" / "view.sock") as viewer:
            with pytest.raises(RequestError):
                await viewer.request("arm", devices="all", who="anybody")
        # when it ends in good order, and its successor is killed
        first.send_signal(signal.SIGTERM)
        assert await first.wait() == 0
        second = await systemd_here.start()
        await systemd_here.ready()
        second.kill()
        await second.wait()
        # then whoever knocks meanwhile is served by the third
        reader, writer = await asyncio.open_unix_connection(run_dir / "run" / "operate.sock")
        await systemd_here.start()
        async with asyncio.timeout(WITHIN_S):
            assert isinstance(read_from_server(await reader.readline()), Hello)
        writer.close()


@pytest.mark.wire
async def test_the_daemon_serves_what_systemd_itself_hands_over(units: Path, run_dir: Path) -> None:
    activate = systemd("systemd-socket-activate")
    async with manager(units, run_dir) as systemd_here:
        # given systemd's own program, listening at the three places
        for door in DOORS:
            systemd_here.doors.pop(door).close()
            (run_dir / "run" / f"{door}.sock").unlink()
        places = [f"--listen={run_dir / 'run' / door}.sock" for door in DOORS]
        names = f"--fdname={':'.join(DOORS)}"
        child = await systemd_here.run(
            activate, *places, names, sys.executable, *systemd_here.command, environment={}, pass_fds=[]
        )
        # when somebody knocks
        async with asyncio.timeout(WITHIN_S):
            while True:
                with suppress(NoContact, RequestError):
                    found = await roles(run_dir)
                    break
                assert child.returncode is None, systemd_here.log.read_text(encoding="utf-8")
                await asyncio.sleep(0.1)
        # then the daemon is there
        assert found == dict(DOORS)


@pytest.mark.wire
async def test_the_watchdog_hears_of_every_completed_cycle_and_of_nothing_else(units: Path, run_dir: Path) -> None:
    async with manager(units, run_dir) as systemd_here:
        # given a daemon that cannot reach a single device
        child = await systemd_here.start()
        await systemd_here.ready()
        cycles, seen = 0, asyncio.Event()

        async def count_cycles() -> None:
            """One picture is published in each."""
            nonlocal cycles
            async with Client(run_dir / "run" / "view.sock") as client:
                async for message in client.subscribe():
                    cycles += isinstance(message, Picture)
                    seen.set()

        watching = asyncio.create_task(count_cycles())
        async with asyncio.timeout(WITHIN_S):
            await seen.wait()
        with suppress(BlockingIOError):
            while systemd_here.ear.recv(4096):
                pass
        # when it is listened to for a while
        cycles = 0
        loop = asyncio.get_running_loop()
        began_s = last_s = loop.time()
        pauses_s = []
        while loop.time() - began_s < WATCHED_S:
            async with asyncio.timeout(WITHIN_S):
                said = await systemd_here.heard()
            assert said["WATCHDOG"] == "1"
            assert said["STATUS"]
            pauses_s.append(loop.time() - last_s)
            last_s = loop.time()
        # then it gives a sign of life often enough for the unit, with each cycle (one may be under way at either end)
        assert max(pauses_s) <= LONGEST_PAUSE_S
        assert float(unit(units / "hems.service")["WatchdogSec"][0].removesuffix("s")) >= 3 * LONGEST_PAUSE_S
        assert abs(len(pauses_s) - cycles) <= 2
        # and none when it stands still
        child.send_signal(signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(LONGEST_PAUSE_S):
                while True:
                    await systemd_here.heard()
        watching.cancel()


@pytest.mark.wire
async def test_the_daemon_says_when_it_goes(units: Path, run_dir: Path) -> None:
    async with manager(units, run_dir) as systemd_here:
        child = await systemd_here.start()
        await systemd_here.ready()
        # when a restart is asked for, as the unit asks
        child.send_signal(signal.Signals[unit(units / "hems.service")["RestartKillSignal"][0]])
        # then it says so and ends well
        async with asyncio.timeout(WITHIN_S):
            while (await systemd_here.heard()).get("STOPPING") != "1":
                pass
        assert await child.wait() == 0
