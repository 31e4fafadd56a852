"""Profiles that one process has checked and another one believes."""

import pickle
from typing import Any

import pytest

from drivers.modbus.factory import ModbusFactory
from drivers.modbus.schema import ModbusProfile
from drivers.mqtt.schema import MqttProfile
from drivers.profile import load
from drivers.profile.checked import as_text
from drivers.profile.load import available, load_raw, profile_alone, profile_for
from drivers.sunspec.schema import SunSpecProfile
from hems.model.errors import ConfigError
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec

MODELS: dict[str, type[Any]] = {"modbus": ModbusProfile, "sunspec": SunSpecProfile, "mqtt": MqttProfile}


def board(unit_id: int | str) -> DeviceSpec:
    return DeviceSpec(
        id=DeviceId("relays"),
        driver="modbus",
        profile="waveshare-relay",
        link="tcp://10.0.0.1:502",
        params={"unit_id": unit_id},
    )


@pytest.fixture
def believed(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    own: dict[Any, Any] = {}
    monkeypatch.setattr(load, "_believed", own)
    return own


@pytest.mark.parametrize("name", available())
def test_a_profile_is_the_same_after_it_was_carried(name: str):
    profile = profile_alone(MODELS[load_raw(name)["engine"]], name)
    text, kinds = as_text(profile), profile.kinds()
    carried = pickle.loads(pickle.dumps(profile))
    assert carried == profile
    assert (as_text(carried), carried.kinds()) == (text, kinds)


def test_what_one_driver_knows_another_believes_without_looking_at_a_file(believed: dict[Any, Any]):
    spec = board(7)
    known = pickle.loads(pickle.dumps(ModbusFactory().known([spec])))
    before = profile_for(ModbusProfile, spec)
    ModbusFactory().believe(known)
    after = profile_for(ModbusProfile, spec)
    assert after is next(iter(known.values()))
    assert after is not before
    # and what an arming holds for is the same
    assert ModbusFactory().fingerprint(spec) == as_text(before)


def test_what_is_believed_of_one_device_is_not_believed_of_one_with_other_parameters(believed: dict[Any, Any]):
    spec = board(7)
    ModbusFactory().believe(ModbusFactory().known([spec]))
    other = board(8)
    assert profile_for(ModbusProfile, other).link.unit_id == 8
    wrong = board("7")
    with pytest.raises(ConfigError):
        profile_for(ModbusProfile, wrong)
