"""A profile file with a mistake names the file, the key, the value and the remedy."""

from pathlib import Path
from typing import Any

import pytest

from drivers.modbus.place import layout_of
from drivers.modbus.schema import ModbusProfile
from drivers.mqtt.schema import MqttProfile
from drivers.profile.load import available, every_variant, load_raw, profile_for
from drivers.sunspec.schema import SunSpecProfile
from hems.model.errors import ConfigError
from hems.model.wiring import DeviceSpec

MODELS: dict[str, Any] = {"modbus": ModbusProfile, "sunspec": SunSpecProfile, "mqtt": MqttProfile}

GOOD = """
schema = 1
id = "box"
title = "Box"
class = "meter"
engine = "modbus"
status = "draft"
sources = ["this test"]
[params]
unit_id = { type = "int", default = 1, min = 1, max = 247 }
[link]
kinds = ["tcp"]
unit_id = "{unit_id}"
[poll]
normal = { every_ms = 1000 }
[read]
power_w = { at = 10, type = "s32", poll = "normal" }
"""


def problems(tmp_path: Path, text: str, **params: Any) -> tuple[str, ...]:
    (tmp_path / "box.toml").write_text(text)
    with pytest.raises(ConfigError) as told:
        profile_for(ModbusProfile, spec("box", **params), tmp_path)
    return told.value.problems


def spec(profile: str, driver: str = "modbus", **params: Any) -> DeviceSpec:
    return DeviceSpec(id="meter", driver=driver, profile=profile, link="tcp://192.0.2.1", params=params)


@pytest.mark.parametrize("name", available())
def test_every_shipped_profile_is_valid_cites_its_sources_and_declares_what_its_commands_lapse_to(name):
    for profile in every_variant(MODELS[load_raw(name)["engine"]], name):
        assert profile.id == name
        assert profile.sources
        assert all(line.lapses_to != "closed" for line in profile.write.values())


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("at = 10", "ta = 10", "box.toml: read.power_w.ta = 10: no such key. Remove it or correct its spelling."),
        (
            "at = 10",
            "at = 70000",
            "box.toml: read.power_w.at = 70000: should be less than or equal to 65535. Correct it.",
        ),
        ('"s32"', '"s24"', "box.toml: read.power_w.type = 's24': should be 'u16', 's16'"),
        ("every_ms = 1000", "every = 1", "box.toml: poll.normal.every_ms: is required and missing. Add it."),
        (
            'poll = "normal"',
            'poll = "quick"',
            "read.power_w.poll names the class 'quick', which [poll] does not define",
        ),
        ('id = "box"', 'id = "case"', "box.toml: id = 'case': must be the name of the file. Write id = 'box'."),
        ("schema = 1", "schema = ", "box.toml: is not valid TOML"),
        ('"s32"', '"u16", word = "little"', "word order matters for 32 and 64 bits only"),
        ('type = "int"', 'type = "number"', "box.toml: params.unit_id.type = 'number'"),
    ],
)
def test_a_mistake_in_a_profile_is_a_sentence_with_its_remedy(tmp_path, old, new, told):
    assert any(told in problem for problem in problems(tmp_path, GOOD.replace(old, new)))


def test_all_mistakes_of_a_profile_are_told_at_once(tmp_path):
    told = problems(tmp_path, GOOD.replace("at = 10", "at = -1, scal = 2").replace('status = "draft"', ""))
    assert len(told) == 3


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"unit_id": 300}, "devices.meter.params.unit_id = 300: must be at most 247. Correct it."),
        ({"unit_id": "one"}, "devices.meter.params.unit_id = 'one': must be a whole number. Correct it."),
        (
            {"unit": 1},
            "devices.meter.params.unit: the profile has no such parameter. Remove it, or use one of: unit_id.",
        ),
    ],
)
def test_a_wrong_parameter_names_the_device_and_what_would_be_right(tmp_path, params, told):
    assert problems(tmp_path, GOOD, **params) == (told,)


def test_a_profile_that_does_not_exist_suggests_the_nearest():
    with pytest.raises(ConfigError, match=r"devices\.meter\.profile: .*Did you mean 'eastron-sdm630'"):
        profile_for(ModbusProfile, spec("eastron-sdm360"))


def test_a_profile_of_another_driver_is_told_in_one_sentence():
    with pytest.raises(
        ConfigError, match=r"devices\.meter\.driver = 'modbus': profile 'sunspec-inverter' is for 'sunspec'"
    ):
        profile_for(ModbusProfile, spec("sunspec-inverter"))


def test_a_point_that_is_used_but_not_defined_is_named(tmp_path):
    (told,) = problems(tmp_path, GOOD + '[derive]\ntwice_w = { sum = ["power_w", "pwoer_w"] }\n')
    assert "derive.twice_w names the point 'pwoer_w', which is not defined" in told


def test_parameters_reach_the_lines_with_their_type():
    profile = profile_for(ModbusProfile, spec("evtec-bidipro", connector=9))
    assert profile.read["state"].base == 900
    assert profile_for(ModbusProfile, spec("eastron-sdm630", reverse=True)).read["power_w"].negate_if is True


def test_devices_of_one_kind_share_their_profile_and_those_with_other_parameters_do_not(tmp_path):
    # given a box whose parameter is 1, twice, and one with 2
    (tmp_path / "box.toml").write_text(GOOD)
    first, same, other = (profile_for(ModbusProfile, spec("box", unit_id=unit), tmp_path) for unit in (1, 1, 2))
    # then what is made of the first serves the second, and the third has its own
    assert first is same
    assert layout_of(first) is layout_of(same)
    assert (first.link.unit_id, other.link.unit_id) == (1, 2)
