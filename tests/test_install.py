"""install.sh leaves either a complete .venv or none, and says in one sentence what stands in the way."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = shlex.quote(sys.executable)
PYTHONS = ("python3", "python3.11", "python3.12", "python3.13")

# Stands in for a Python that would really make environments and fetch packages.  What it is asked for is written to
# `asked`; the environment it makes holds itself again.  Files beside it decide what goes wrong.
STAND_IN = """#!/bin/sh
bench='{bench}'
case "$*" in
    "-m venv "*)
        echo venv >>"$bench/asked"
        mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
        printf '#!/bin/sh\\necho "the demo runs with: $*"\\n' >"$3/bin/hems" && chmod +x "$3/bin/hems" ;;
    "-m pip install "*)
        echo pip >>"$bench/asked"
        [ ! -f "$bench/slow" ] || sleep 1
        [ ! -f "$bench/pip-fails" ] || {{ cat "$bench/pip-fails"; exit 1; }} ;;
    *) exec {python} "$@" ;;
esac
"""


class Bench:
    """A checkout of its own with the installer and the locks only, and a PATH on which Python is what a test says."""

    def __init__(self, checkout: Path, here: Path) -> None:
        self.root = here / "a checkout"
        self.tools = here / "tools"
        self.temp = here / "temporary files"
        for directory in (self.root, self.tools, self.temp):
            directory.mkdir()
        for name in ("install.sh", "pyproject.toml", "requirements.lock", "requirements-test.lock"):
            shutil.copy(checkout / name, self.root / name)
        shutil.copytree(checkout / "systemd" / "steps", self.root / "systemd" / "steps")
        self.env = {"PATH": f"{self.tools}:/usr/bin:/bin", "HOME": "", "CI": "true", "TMPDIR": str(self.temp)}

    def tool(self, name: str, text: str) -> None:
        path = self.tools / name
        path.write_text(text)
        path.chmod(0o755)

    def pretend(self, lie: str) -> None:
        """Every Python on the PATH is the one that runs this test, after it has executed `lie`."""
        text = f'#!/bin/sh\nif [ "$1" = -c ]; then exec {PYTHON} -c "{lie}\n$2"; fi\nexec {PYTHON} "$@"\n'
        for name in PYTHONS:
            self.tool(name, text)

    def stand_in(self) -> None:
        for name in PYTHONS:
            self.tool(name, STAND_IN.format(bench=self.tools, python=PYTHON))

    def asked(self) -> list[str]:
        """What the stand-in was asked for since the last call."""
        path = self.tools / "asked"
        words = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return words

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.root / "install.sh", *arguments],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def refused(self, *arguments: str) -> str:
        """Run, expecting a refusal: its one sentence, after checking that nothing was left behind."""
        done = self.run(*arguments)
        assert done.returncode != 0, done.stdout
        assert done.stderr.startswith("hems: ") and done.stderr.count("\n") == 1, done.stderr
        assert not list(self.root.glob(".venv*/"))
        return done.stderr


@pytest.fixture
def bench(checkout: Path, tmp_path: Path) -> Bench:
    return Bench(checkout, tmp_path)


@pytest.mark.parametrize(
    ("lie", "remedy"),
    [
        ("import sys; sys.version_info = (3, 9, 2, 'final', 0)", "needs Python 3.11, 3.12 or 3.13"),
        ("import sys; sys.version_info = (3, 14, 0, 'final', 0)", "needs Python 3.11, 3.12 or 3.13"),
        ("import sys; sys.maxsize = 2**31 - 1", "install the 64-bit edition"),
        ("import platform; platform.machine = lambda: 'riscv64'", "this machine is riscv64"),
        ("import sys; sys.modules['ensurepip'] = None", "sudo apt install python3-venv"),
        ("raise SystemExit(1)", "sudo apt install --reinstall python3"),
    ],
    ids=["too old", "too new", "32 bits", "another processor", "no venv module", "broken"],
)
def test_a_python_that_will_not_do_is_named_with_its_remedy(bench: Bench, lie: str, remedy: str) -> None:
    bench.pretend(lie)
    assert remedy in bench.refused("--demo")


def test_a_better_python_further_down_the_path_is_used(bench: Bench) -> None:
    # given a python3 that is too old beside one that will do
    bench.stand_in()
    bench.tool("python3", "#!/bin/sh\necho '3.9 64 x86_64 venv'\n")

    # when the demo is asked for
    done = bench.run("--demo")

    # then it runs, with the better one
    assert done.returncode == 0, done.stderr
    assert "python3.13" in done.stdout


def test_a_full_disk_is_noticed_before_anything_is_made(bench: Bench) -> None:
    bench.stand_in()
    bench.tool("df", "#!/bin/sh\nprintf 'Avail\\n204800\\n'\n")
    sentence = bench.refused("--demo")
    assert "needs 500 MB" in sentence
    assert "has 200 MB" in sentence
    assert bench.asked() == []


@pytest.mark.wire
def test_without_a_network_the_sentence_says_so_and_names_the_log(bench: Bench) -> None:
    # given the real pip and an index where nobody answers
    bench.tool("python3", f'#!/bin/sh\nexec {PYTHON} "$@"\n')
    bench.env |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}

    # when the demo is asked for
    sentence = bench.refused("--demo")

    # then the network is named, and pip's own words are kept
    assert "check the network" in sentence
    assert any(log.name in sentence for log in bench.temp.glob("*.log"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("ERROR: No space left on device", "the disk filled up"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "is not the one the lock names"),
        ("ERROR: something new", "could not be installed"),
    ],
    ids=["disk", "hash", "else"],
)
def test_what_pip_died_of_is_said_in_our_words(bench: Bench, words: str, sentence: str) -> None:
    bench.stand_in()
    (bench.tools / "pip-fails").write_text(words)
    assert sentence in bench.refused("--demo")


@pytest.mark.parametrize("arguments", [[], ["--rollback"], ["--uninstall"], ["--demo", "castle"], ["--nonsense"]])
def test_what_a_part_of_a_checkout_cannot_do_it_refuses(bench: Bench, arguments: list[str]) -> None:
    bench.stand_in()
    bench.refused(*arguments)
    assert bench.asked() == []


def test_a_dry_run_changes_nothing(bench: Bench) -> None:
    bench.stand_in()
    before = sorted(bench.root.iterdir())
    done = bench.run("--demo", "home", "--dry-run")
    assert done.returncode == 0
    assert "nothing has been changed" in done.stdout
    assert sorted(bench.root.iterdir()) == before
    assert bench.asked() == []


def test_the_second_start_asks_nothing_of_pip(bench: Bench) -> None:
    bench.stand_in()
    assert "the demo runs with: demo home" in bench.run("--demo", "home").stdout
    assert bench.asked() == ["venv", "pip", "pip"]
    assert "the demo runs with: demo\n" in bench.run("--demo").stdout
    assert bench.asked() == []
    assert not list(bench.temp.iterdir())


def test_a_new_lock_is_installed_into_a_new_environment(bench: Bench) -> None:
    bench.stand_in()
    bench.run("--demo")
    bench.asked()
    (bench.root / "requirements.lock").write_text("another==1.0\n")
    bench.run("--demo")
    assert bench.asked() == ["venv", "pip", "pip"]


def test_a_changed_project_file_is_only_linked_again(bench: Bench) -> None:
    bench.stand_in()
    bench.run("--demo")
    bench.asked()
    with (bench.root / "pyproject.toml").open("a") as project:
        project.write("\n")
    bench.run("--demo")
    assert bench.asked() == ["pip"]


def test_when_the_new_lock_fails_the_environment_that_worked_is_back(bench: Bench) -> None:
    # given a demo that ran, and a lock that has changed since
    bench.stand_in()
    bench.run("--demo")
    lock = (bench.root / "requirements.lock").read_text()
    (bench.root / "requirements.lock").write_text("another==1.0\n")

    # when the packages of the new lock cannot be had
    (bench.tools / "pip-fails").write_text("ERROR: no")
    assert bench.run("--demo").returncode != 0
    bench.asked()

    # then with the old lock the demo runs as before
    (bench.root / "requirements.lock").write_text(lock)
    assert "the demo runs" in bench.run("--demo").stdout
    assert bench.asked() == []


def test_an_environment_of_somebody_else_is_kept(bench: Bench) -> None:
    bench.stand_in()
    (bench.root / ".venv").mkdir()
    (bench.root / ".venv" / "mine").touch()
    assert ".venv.own" in bench.run("--demo").stdout
    assert (bench.root / ".venv.own" / "mine").exists()


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_an_interrupted_installation_is_made_good(bench: Bench, signal: str) -> None:
    # given an installation that is stopped while pip works
    bench.stand_in()
    (bench.tools / "slow").touch()
    process = bench.start("--demo")
    assert process.stdout is not None
    assert any("Installing" in line for line in process.stdout)
    process.terminate() if signal == "TERM" else process.kill()
    process.communicate()

    # when it is started again
    (bench.tools / "slow").unlink()
    bench.asked()
    done = bench.run("--demo")

    # then it begins from the beginning
    assert "the demo runs" in done.stdout
    assert "venv" in bench.asked()


def test_two_at_once_make_one_environment(bench: Bench) -> None:
    # given one installation under way
    bench.stand_in()
    (bench.tools / "slow").touch()
    first = bench.start("--demo")
    assert first.stdout is not None
    assert any("Installing" in line for line in first.stdout)

    # when a second one is started
    second = bench.run("--demo")

    # then it waits for the first and uses what that made
    assert "waiting for it" in second.stdout
    assert "the demo runs" in first.communicate()[0]
    assert "the demo runs" in second.stdout
    assert bench.asked() == ["venv", "pip", "pip"]
