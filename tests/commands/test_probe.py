"""`hems probe`: what it proposes can be pasted, and what is asked wrongly is answered in one sentence."""

import asyncio
import os
import pty
import tomllib
from pathlib import Path

import pytest
import serial

from hems.cli import main
from hems.runtime.process import sole_instance
from tests.drivers.bench import Bench, Fault, Unit, on_pty, on_tcp
from tests.drivers.test_probe import unit_of
from tests.hil.bench import bench
from tests.runtime.parts import soon
from tests.test_app import hems_run, lost_site

IMAGES = Path(__file__).parents[1] / "drivers" / "images"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(("probe", *words))
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


@pytest.mark.wire
async def test_the_proposal_can_be_pasted_into_a_site_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    # given an inverter on the bench
    async with bench(tmp_path, "hybrid") as built:
        place = built.links["hybrid"].removeprefix("tcp://")
        # when it is looked for
        words = ("tcp", place, "--units", "1", "--driver", "modbus", "--run-dir", str(tmp_path / "no"))
        code, out, _ = await asyncio.to_thread(said, capsys, *words)
    # then what is printed is TOML, and names driver, product and place
    assert code == 0
    devices = tomllib.loads(out)["devices"]
    assert list(devices) == ["battery_1"]
    assert devices["battery_1"] == {
        "driver": "modbus",
        "profile": "sungrow-sh",
        "link": f"tcp://{place}",
        "params": {"unit_id": 1},
    }


@pytest.mark.wire
async def test_an_inverter_with_a_sunspec_map_is_named_by_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    async with bench(tmp_path, "roof") as built:
        place = built.links["roof"].removeprefix("tcp://")
        words = ("tcp", place, "--units", "1", "--driver", "sunspec", "--run-dir", str(tmp_path / "no"))
        code, out, _ = await asyncio.to_thread(said, capsys, *words)
    assert code == 0
    assert "sunspec-inverter" in [one["profile"] for one in tomllib.loads(out)["devices"].values()]
    assert "SunSpec models 1, 103" in out


@pytest.mark.wire
async def test_a_running_daemon_is_asked_to_look_and_nobody_speaks_beside_it(
    run_dir: Path, capsys: pytest.CaptureFixture[str]
):
    board = unit_of(IMAGES / "waveshare-relay.toml")
    meter = unit_of(IMAGES / "janitza-umg96rm-e.toml")
    # given a daemon that polls a board, and a meter on the network that its site file does not know
    async with (
        on_tcp(Bench(u1=board)) as polled,
        on_tcp(Bench(u1=meter)) as unknown,
        hems_run(run_dir, lost_site(run_dir, tie_io=polled.link)),
    ):
        await soon(lambda: polled.diary, within_s=20.0)
        words = ("--units", "1", "--driver", "modbus", "--run-dir", str(run_dir / "run"))
        # when both are looked for
        code, out, err = await asyncio.to_thread(said, capsys, "tcp", place_of(polled), *words)
        other, more, _ = await asyncio.to_thread(said, capsys, "tcp", place_of(unknown), *words)
    # then the board is found through the daemon's own connection, the meter over one that the daemon opened
    assert (code, other) == (0, 0)
    assert "HEMS runs here and looks by itself" in err
    assert "unit 1 answers; comparing it with the known products" in err
    assert 'profile = "waveshare-relay"' in out
    assert 'profile = "janitza-umg96rm-e"' in more
    assert polled.most_at_once == 1
    # and nothing was written to either
    assert polled.writes() == unknown.writes() == []


@pytest.mark.wire
@pytest.mark.parametrize(
    ("unit", "remark"),
    [
        (
            Unit(fault=lambda _: Fault(exception=11)),
            "gateway got no answer from the unit; check the unit_id and the line",
        ),
        (Unit(holding={9: 1}), "unit 1: answers, and no known product fits; compare it with `hems drivers`"),
    ],
    ids=["gateway", "stranger"],
)
async def test_what_answers_and_is_no_known_device_is_said_instead_of_what_does_not_help(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], unit: Unit, remark: str
):
    async with on_tcp(Bench(u1=unit)) as there:
        words = ("tcp", place_of(there), "--units", "1", "--driver", "modbus", "--run-dir", str(tmp_path / "no"))
        code, out, _ = await asyncio.to_thread(said, capsys, *words)
    assert code == 1
    assert remark in out
    assert "Modbus TCP is switched on" not in out


@pytest.mark.wire
async def test_a_line_full_of_noise_is_told_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    async with on_pty(Bench(u1=Unit(holding={0: 1}, fault=lambda _: Fault(mangled=True)))) as there:
        port = there.link.removeprefix("rtu://").partition("?")[0]
        words = ("rtu", port, "--units", "1", "--driver", "modbus", "--run-dir", str(tmp_path / "no"))
        code, out, _ = await asyncio.to_thread(said, capsys, *words)
    assert code == 1
    assert "only noise: check baud rate, parity and stop bits" in out


def test_a_port_that_may_not_be_opened_is_said_and_nobody_is_sent_to_the_wires(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    # given a line on which another program speaks
    master, slave = pty.openpty()
    port = os.ttyname(slave)
    with serial.Serial(port, exclusive=True):
        code, out, _ = said(
            capsys, "rtu", port, "--units", "1", "--driver", "modbus", "--run-dir", str(tmp_path / "no")
        )
    os.close(master)
    os.close(slave)
    assert code == 1
    assert "another program speaks on it" in out
    assert "Check the wires" not in out


def place_of(one: Bench) -> str:
    return one.link.removeprefix("tcp://")


def test_where_a_daemon_runs_that_does_not_answer_nothing_is_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with sole_instance(tmp_path):
        code, _, err = said(capsys, "tcp", "127.0.0.1:9", "--run-dir", str(tmp_path))
    assert code == 1
    assert err.startswith("Another hems already runs")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("tcp",), "Say which host"),
        (("tcp", "a:b:c"), "is no host; write HOST or HOST:PORT"),
        (("tcp", "host:99999"), "is no host; write HOST or HOST:PORT"),
        (("tcp", "host", "--units", "1-300"), "write addresses from 0 to 255"),
        (("tcp", "host", "--units", "five"), "write addresses from 0 to 255"),
        (("tcp", "host", "--driver", "telepathy"), "There is no driver telepathy; installed are"),
        (("rtu", "/dev/no_such_port"), "There is no serial port /dev/no_such_port; there are"),
    ],
    ids=str,
)
def test_what_cannot_be_looked_for_is_one_sentence(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
):
    code, out, err = said(capsys, *words)
    assert (code, out) == (1, "")
    assert sentence in err
    assert len(err.splitlines()) == 1
