"""One profile for products that differ in some lines: a parameter lays other lines over the common ones."""

from pathlib import Path
from typing import Any

import pytest

from drivers.modbus.schema import ModbusProfile
from drivers.profile.load import every_variant, profile_for
from hems.model.errors import ConfigError
from hems.model.wiring import DeviceSpec

BOX = """
schema = 1
id = "box"
title = "Box"
class = "battery"
engine = "modbus"
status = "draft"
sources = ["this test"]
[params]
family = { type = "enum", values = ["old", "new"], default = "old" }
three_phase = { type = "bool", default = true }
unit_id = { type = "int", default = 1 }
swapped = { type = "bool", default = false }
[variants.family.new.read]
grid_connected = { at = 10, map = { 0 = false, 1 = true } }
soc_pct = { at = "{unit_id} + 100" }
[variants.family.new.link]
timeout_ms = 5000
[variants.three_phase.false]
without = ["read.l2_v", "read.l3_v"]
[link]
kinds = ["tcp"]
unit_id = "{unit_id}"
max_gap = 3
[poll]
normal = { every_ms = 1000 }
[defaults]
poll = "normal"
[read]
grid_connected = { at = 10, map = { 1 = true, 2 = false } }
l1_v = { at = 20 }
l2_v = { at = 21 }
l3_v = { at = 22 }
import_wh = { at = 30, unit = "kWh", swap_if = ["{swapped}", "export_wh"] }
export_wh = { at = 40 }
"""


def read(tmp_path: Path, text: str = BOX, **params: Any) -> ModbusProfile:
    (tmp_path / "box.toml").write_text(text)
    spec = DeviceSpec(id="battery", driver="modbus", profile="box", link="tcp://192.0.2.1", params=params)
    return profile_for(ModbusProfile, spec, tmp_path)


def test_without_a_choice_the_common_lines_hold(tmp_path):
    profile = read(tmp_path)
    assert profile.read["grid_connected"].map == {"1": True, "2": False}
    assert "soc_pct" not in profile.read


def test_a_chosen_variant_replaces_lines_as_a_whole_adds_others_and_leaves_the_rest(tmp_path):
    profile = read(tmp_path, family="new", unit_id=7)
    assert profile.read["grid_connected"].map == {"0": False, "1": True}
    assert profile.read["soc_pct"].at == 107
    assert profile.read["l1_v"].at == 20
    assert (profile.link.timeout_ms, profile.link.max_gap) == (5000, 3)


def test_a_variant_may_leave_lines_out_and_several_variants_add_up(tmp_path):
    profile = read(tmp_path, family="new", three_phase=False)
    assert set(profile.read) == {"grid_connected", "l1_v", "import_wh", "export_wh", "soc_pct"}


def test_two_points_change_places_if_the_parameter_says_so(tmp_path):
    straight, swapped = read(tmp_path), read(tmp_path, swapped=True)
    assert (straight.read["import_wh"].at, straight.read["export_wh"].at) == (30, 40)
    assert (swapped.read["import_wh"].at, swapped.read["export_wh"].at) == (40, 30)
    assert (swapped.read["export_wh"].unit, swapped.read["import_wh"].unit) == ("kWh", None)


def test_every_variant_is_checked_not_only_the_default(tmp_path):
    (tmp_path / "box.toml").write_text(BOX.replace('"{unit_id} + 100"', "-5"))
    with pytest.raises(ConfigError, match=r"read\.soc_pct\.at = -5"):
        every_variant(ModbusProfile, "box", tmp_path)


def test_a_profile_has_as_many_variants_as_its_parameters_can_choose(tmp_path):
    (tmp_path / "box.toml").write_text(BOX)
    assert len(every_variant(ModbusProfile, "box", tmp_path)) == 3


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("variants.family.new.read", "variants.famly.new.read", "variants.famly: [params] has no 'famly'. Define it"),
        ("variants.family.new.read", "variants.unit_id.7.read", "the parameter is of type int. Only enum and bool"),
        ("variants.family.new.read", "variants.family.nwe.read", "variants.family.nwe: the parameter cannot be that."),
        ("variants.family.new.read", "variants.family.new.raed", "variants.family.new.raed: a variant has no such"),
        ('"read.l3_v"]', '"read.l4_v"]', "variants.three_phase.false.without names 'read.l4_v', which is not defined"),
        ('"export_wh"]', '"xport_wh"]', "read.import_wh.swap_if names the point 'xport_wh', which is not defined"),
    ],
)
def test_a_mistake_in_a_variant_is_a_sentence_with_its_remedy(tmp_path, old, new, told):
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, BOX.replace(old, new))
    assert any(f"box.toml: {told}" in problem or told in problem for problem in wrong.value.problems)
