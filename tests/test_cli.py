"""The command line: exit codes, and what is said to whom."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hems.app import Daemon
from hems.cli import EX_CONFIG, main
from hems.model.instant import Instant
from hems.store.store import Store
from tests.runtime.parts import Living, LoopClock, site_file, soon

ROOT = Path(__file__).parents[1]
EVENING = ROOT / "hil" / "scenarios" / "evening_outage.toml"

BROKEN = {
    "not TOML": "name = ",
    "not text": "\udcff",
    "empty": "",
    "wrong everywhere": 'name = 5\nphases = ["L9"]\n[devices.x]\ndriver = "telepathy"\nprofile = "none"\n',
}


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, output, complaints."""
    code = main(words)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


def hems(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "hems.cli", *words], capture_output=True, text=True, timeout=30.0, check=False
    )


def test_a_terminal_that_knows_no_umlaut_gets_a_question_mark_and_no_traceback(tmp_path: Path):
    nowhere = tmp_path / "Gebäude"
    done = subprocess.run(
        [sys.executable, "-m", "hems.cli", "log", "--state-dir", os.fspath(nowhere)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Geb?ude/history.db does not exist" in done.stderr


# Site files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["check"], ["run", "--site"]])
@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_site_file_is_refused_in_sentences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], content: str
):
    file = tmp_path / "site.toml"
    file.write_bytes(content.encode(errors="surrogateescape"))
    code, out, err = said(capsys, *command, str(file))
    assert (code, out) == (EX_CONFIG, "")
    lines = err.splitlines()
    assert lines
    assert all(line.startswith(str(file)) and line.endswith(".") for line in lines)


@pytest.mark.parametrize("command", [["check"], ["run", "--site"], ["simulate", "--rig", "x"]])
@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_is_none_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], name: str
):
    code, _, err = said(capsys, *command, str(tmp_path / name))
    assert code == EX_CONFIG
    assert len(err.splitlines()) == 1


def test_all_mistakes_are_named_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "site.toml"
    file.write_text(
        (ROOT / "examples" / "home.toml").read_text().replace('"L2"]', '"L3"]').replace("eastron", "western")
    )
    code, _, err = said(capsys, "check", str(file))
    assert code == EX_CONFIG
    assert len(err.splitlines()) > 2


STUDIES = sorted(f"studies/{path.stem}" for path in (ROOT / "examples" / "studies").glob("*.toml"))


@pytest.mark.parametrize("name", ["apartments", "home", "hall", "garage", *STUDIES])
def test_the_examples_have_no_mistakes(capsys: pytest.CaptureFixture[str], name: str):
    code, out, _ = said(capsys, "check", str(ROOT / "examples" / f"{name}.toml"))
    assert code == 0
    assert out.endswith("no mistakes found.\n")


def test_a_run_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    site = tmp_path / "site.toml"
    text = (ROOT / "examples" / "home.toml").read_text()
    site.write_text(text.replace("[settings]\n", f'[settings]\nrun_dir = "{tmp_path}/file/run"\n'))
    done = hems("run", "--site", str(site))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"ERROR hems.service: {tmp_path}/file/run cannot be used: ")
    assert "Traceback" not in done.stderr


