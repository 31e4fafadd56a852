"""The installation as a service, into a root of its own: whole or not at all, the same twice, and a way back."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, as an installation does")
TOOLS = ("systemctl", "systemd-sysusers", "systemd-tmpfiles")
pytestmark = [
    ROOT_ONLY,
    pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="needs systemd's tools: apt install systemd"),
]

# Stands in for a Python that would make environments and fetch packages: the program that it installs is PROGRAM.
PYTHON = """#!/bin/sh
case "$*" in
    "-m venv "*) mkdir -p "$3/bin" "$3/lib" && cp "$0" "$3/bin/python" && touch "$3/pyvenv.cfg" ;;
    *" install "*) [ ! -f '{bench}/pip-fails' ] || {{ cat '{bench}/pip-fails'; exit 1; }}
        cp '{bench}/program' "$(dirname "$0")/hems" ;;
    *) exec {python} "$@" ;;
esac
"""
PROGRAM = """import pathlib, sys
bench = pathlib.Path({bench!r})
if "stop" in sys.argv:
    (bench / "stopped").write_text(" ".join(sys.argv[1:]))
    sys.exit(0)
said = bench / ("now" if "--now" in sys.argv else "selftest")
if said.exists():
    print(said.read_text())
    sys.exit(1)
print("selftest: all is well.")
"""
# Stands in for systemctl: remembers what is enabled and what was asked; `dies` is how the daemon fares after a restart.
SYSTEMCTL = """#!/bin/sh
bench='{bench}'
echo "$*" >>"$bench/asked"
case "$*" in
    "is-enabled --quiet "*) [ -f "$bench/enabled-$3" ] ;;
    "--quiet enable "*) touch "$bench/enabled-$3" ;;
    "--quiet disable "*) rm "$bench/enabled-$3" ;;
    "restart hems.service") grep -qs "$(readlink '{current}')" "$bench/dies" && echo 1 >>"$bench/restarts"; exit 0 ;;
    "is-active --quiet hems.service") ;;
    "is-active --quiet "*) [ -f "$bench/active-$3" ] ;;
    "start "*) touch "$bench/active-$2" ;;
    "show "*)
        n=$(cat "$bench/restarts" 2>/dev/null | wc -l)
        [ "$n" = 0 ] || echo 1 >>"$bench/restarts"
        echo "NRestarts=$n" ;;
