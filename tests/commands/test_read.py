"""`hems read`: one device's points, from the daemon, or directly while no daemon runs."""

import asyncio
import json
from pathlib import Path

import pytest

from hems.cli import main
from hems.model.point import PointState, row_of, unit_of
from hems.model.reading import Quality, Reading
from hems.ports.device import Answer, Heard
from hems.runtime.process import sole_instance
from tests.hil.bench import bench
from tests.runtime.parts import METERS, SWITCHES
from tests.runtime.test_desk import ask, desk, refused


@pytest.mark.parametrize(
    ("reading", "state"),
    [
        (None, PointState.MISSING),
        (Reading(230.0, 99.0), PointState.GOOD),
        (Reading(230.0, 90.0), PointState.OLD),
        (Reading(None, 99.0, quality=Quality.INVALID, reason="the device sends 65535"), PointState.INVALID),
        (Reading(230.0, 99.0, quality=Quality.INVALID), PointState.INVALID),
    ],
)
def test_a_value_is_shown_with_how_far_it_may_be_believed(reading: Reading[float] | None, state: PointState):
    assert row_of("l1_v", reading, 100.0).state is state


@pytest.mark.parametrize(
    ("point", "unit"), [("l1_v", "V"), ("power_w", "W"), ("hz", "Hz"), ("coil_1", ""), ("state", "")]
)
def test_the_unit_stands_in_the_name(point: str, unit: str):
    assert unit_of(point) == unit


async def test_the_daemon_shows_every_point_of_the_profile_also_what_nothing_uses(run_dir: Path):
    async with desk(run_dir) as house:
        # given a profile with one point that was delivered and serves a circuit, one that was not, and one unused
        house.fleet.vocabulary = {**house.fleet.vocabulary, SWITCHES: ("circuits/laundry/closed", "coil_9")}
        # when a viewer reads the device
        told = await ask(run_dir, "view", "read", device=SWITCHES)
        # then both are there, and the second one does not pretend to be anything
        first, second = told["points"]
        assert (first["value"], first["state"], first["serves"]) == (True, "good", ["circuits/laundry/closed"])
        assert (second["value"], second["age_s"], second["state"]) == (None, None, "missing")


async def test_the_daemon_asks_the_device_itself_on_request(run_dir: Path, capsys: pytest.CaptureFixture[str]):
    async with desk(run_dir) as house:
        words = ["read", SWITCHES, "--test", "--run-dir", str(run_dir)]
        assert await asyncio.to_thread(main, words) == 0
        assert "switches was asked just now and answered" in capsys.readouterr().out
        house.machines.hears, house.clock.now_s = Heard(answer=Answer.NONE, detail="no answer in 1 s"), 200.0
        assert await asyncio.to_thread(main, [*words, "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["answer"] == "none"


async def test_an_unknown_device_is_refused_with_the_names_of_all(run_dir: Path):
    async with desk(run_dir):
        sentence = await refused(run_dir, "view", "read", device="toaster")
    assert sentence == f"There is no device toaster; there are chargers, {METERS}, switches."


def _site(where: Path, link: str, run_dir: Path) -> Path:
    text = (Path(__file__).parents[2] / "examples" / "apartments.toml").read_text(encoding="utf-8")
    text = text.replace("tcp://10.0.20.31:502", link).replace("[settings]", f'[settings]\nrun_dir = "{run_dir}"')
    (where / "site.toml").write_text(text, encoding="utf-8")
    return where / "site.toml"


@pytest.mark.wire
async def test_without_a_daemon_the_device_is_read_directly_and_only_then(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    async with bench(tmp_path, "relays") as built:
        # given a relay board on the wire, a site file that names it, and no daemon
        words = ["read", "relays", "--site", str(_site(tmp_path, built.links["relays"], run_dir))]
        # when it is read
        code = await asyncio.to_thread(main, [*words, "--json"])
        # then its coils are told as they are
        told = json.loads(capsys.readouterr().out)
        assert code == 0
        assert {row["name"]: row["value"] for row in told["points"]}["coil_1"] is True
        assert told["armed"] is False
        # and when something holds the daemon's lock, nothing is opened
        with sole_instance(run_dir):
            assert await asyncio.to_thread(main, words) == 1
        assert "Another hems already runs" in capsys.readouterr().err
