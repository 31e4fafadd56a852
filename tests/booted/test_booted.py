"""hems under a real systemd: a Debian in a container, installed, hung, killed, updated badly, and removed.

Makes the system with debootstrap, which takes a minute and a mirror; HEMS_ROOTFS names one that is there already
(bookworm with systemd, dbus, python3-venv and procps) and is not written to.  HEMS_BUNDLE names a bundle, else one is
made.
"""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from hems.store.reader import events
from hil.relink import relinked
from tests.booted.mirror import lent
from tests.manual import commands, filled_in

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3000)]

PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv,procps"
PROGRAM = """import sys
def main():
    print("selftest: all is well.")
    sys.exit(0 if "selftest" in sys.argv else 1)
"""
SERVICE = """[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/in/suite.sh
"""
TRIED = [
    "installs without a network and is ready",
    "status line tells of the building",
    "the command finds the daemon",
    "user and group own the doors",
    "a second installation changes nothing",
    "passwords are handed over",
    "without a password it starts as well",
    "a hang ends in a restart",
    "and leaves a traceback",
    "the failure is told",
    "kill -9 ends in a restart",
    "it cannot write to the system",
    "it can write its records",
    "a bad release is turned back",
    "and the old one runs",
    "a mistaken site file leaves the last good one running",
    "and is one clear sentence",
    "and an alarm",
    "wrong permissions leave the last good one running",
    "a new site file is put in force",
    "by a daemon that started anew",
    "and taken back",
    "ready within 30 s with no network, broker, clock or device",
    "and it says what does not answer",
    "a clock that nobody has set right is not believed",
    "on a full disk it runs on",
    "and says so",
    "it starts on a disk that has become read-only",
    "and says that too",
    "a damaged state does not stop a start",
    "and is an alarm",
    "the copy of the night is laid on",
    "a copy goes to the second disk",
    "a mistake in what leads out is told once and costs nothing else",
    "and the building is served",
    "uninstalling keeps records and site",
    "and stops it",
]
STRANGER = [
    "packages are installed as the manual says",
    "a clock with a battery is told of",
    "the manual installs it",
    "a device on the network is found with its profile",
    "both meters on the serial line are found",
    "it starts and only watches",
    "every device of the site is armed by its proofs",
    "root gives an engineer a new passphrase",
    "every command of the installer's manual does what it says",
    "a new card with the copies is armed as before",
    "hems-metrics runs under its unit",
    "hems-journal runs under its unit",
    "hems-ha runs under its unit",
    "hems-alarms runs under its unit",
    "hems-prices runs under its unit",
    "numbers are served by a user without rights",
    "what happens is in the journal with its fields",
    "Home Assistant finds the building at the broker",
    "a message leaves by its way",
    "prices are asked for",
    "the screen is a page in a browser of this machine",
    "hems-web runs under its unit",
    "hems-wall@tty9 runs under its unit",
    "in a power cut the armed site switches off what own power cannot carry",
    "and says so",
    "in a power cut nothing is updated",
    "unless it is forced, and then it is turned back where it does not run",
    "and every device is held meanwhile",
]
"""What a stranger does with the manual, on the emulated house of its example."""


def needs() -> str:
    """What this machine lacks for it; empty where it can run."""
    if os.geteuid() != 0:
        return "needs root, to boot a container"
    tools = ["systemd-nspawn"] if os.environ.get("HEMS_ROOTFS") else ["systemd-nspawn", "debootstrap"]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return f"needs {' and '.join(missing)}: apt install systemd-container debootstrap" if missing else ""


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if reason := needs():
        pytest.skip(reason)
    if given := os.environ.get("HEMS_ROOTFS"):
        return Path(given)
    made = tmp_path_factory.mktemp("rootfs")
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(made)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"debootstrap found no mirror: {done.stdout.splitlines()[-1:]}")
    return made