# Clients --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["status", "--json"],
        ["why"],
        ["log"],
        ["override", "laundry", "off", "--reason", "it leaks"],
        ["acknowledge"],
        ["arm"],
        ["disarm"],
        ["stop"],
    ],
    ids=" ".join,
)
def test_without_a_daemon_there_is_one_sentence(run_dir: Path, capsys: pytest.CaptureFixture[str], words: list[str]):
    code, out, err = said(capsys, *words, "--run-dir", str(run_dir))
    assert (code, out) == (1, "")
    assert err.startswith("HEMS does not run here: nothing answers at ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("time", ["soon", "nan", "inf", "infs", "0", "-30m", "", "m", "1e999h"])
def test_a_time_that_is_none_is_refused_before_anybody_is_asked(
    run_dir: Path, capsys: pytest.CaptureFixture[str], time: str
):
    words = ["override", "laundry", "off", "--reason", "it leaks", f"--for={time}", "--run-dir", str(run_dir)]
    assert said(capsys, *words) == (1, "", f"{time} is not a time; write for example 30m or 4h.\n")


async def test_without_the_daemon_the_last_picture_is_shown_as_old_with_what_to_do(
    run_dir: Path, capsys: pytest.CaptureFixture[str]
):
    # given a daemon that ran for a moment and is gone
    daemon = Daemon(site_file(run_dir), Living().drivers, clock=LoopClock(), seed=1)
    running = asyncio.create_task(daemon.run())
    await soon(lambda: (run_dir / "picture.json").exists())
    await asyncio.sleep(1.5)
    daemon.stop()
    await running
    # when somebody asks for the status
    words = ["status", "--run-dir", str(run_dir), "--state-dir", str(run_dir / "state")]
    code, out, err = await asyncio.to_thread(said, capsys, *words)
    # then nothing of it can be taken for live
    assert (code, err) == (1, "")
    assert out.startswith("NO CONTACT WITH HEMS. HEMS does not run here")
    assert "What follows is OLD" in out
    assert "hand switches in the panel" in " ".join(out.split())
    after = out.split("-" * 80)[1].strip().splitlines()
    assert all(line.startswith("OLD") for line in after)
    assert "Maple Court 12" in out
    plain = json.loads((await asyncio.to_thread(said, capsys, *words, "--json"))[1])
    assert (plain["old"], plain["picture"]["site"]) == (True, "Maple Court 12")
    # and what was recorded can be read without it
    log = await asyncio.to_thread(said, capsys, "log", "--state-dir", str(run_dir / "state"))
    assert (log[0], log[2]) == (0, "")
    assert "The grid side is not yet good for long enough" in log[1]
    # and the copy on the disk does as well when the run directory is gone
    (run_dir / "picture.json").unlink()
    assert "What follows is OLD" in (await asyncio.to_thread(said, capsys, *words))[1]


async def test_with_a_daemon_every_command_is_answered(run_dir: Path, capsys: pytest.CaptureFixture[str]):
    living = Living()
    daemon = Daemon(site_file(run_dir), living.drivers, clock=LoopClock(), seed=1)
    running = asyncio.create_task(daemon.run())

    async def ask(*words: str) -> tuple[int, str, str]:
        """As from another terminal."""
        return await asyncio.to_thread(said, capsys, *words, "--run-dir", str(run_dir))

    try:
        await soon(lambda: (run_dir / "admin.sock").exists())
        await asyncio.sleep(0.1)
        code, out, _ = await ask("status")
        assert code == 0
        assert "Maple Court 12" in out
        assert json.loads((await ask("status", "--json"))[1])["site"] == "Maple Court 12"
        assert "Grid:" in (await ask("why"))[1]
        assert "Not proven is switches" in (await ask("arm", "switches", "--who", "Kim"))[2]
        armed = (await ask("arm", "switches", "--who", "Kim", "--unproven", "in a test"))[1].splitlines()
        assert armed == ["HEMS may now command: switches.", "Without proof, which is recorded: switches."]
        assert "There is no device toaster" in (await ask("arm", "toaster"))[2]
        answer = await ask("override", "laundry", "off", "--reason", "it leaks", "--for", "99h")
        assert answer[1].startswith("laundry: OFF for 8 h. ")
        assert (await ask("override", "laundry", "off"))[2].startswith("Give a reason")
        told = (await ask("override", "laundry", "on", "--consider"))[1]
        assert told.startswith("Laundry ON for 1 h. It uses about ")
        assert json.loads((await ask("override", "laundry", "on", "--consider", "--json"))[1])["circuit"] == "laundry"
        assert (await ask("override", "laundry", "auto"))[1].startswith("laundry: back to automatic. ")
        assert (await ask("acknowledge"))[0] == 0
        disarmed = (await ask("disarm"))[1].splitlines()
        assert disarmed[0] == "HEMS now only watches: switches, chargers, meters."
        assert disarmed[1].startswith("switches goes on with what it was told last: permission to reconnect withheld")
        assert (await ask("log"))[0] == 0
        assert (await ask("stop", "--who", "Kim"))[1] == "HEMS is stopping.\n"
        await asyncio.wait_for(running, 5.0)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await running


def test_the_audit_is_found_by_the_buildings_site_file_and_told_in_its_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text = (ROOT / "examples" / "home.toml").read_text(encoding="utf-8")
    site = tmp_path / "site.toml"
    settings = f'[settings]\nlanguage = "de"\nstate_dir = "{tmp_path / "kept"}"'
    site.write_text(text.replace("[settings]", settings, 1), encoding="utf-8")
    code, _, complaint = said(capsys, "audit", "--site", str(site))
    assert code != 0
    assert str(tmp_path / "kept") in complaint


def test_a_clock_time_that_no_clock_shows_is_refused_with_one_that_it_does(capsys: pytest.CaptureFixture[str]):
    words = ("island", "begin", "--in", "25:99", "--run-dir", "/nowhere")
    assert said(capsys, *words) == (1, "", "25:99 is no time of day; write for example 07:30, or 2h.\n")


# The rest -------------------------------------------------------------------------------------------------------------


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("hems ")


def test_without_a_command_or_with_an_unknown_one_the_known_ones_are_listed(capsys: pytest.CaptureFixture[str]):
    for words in ([], ["dance"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
    assert "demo" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("status --watch 0", "--watch: '0' cannot be; give a number of at least 0.1"),
        ("storm begin --target 200", "--target: '200' cannot be; give a number from 0 to 100"),
        ("cars --bay bay_1 --keeps -5", "--keeps: '-5' cannot be; give a number from 0 to 100"),
        ("status --watch nan", "--watch: 'nan' cannot be"),
        ("web --port 99999", "--port: '99999' cannot be; give a whole number from 1 to 65535"),
        ("web --port http", "--port: 'http' cannot be"),
        ("backup . --keep 0", "--keep: '0' cannot be; give a whole number of at least 1"),
        ("probe mqtt 127.0.0.1 --listen -1", "--listen: '-1' cannot be"),
        ("simulate site.toml --drives -4", "--drives: '-4' cannot be; give a number of at least 0"),
        ("hil run T1-c --jobs 0", "--jobs: '0' cannot be"),
        ("hil fuzz --count 0", "--count: '0' cannot be"),
        ("bench --minutes -1", "--minutes: '-1' cannot be"),
        ("bench dispatch --weeks 0", "--weeks: '0' cannot be"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_before_anything_begins(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_what_other_packages_add_is_loaded_only_when_it_may_be_asked_for():
    looks = "import sys; from hems.cli import main; main(sys.argv[1:]); print('hil' in sys.modules)"
    for words, loaded in (("status --run-dir /nowhere", "False"), ("why --run-dir /nowhere", "False")):
        done = subprocess.run([sys.executable, "-c", looks, *words.split()], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == loaded


@pytest.mark.parametrize("name", ["apartments", "home"])
def test_the_evening_outage_can_be_simulated_on_both_examples(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
):
    site, rig = ROOT / "examples" / f"{name}.toml", ROOT / "hil" / "rigs" / f"{name}.toml"
    words = ["simulate", str(site), "--rig", str(rig), "--scenario", str(EVENING), "--short", "--out", str(tmp_path)]
    code, out, err = said(capsys, *words)
    assert (code, err) == (0, "")
    assert "FAILED" not in out
    code, out, _ = said(capsys, *words, "--json")
    assert code == 0
    assert {"mode", "command"} <= {one["event"]["kind"] for one in json.loads(out)}


def test_a_reader_that_has_seen_enough_is_no_fault():
    # given somebody who reads our output and goes away before there is any
    words = [sys.executable, "-m", "hems.cli", "check", str(ROOT / "examples" / "home.toml")]
    reads, writes = os.pipe()
    os.close(reads)
    gone = subprocess.run(words, stdout=writes, stderr=subprocess.PIPE, text=True, check=False, timeout=60.0)
    os.close(writes)
    # then nothing is said about it
    assert (gone.stderr, gone.returncode) == ("", 1)


def test_check_tells_times_and_whether_the_island_would_last(capsys: pytest.CaptureFixture[str]):
    code, out, _ = said(capsys, "check", str(ROOT / "examples" / "apartments.toml"))
    assert code == 0
    assert "s  tcp://10.0.20.31:502 (relays)" in out
    assert "warning: With everything on that the site file declares, there is no margin on L1 and L2" in out
    assert "Put Bay 1 on layer 0" in out


def test_check_takes_the_word_of_who_has_put_the_chargers_behind_a_contactor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    # given a garage whose five chargers are too much for the inverter
    text = (ROOT / "examples" / "garage.toml").read_text(encoding="utf-8")
    (bare := tmp_path / "bare.toml").write_text(text.replace("layer_0 = true\n", ""), encoding="utf-8")
    assert "Put Bay 1, Bay 2, Bay 3, Bay 4 and Bay 5 on layer 0" in said(capsys, "check", str(bare))[1]
    # when the file says that a contactor drops them
    _, out, _ = said(capsys, "check", str(ROOT / "examples" / "garage.toml"))
    # then nothing is warned of
    assert "warning" not in out
    assert "the island lasts: what is shed is off after" in out


def test_check_asks_a_history_that_is_named_and_only_then_minds_that_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    site = str(ROOT / "examples" / "apartments.toml")
    assert said(capsys, "check", site)[0] == 0
    code, _, err = said(capsys, "check", site, "--history", str(tmp_path))
    assert code == 1
    assert err.startswith(f"{tmp_path}/history.db does not exist.")


def test_check_judges_by_the_highest_load_that_was_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    # given an evening on which the kitchen and the heat pump drew far more than the inverter can give
    store, at = Store(tmp_path, boot_id="boot"), datetime(2026, 1, 9, 18, 30, tzinfo=UTC)
    store.start(Instant(60.0, at))
    for minute, factor in enumerate((0.2, 1.0, 0.4)):
        now = Instant(60.0 * (minute + 1), at + timedelta(minutes=minute))
        store.record_samples(
            now,
            {
                "circuits/kitchen/power_w": 36000.0 * factor,
                "circuits/heat_pump/power_w": 33000.0 * factor,
                "cars_w": 0.0,
            },
        )
    store.drain()
    store.stop()
    # when the site is checked with that history
    code, out, _ = said(capsys, "check", str(ROOT / "examples" / "apartments.toml"), "--history", str(tmp_path))
    # then the minute is named with its time of day, and so is the remedy
    assert code == 0
    assert "At the highest load measured (Fri 09 Jan 18:31), it would trip on L1 and L2 and L3" in out
    assert "Put Heat pump on layer 0" in out
