"""Commissioning on the wire, in virtual time: emulated devices, the unmodified daemon, a scripted person."""

import asyncio
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hems.api.client import Client
from hems.app import installed_drivers
from hems.cli import main
from hems.commands.commission import _listed
from hems.commission.engine import Engine
from hems.commission.house import Daemon
from hems.commission.steps import steps
from hems.config.load import load
from hems.model.proof import Verdict
from hil import vloop
from hil.places import place
from hil.virtual import begin
from tests.commission.test_engine import Scripted

EXAMPLE = Path(__file__).parents[1] / "examples" / "apartments.toml"


def walked(where: Path, *wanted: str, answers: str = "", rig: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The steps of some devices, done at the apartment house; what came of them."""

    async def walk(loop: vloop.VirtualLoop) -> dict[str, Any]:
        async with begin(place("apartments"), where, loop, short=True, rig=rig or {}) as run:
            file, person = load(run.site, installed_drivers()), Scripted(list(answers))
            todo = [step for step in steps(file.site, file.wiring) if step.id in wanted]
            async with Client(run.run_dir / "admin.sock") as client:
                house = Daemon(client.request, "Kim")
                ends = await Engine(file.site, file.wiring, house, person).walk(todo)
                await house.end()
                told = await client.request("proofs")
                armed = await asyncio.gather(
                    client.request("arm", devices=[todo[0].device], who="Kim"), return_exceptions=True
                )
                await asyncio.sleep(2.0)  # of virtual time: a plug tells its state once a second
                picture = await run.picture()
            lines = list(_listed(todo, told))
            kept = tomllib.loads((file.settings.state_dir / "commissioning.toml").read_text())["proof"]
            closed = {one.id: one.closed for one in picture.circuits}
            return {
                "ends": ends,
                "kept": kept,
                "armed": armed[0],
                "lines": lines,
                "closed": closed,
                "said": person.asked,
            }

    return vloop.run(walk)


@pytest.mark.wire
def test_a_switch_is_proven_on_the_wire_and_its_device_can_be_armed(tmp_path: Path):
    # given the building as its site file says, when the switch of the laundry is tried
    done = walked(tmp_path, "circuits/laundry/closed")
    # then the phase that fell proves it, signed and dated, and it is on again
    assert done["ends"] == {"circuits/laundry/closed": Verdict.PROVEN}
    assert (done["kept"][0]["who"], done["kept"][0]["at"][:10]) == ("Kim", "2026-10-17")
    assert done["kept"][0]["note"].startswith("L1 -")
    assert not any("and nothing else" in line for line in done["said"])  # its own meter has said so
    assert done["closed"]["laundry"] is True
    # and what is proven can be armed without any other reason
    assert done["armed"] == {"armed": ["laundry_plug"], "unproven": []}
    assert done["lines"][0] == "laundry_plug: all proven that it needs"
    assert done["lines"][1].startswith("  proven  circuits/laundry/closed")


@pytest.mark.wire
def test_a_circuit_on_another_phase_than_the_site_file_says_fails_and_cannot_be_armed(tmp_path: Path):
    # given an electrician who has put the laundry on L2
    rig = {"circuits": {"laundry": {"phases": ["L2"], "kw": 5.6}}}
    # when its switch is tried
    done = walked(tmp_path, "circuits/laundry/closed", rig=rig)
    # then it fails with both phases by name, and the device is not armed
    assert done["ends"] == {"circuits/laundry/closed": Verdict.FAILED}
    assert done["kept"][0]["note"].startswith("L2 fell where L1 should have")
    assert str(done["armed"]).startswith("Not proven is laundry_plug")


@pytest.mark.parametrize("words", [["--list"], ["--who", "Kim"]], ids=str)
def test_without_a_daemon_there_is_one_sentence(run_dir: Path, capsys: pytest.CaptureFixture[str], words: list[str]):
    site = run_dir / "site.toml"
    site.write_text(EXAMPLE.read_text(encoding="utf-8").replace("[settings]", f'[settings]\nrun_dir = "{run_dir}"'))
    assert main(["commission", "--site", str(site), *words]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("HEMS does not run here")


@pytest.mark.wire
def test_a_battery_that_does_what_it_is_asked_is_proven_by_its_own_meter(tmp_path: Path):
    # given the hybrid, which carries the evening's load by itself, when a small power is asked of it
    done = walked(tmp_path, "batteries/main/power_w")
    # then its meter has followed in sign and size, and it may be armed
    assert done["ends"] == {"batteries/main/power_w": Verdict.PROVEN}
    assert done["kept"][0]["note"].startswith("asked for +2000 W, measured +")
    assert done["armed"] == {"armed": ["hybrid"], "unproven": []}