esac
"""
UNCHANGED = "everything was as it should be"


class Machine:
    """A root that nobody runs, and what is installed into it."""

    def __init__(self, checkout: Path, here: Path) -> None:
        self.checkout, self.bench, self.root = checkout, here / "bench", here / "root"
        for directory in (self.bench, self.root / "etc"):
            directory.mkdir(parents=True)
        self.home = self.root / "opt/hems"
        self.tool("python3", PYTHON.format(bench=self.bench, python=sys.executable))
        self.tool("systemctl", SYSTEMCTL.format(bench=self.bench, current=self.home / "current"))
        (self.bench / "program").write_text(PROGRAM.format(bench=str(self.bench)))
        self.env = {
            "PATH": f"{self.bench}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HEMS_SYSTEMCTL": str(self.bench / "systemctl"),
            "HEMS_HEALTHY_S": "1",
        }

    def tool(self, name: str, text: str) -> None:
        (self.bench / name).write_text(text)
        (self.bench / name).chmod(0o755)

    def site(self) -> None:
        (self.root / "etc/hems").mkdir(parents=True, exist_ok=True)
        (self.root / "etc/hems/site.toml").touch()

    def bundle(self, version: str) -> Path:
        """As `--make-bundle` makes it, without wheels that anybody needs."""
        inside = self.bench / f"inside-{version}"
        for name in ("systemd", "examples"):
            shutil.copytree(self.checkout / name, inside / name)
        (inside / "wheels").mkdir()
        (inside / "wheels" / f"hems-{version}-py3-none-any.whl").touch()
        (inside / "VERSION").write_text(f"{version}\n")
        files = sorted(path for path in inside.rglob("*") if path.is_file())
        lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(inside)}" for path in files)
        (inside / "bundle.sha256").write_text("\n".join(lines) + "\n")
        with tarfile.open(self.bench / f"{version}.tar", "w") as tar:
            tar.add(inside, arcname=".")
        return self.bench / f"{version}.tar"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.checkout / "install.sh", *arguments, "--root", str(self.root)],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def install(self, version: str, *more: str) -> str:
        done = self.run("--bundle", str(self.bundle(version)), *more)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    def refused(self, *arguments: str) -> str:
        """Run, expecting a refusal: its one sentence."""
        done = self.run(*arguments)
        assert done.returncode != 0, done.stdout
        assert done.stderr.startswith("hems: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    def asked(self) -> str:
        path = self.bench / "asked"
        words = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        return words

    def link(self, name: str) -> str:
        return str((self.home / name).readlink())

    def everything(self) -> str:
        """Every file with its time, size, mode, owner and target; what is below /run is gone after a restart anyway."""
        format_ = "%p %T@ %s %m %u %l\\n"
        found = subprocess.run(
            ["find", self.root, "-not", "-path", "*/run*", "-printf", format_], capture_output=True, check=True
        )
        return "\n".join(sorted(found.stdout.decode().splitlines()))


@pytest.fixture
def machine(checkout: Path, tmp_path: Path) -> Machine:
    return Machine(checkout, tmp_path)


def test_everything_is_where_it_belongs_and_a_second_run_changes_nothing(machine: Machine) -> None:
    # given a system without hems, when it is installed
    machine.install("1.0")
    # then release, links, units, user and groups are there, and nothing runs yet because there is no site
    assert machine.link("current") == "releases/1.0"
    assert str((machine.root / "usr/local/bin/hems").readlink()) == "/opt/hems/current/venv/bin/hems"
    units = {path.name for path in (machine.root / "etc/systemd/system").iterdir() if path.is_file()}
    assert units == {path.name for path in (machine.checkout / "systemd").iterdir() if path.suffix in UNITS}
    # and every example of a building, as the manual says
    examples = {path.name for path in (machine.checkout / "examples").glob("*.toml")}
    assert examples <= {path.name for path in (machine.root / "usr/share/doc/hems").iterdir()}
    accounts = (machine.root / "etc/group").read_text()
    assert all(f"{group}:" in accounts for group in ("hems", "hems-view", "hems-operate", "hems-admin"))
    assert (machine.root / "etc/hems/credentials").stat().st_mode & 0o777 == 0o700
    asked = machine.asked()
    assert "restart" not in asked
    # what waits for its moment, the copy of the night and the end of the gateway's battery, waits from now on
    assert "start hems-backup.timer" in asked
    assert "start hems-power.path" in asked
    before = machine.everything()
    # when the same is done again
    told = machine.run("--bundle", str(machine.bench / "1.0.tar"))
    # then not one file has another time, size, mode or owner
    assert UNCHANGED in told.stdout, told.stdout + told.stderr
    assert machine.everything() == before


UNITS = (".service", ".socket", ".timer", ".path")


def test_a_dry_run_changes_nothing(machine: Machine) -> None:
    before = machine.everything()
    told = machine.install("1.0", "--dry-run")
    assert "would install release 1.0" in told
    assert "nothing has been changed" in told
    assert machine.everything() == before


def test_every_path_that_is_told_lies_in_the_root_that_is_installed_into(machine: Machine) -> None:
    told = machine.run("--bundle", str(machine.bundle("1.0")), "--dry-run").stdout
    paths = [word.rstrip(",:)") for line in told.splitlines() for word in line.split() if word.startswith("/")]
    assert str(machine.home / "releases/1.0") in paths
    assert [path for path in paths if not path.startswith(str(machine.root))] == []


def test_an_update_keeps_the_last_two_and_goes_back_on_request(machine: Machine) -> None:
    machine.site()
    for version in ("1.0", "2.0", "3.0"):
        machine.install(version)
    assert (machine.link("current"), machine.link("previous")) == ("releases/3.0", "releases/2.0")
    assert sorted(path.name for path in (machine.home / "releases").iterdir()) == ["2.0", "3.0"]
    machine.asked()
    done = machine.run("--rollback")
    assert done.returncode == 0, done.stderr
    assert (machine.link("current"), machine.link("previous")) == ("releases/2.0", "releases/3.0")
    assert "restart hems.service" in machine.asked()


def test_what_fails_on_copies_is_never_switched_to(machine: Machine) -> None:
    machine.install("1.0")
    (machine.bench / "selftest").write_text("hems: site.toml, line 3: no such key.")
    sentence = machine.refused("--bundle", str(machine.bundle("2.0")))
    assert "does not pass its test on copies, and nothing was switched over: hems: site.toml, line 3" in sentence
    assert machine.link("current") == "releases/1.0"


def test_in_an_outage_nothing_is_switched_unless_forced(machine: Machine) -> None:
    machine.site()
    machine.install("1.0")
    (machine.bench / "now").write_text("The building runs on its own power: wait until the grid is back.")
    bundle = str(machine.bundle("2.0"))
    for arguments in (("--bundle", bundle), ("--uninstall",)):
        assert "not now: The building runs on its own power" in machine.refused(*arguments)
    assert machine.link("current") == "releases/1.0"
    assert not (machine.bench / "stopped").exists()
    # and if it is, every device stays as it is commanded
    assert machine.run("--bundle", bundle, "--force").returncode == 0
    assert machine.link("current") == "releases/2.0"
    assert (machine.bench / "stopped").read_text().startswith("stop --hold --force")


def test_a_release_that_does_not_prove_itself_is_turned_back(machine: Machine) -> None:
    # given a release that runs, and a new one that ends soon after its start
    machine.site()
    machine.install("1.0")
    (machine.bench / "dies").write_text("releases/2.0")
    # when it is installed
    done = machine.run("--bundle", str(machine.bundle("2.0")))
    # then the old one runs again, and it is said
    assert done.returncode == 1
    assert "release 2.0 did not prove itself and 1.0 runs again" in done.stderr
    assert machine.link("current") == "releases/1.0"
    assert machine.asked().count("restart hems.service") == 3


def test_an_installation_that_was_cut_off_is_made_good(machine: Machine) -> None:
    # given a release of which only a part was written when the power went
    half = machine.home / "releases/1.0/venv"
    half.mkdir(parents=True)
    (half / "rubbish").touch()
    machine.install("1.0")
    assert not (half / "rubbish").exists()
    assert machine.link("current") == "releases/1.0"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("ERROR: No space left on device", "the disk filled up"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "is not the one the lock names"),
        ("ERROR: No matching distribution found", "use a bundle that was made for this Python"),
        ("ERROR: something new", "could not be installed: ERROR: something new"),
    ],
)
def test_what_pip_died_of_is_said_and_leaves_no_half_release(machine: Machine, words: str, sentence: str) -> None:
    (machine.bench / "pip-fails").write_text(words)
    assert sentence in machine.refused("--bundle", str(machine.bundle("1.0")))
    assert not (machine.home / "releases/1.0").exists()


def test_a_damaged_bundle_is_refused(machine: Machine) -> None:
    bundle = machine.bundle("1.0")
    (machine.bench / "inside-1.0/systemd/hems.service").write_text("[Service]\nExecStart=/bin/sh\n")
    with tarfile.open(bundle, "w") as tar:
        tar.add(machine.bench / "inside-1.0", arcname=".")
    assert "is damaged" in machine.refused("--bundle", str(bundle))
    bundle.write_text("rubbish")
    assert "is not a bundle" in machine.refused("--bundle", str(bundle))


def test_an_unpacked_bundle_installs_itself(machine: Machine) -> None:
    # given a bundle that somebody has unpacked: no checkout, no pyproject.toml
    machine.bundle("1.0")
    machine.checkout, checkout = machine.bench / "inside-1.0", machine.checkout
    shutil.copy(checkout / "install.sh", machine.checkout)
    # then it can be installed from there
    done = machine.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.link("current") == "releases/1.0"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--bundle", "none.tar"), "there is no bundle none.tar"),
        (("--version", "9.9"), "version 9.9 is neither installed nor offered"),
        (("--version", "../x"), "is no version"),
        (("--prefix", "opt"), "write a whole path"),
        (("--prefix", "/opt/my hems"), "choose a path without spaces"),
        (("--purge",), "--purge goes with --uninstall"),
        (("--rollback",), "root/opt/hems."),
        (("--rollback", "--nonsense"), "--nonsense is not known here"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(machine: Machine, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in machine.refused(*arguments)


def test_another_prefix_stands_in_the_units(machine: Machine) -> None:
    machine.install("1.0", "--prefix", "/srv/hems")
    text = (machine.root / "etc/systemd/system/hems.service").read_text()
    assert "ExecStart=/srv/hems/current/venv/bin/hems run" in text
    assert str((machine.root / "srv/hems/current").readlink()) == "releases/1.0"


def test_removing_it_keeps_records_and_site_unless_they_are_to_go(machine: Machine) -> None:
    machine.site()
    machine.install("1.0")
    state = machine.root / "var/lib/hems"
    state.mkdir(parents=True)
    (state / "state.db").touch()
    told = machine.run("--uninstall").stdout
    assert "are kept" in told
    assert "put the hand switches" in told
    assert (state / "state.db").exists()
    assert (machine.root / "etc/hems/site.toml").exists()
    assert not machine.home.exists()
    assert not list((machine.root / "etc/systemd/system").glob("hems*"))
    machine.run("--uninstall", "--purge")
    assert not state.exists()
    assert not (machine.root / "etc/hems").exists()
