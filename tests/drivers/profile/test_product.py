"""A profile in the words of the person who installs the device."""

from pathlib import Path

import pytest

from drivers.modbus.schema import ModbusProfile
from drivers.profile.load import chosen_variants
from drivers.profile.product import product_of
from drivers.profile.words import bound, span
from hems.ports.device import Product

BOX = """
schema = 1
id = "box"
title = "Box"
class = "battery"
engine = "modbus"
status = "draft"
sources = ["its manual"]
notes = ["It is blue."]
[params]
three_phase = { type = "bool", default = false, about = "as on the rating plate" }
max_w = { type = "int", default = 4000, min = 500, max = 9000 }
serial_no = { type = "text", required = true }
[variants.three_phase.true.read]
l2_v = { at = 22 }
[variants.three_phase.true.write.power_w]
steps = [{ at = 40, to = "{value}" }]
lapses_to = "held"
[link]
kinds = ["rtu", "tcp"]
port = 1502
serial = { baud = 19200, parity = "E" }
[poll]
normal = { every_ms = 1000 }
grid = { every_ms = 500, islanded = "skip" }
once = { every_ms = 0 }
[defaults]
poll = "normal"
[read]
power_w = { at = 10 }
_rate = { at = 11 }
soc_pct = { at = 12, optional = true }
firmware = { at = 13, poll = "once" }
l1_v = { at = 20, poll = "grid", witness_ms = 700 }
ready = { at = 30, bit = 0 }
[derive]
charge_max_w = { max0 = "power_w" }
[write.power_w]
steps = [{ at = 40, to = "{value}" }]
range = ["-charge_max_w", "{max_w} * 2 * {_rate}"]
dead_zone = 100
guard = [{ needs = "ready", if_above = 0 }]
verify = { read = "power_w", within = 5, after_ms = 1500 }
lapses_to = "zero"
settle_s = 120
persistent = true
[control]
setup = ["Switch on remote control."]
safe = [{ at = 40, to = 0 }]
watchdog = { kind = "rewrite", timeout_s = 60, renew_s = 20, hold_max_s = 90 }
[alarms.inverter]
point = "firmware"
severity = "high"
bits = { 0 = "too hot", 1 = "too cold" }
"""


@pytest.fixture(name="box")
def _box(tmp_path: Path) -> Product:
    (tmp_path / "box.toml").write_text(BOX)
    return product_of(chosen_variants(ModbusProfile, "box", tmp_path), "modbus")


def test_what_is_measured_how_often_and_what_tells_an_outage(box):
    assert box.page["Measured"] == (
        "every 500 ms, not during an outage: `l1_v` (V)",
        "every 1 s: `power_w` (W), `soc_pct` (%) where fitted, `ready`",
        "once: `firmware`",
        "computed from these: `charge_max_w` (W)",
        "fit to tell an outage within 700 ms: `l1_v`",
    )


def test_what_is_commanded_and_on_which_terms(box):
    assert box.page["Commanded"] == (
        "`power_w`: `-charge_max_w` to `8000 * rate` W; less than 100 is sent as 0; above 0 only while `ready`; "
        "seen in `power_w` within 1.5 s; takes effect within 2 min; "
        "the device wears with each change, so only changes are sent",
    )


def test_what_happens_when_hems_falls_silent(box):
    assert box.fails_safe == "it stops: no power after 60 s"
    assert box.page["If HEMS falls silent"] == (
        "it stops: no power (`power_w`)",
        "the device itself ends a command after 60 s unless it is sent again (renewed every 20 s)",
        "if the control of HEMS hangs while its reading goes on, HEMS puts the device in its safe state (no power, or "
        "its own rules) after 90 s without a fresh command",
    )


def test_a_sign_of_life_that_ends_no_command_is_not_said_to_end_one(tmp_path):
    # given a device that only notices when hems falls silent
    held = BOX.replace('lapses_to = "zero"', 'lapses_to = "held"').replace('kind = "rewrite"', 'kind = "alive_bit"')
    (tmp_path / "box.toml").write_text(held.replace("renew_s = 20,", "renew_s = 20, renew = [{ at = 41, to = 1 }],"))
    # then its page does not promise that a command ends
    said = product_of(chosen_variants(ModbusProfile, "box", tmp_path), "modbus").page["If HEMS falls silent"]
    assert said[:2] == (
        "it stays as last told (`power_w`)",
        "the device notices after 60 s without a sign of life (renewed every 20 s), which alone ends no command",
    )


def test_variants_are_told_by_what_is_different(box):
    assert box.page["Variants"] == (
        "`three_phase = true`: also measures `l2_v` (V); commands `power_w`: any value in W; not read back; "
        "if HEMS falls silent: it stays as last told",
    )


def test_what_an_installer_sets_and_writes(box):
    assert box.page["Set on the device"] == ("Switch on remote control.",)
    assert box.page["In the site file"] == (
        '`driver = "modbus"`, `profile = "box"`',
        '`link = "rtu:///dev/serial/by-id/NAME?baud=19200&parity=E&stop_bits=1"`',
        '`link = "tcp://HOST:1502"`',
        "`three_phase` (default `false`, chooses the variant): as on the rating plate",
        "`max_w` (500 to 9000, default `4000`)",
        "`serial_no` (must be given)",
    )
    assert box.page["Reported faults"] == ("high: too hot, too cold",)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (5, "5"),
        ("-5000", "-5000"),
        ("-1 * 16 * 230 * {_phases}", "`-3680 * phases`"),
        ("-charge_max_w", "`-charge_max_w`"),
        ("{max_w} / 2", "`max_w / 2`"),
    ],
)
def test_a_bound_is_worked_out_as_far_as_it_is_known(limit, told):
    assert bound(limit) == told


@pytest.mark.parametrize(("seconds", "told"), [(0.2, "200 ms"), (60, "60 s"), (600, "10 min"), (7200, "2 h")])
def test_spans_are_told_in_the_unit_that_fits(seconds, told):
    assert span(seconds) == told