@pytest.fixture(scope="session")
def brought(checkout: Path, rootfs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is there as /in: bundles, a site, and what to do."""
    made = tmp_path_factory.mktemp("in")
    _bring(checkout, made)
    return made


@pytest.fixture(scope="session")
def results(brought: Path, rootfs: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What came of everything that the suite tries, by its name."""
    return _told(brought, rootfs, tmp_path_factory.mktemp("out"), "suite.sh", ("times", "log", "first", "bad"))


@pytest.fixture(scope="session")
def followed(brought: Path, rootfs: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What came of following the manual, by its name."""
    told = tmp_path_factory.mktemp("out")
    with lent(rootfs / "etc/apt/sources.list", told / "mirror"):
        return _told(brought, rootfs, told, "stranger.sh", ("manual", "northbound", "log"))


def _told(brought: Path, rootfs: Path, told: Path, script: str, files: Sequence[str]) -> Mapping[str, str]:
    command = [*booting(rootfs, brought, told, script), "--volatile=overlay", "systemd.wants=suite.service"]
    subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=2400, check=False)
    lines = (told / "results").read_text().splitlines() if (told / "results").exists() else []
    for name in files:
        if (told / name).exists():
            print(f"--- {name}\n{(told / name).read_text()[-9000:]}")
    return {line.removeprefix("not ").partition(" ")[2].split(":")[0]: line for line in lines}


def booting(root: Path, brought: Path, told: Path, script: str) -> list[str]:
    """The command that boots a system without a network, which runs a script of /in and may write to /out."""
    unit = told / "suite.service"
    unit.write_text(SERVICE.replace("suite.sh", script))
    return [
        *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "-D", str(root), "--private-network", "-b"),
        *(f"--bind-ro={brought}:/in", f"--bind={told}:/out"),
        f"--bind-ro={unit}:/etc/systemd/system/suite.service",
    ]


def _bring(checkout: Path, to: Path) -> None:
    """Bundles of this version and of one that cannot run, a site in which nothing answers, and the suite."""
    shutil.copy(_bundle(checkout), to / "good.tar")
    (to / "whole").mkdir()
    shutil.unpack_archive(to / "good.tar", to / "whole")
    (to / "good.version").write_text((to / "whole" / "VERSION").read_text())
    _bad(to)
    text = (checkout / "examples" / "home.toml").read_text(encoding="utf-8")
    links = {name: f"tcp://127.0.0.1:{9 + place}" for place, name in enumerate(("car", "roof", "tie_io", "relays"))}
    links |= dict.fromkeys(("main_meter", "house_meter"), "rtu:///dev/none?baud=9600&parity=N&stop_bits=1")
    site = relinked(text, links, Path("/nowhere"), short=False)
    (to / "site.toml").write_text(site.replace("/nowhere/state", "/var/lib/hems").replace("/nowhere/run", "/run/hems"))
    (to / "commands").write_text("".join(f"{filled_in(one)}\n" for one in commands()))
    for path in (*(checkout / "tests/booted").glob("*.sh"), *(checkout / "tests/booted").glob("[bm]*.py")):
        shutil.copy(path, to)
        (to / path.name).chmod(0o755)
    shutil.copy(checkout / "hil/rigs/home.toml", to / "home.rig.toml")
    (to / "yes").write_text("y\n" * 200)
    (to / "passphrase").write_text("correct horse battery\n")
    _web(to / "web")


def _bundle(checkout: Path) -> Path:
    if given := os.environ.get("HEMS_BUNDLE"):
        return Path(given)
    subprocess.run([checkout / "install.sh", "--make-bundle"], check=True, capture_output=True)
    return next(checkout.glob("hems-*.tar"))


def _web(to: Path) -> None:
    """What the page in a browser needs and no bundle holds; without a package index nothing, and it is not tried."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(to), "textual-serve"]
    subprocess.run(
        [*command, "--python-version", "3.11", "--only-binary=:all:"],
        capture_output=True,
        check=False,
    )


def _bad(to: Path) -> None:
    """The same with a program that passes its test and then does not run."""
    inside = to / "inside"
    shutil.copytree(to / "whole", inside)
    shutil.rmtree(inside / "wheels")
    (inside / "wheels").mkdir()
    (inside / "requirements.lock").write_text("")
    (inside / "VERSION").write_text("99.0\n")
    about = "hems-99.0.dist-info"
    with zipfile.ZipFile(inside / "wheels" / "hems-99.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("hems_bad.py", PROGRAM)
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: hems\nVersion: 99.0\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/entry_points.txt", "[console_scripts]\nhems = hems_bad:main\n")
        wheel.writestr(f"{about}/RECORD", "")
    (inside / "bundle.sha256").unlink()
    files = sorted(path for path in inside.rglob("*") if path.is_file())
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(inside)}" for path in files)
    (inside / "bundle.sha256").write_text("\n".join(lines) + "\n")
    with tarfile.open(to / "bad.tar", "w") as tar:
        tar.add(inside, arcname=".")
    shutil.rmtree(inside)


@pytest.mark.parametrize("what", TRIED)
def test_under_a_real_systemd(what: str, results: Mapping[str, str]) -> None:
    assert results.get(what) == f"ok {what}"


@pytest.mark.parametrize("what", STRANGER)
def test_a_stranger_with_the_manual(what: str, followed: Mapping[str, str]) -> None:
    if followed.get(what, "").startswith("skip "):
        pytest.skip(followed[what])
    assert followed.get(what) == f"ok {what}"


CUTS = 6
MOST_LOST_S = 11.0
"""Ten seconds of history, and one in which the machine was at other things."""
SEED = 5


def test_power_cuts_at_any_moment_cost_ten_seconds_of_history(
    brought: Path, rootfs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given an installed system on a disk of its own
    root, told, chance, lost = tmp_path / "root", tmp_path / "told", Random(SEED), []
    for name in ("root", "told", "upper", "work"):
        (tmp_path / name).mkdir()
    layers = f"lowerdir={rootfs},upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(root)], check=True)
    try:
        for cut in range(CUTS):
            # when it is gone at some moment after it was ready, as with a power cut: all of it, without a word
            with subprocess.Popen(
                [*booting(root, brought, told, "cut.sh"), "systemd.wants=suite.service"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as machine:
                ready = told / f"ready-{cut}"
                _until(ready.exists, 200.0)
                time.sleep(5.0 + 20.0 * chance.random())
                ended_s = time.time()
                _cut_off(machine.pid)
            state = tmp_path / f"state-{cut}"
            shutil.copytree(root / "var/lib/hems", state)

            # then it had been ready in time, both files are whole, and at most ten seconds of history are missing
            assert float(ready.read_text()) < 30.0
            lost.append(ended_s - (root / "var/lib/hems/history.now").stat().st_mtime)
            for name in ("state.db", "history.db"):
                with closing(sqlite3.connect(state / name)) as connection:
                    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert list(state.glob("*.set-aside-*")) == []
            assert len(events(state)) > cut
        # and when the battery of the gateway says that it ends, the machine is switched off in good order by itself
        (told / "battery").touch()
        command = [*booting(root, brought, told, "cut.sh"), "systemd.wants=suite.service"]
        ended = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=300, check=False)
        assert ended.returncode == 0
        assert (told / "written").read_text().strip() == "all is written"
    finally:
        subprocess.run(["umount", "-l", str(root)], check=False)
    with capsys.disabled():
        print(f"\nlost by {CUTS} power cuts: {', '.join(f'{one:.1f} s' for one in lost)} of history")
    assert max(lost) < MOST_LOST_S


def _cut_off(pid: int) -> None:
    """End a container: its first process, whose end is that of all others in it, then what watches over it."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)


def _until(seen: Callable[[], bool], within_s: float) -> None:
    for _ in range(int(within_s * 5)):
        if seen():
            return
        time.sleep(0.2)
    raise TimeoutError
