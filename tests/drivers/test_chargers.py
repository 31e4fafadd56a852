"""Rules that hold for every charger, whatever its registers: six amperes or none, no discharge without a permission."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from drivers.modbus.codec import encode
from drivers.modbus.factory import declare
from drivers.modbus.layout import PlacedCommand
from drivers.profile.command import Accepted, Refused, prepare
from drivers.profile.expression import evaluate
from drivers.profile.load import available, load_raw
from hems.model.wiring import DeviceSpec

CHARGERS = [name for name in available() if load_raw(name)["class"] == "evse" and load_raw(name)["engine"] == "modbus"]
AMPERES = {
    "alfen-eve": (1210, lambda words: struct.unpack(">f", struct.pack(">HH", *words))[0]),
    "keba-p30": (5004, lambda words: words[0] / 1000),
    "keba-p40": (5004, lambda words: words[0] / 1000),
    "vestel-evc04": (5004, lambda words: float(words[0])),
}
"""Where a charger is told its current, and how its maker says it is written."""
SWITCHED = {name: {"phase_switch": True} for name in AMPERES} | {"vestel-evc04": {"model": "switching"}}
"""How a site says that the station can be told to use one phase or three."""
DISCHARGING = {"evtec-bidipro": {}, "sigenergy-evdc": {"discharge": True}, "ambibox-ambicharge": {"discharge": True}}
DISCHARGING["wallbox-quasar"] = {}
KNOWN = {"charge_max_w": 7000.0, "discharge_max_w": 7000.0}


def power_of(product: str, **params) -> PlacedCommand:
    spec = DeviceSpec(id="bay", driver="modbus", profile=product, link="tcp://192.0.2.1", params=params)
    return declare(spec).product.nominal.commands["power_w"]


def applies(when: str | None, value: float) -> bool:
    return (
        when is None or {"zero": value == 0, "nonzero": value != 0, "positive": value > 0, "negative": value < 0}[when]
    )


def sent(command: PlacedCommand, wanted: float, points: dict[str, float]) -> dict[int, tuple[int, ...]]:
    """Registers that go out for `wanted`, by address."""
    judged = prepare(command.spec, wanted, points, islanded=False)
    assert isinstance(judged, Accepted)
    value = 0.0 - judged.value if command.spec.negate else judged.value
    return {
        step.register.address: encode(step.register.coding, evaluate(step.to, {**points, "value": value}))
        for step in command.steps
        if applies(step.when, value)
    }


@pytest.mark.parametrize("product", AMPERES)
@given(
    wanted=some.floats(-50_000, 5_000),
    phases=some.sampled_from((1, 3)),
    volts=some.integers(100, 260),
    max_a=some.integers(6, 32),
    switched=some.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_current_is_none_or_at_least_six_amperes_and_never_more_than_asked_for(
    product, wanted, phases, volts, max_a, switched
):
    # given a charger on one or three phases, of which the station tells the ones in use if it can switch them
    more = SWITCHED[product] if switched else {}
    command = power_of(product, volts=volts, max_a=max_a, phases=phases, **more)
    address, amperes = AMPERES[product]
    # when it is asked for any power
    words = sent(command, wanted, {"_phases": float(phases)}).get(address)
    # then the car is told 0 or 6 A and more, within its fuse and within what was asked for
    told_a = amperes(words) if words is not None else 0.0
    assert told_a == 0.0 or 6.0 <= round(told_a, 3) <= max_a
    assert told_a * volts * phases <= -wanted + 1.0 or told_a == 0.0


def test_every_charger_that_is_told_amperes_keeps_the_rule():
    assert set(AMPERES) == {name for name in CHARGERS if "max_a" in load_raw(name)["params"]}


@pytest.mark.parametrize("product", CHARGERS)
def test_a_stop_needs_no_permission_and_no_knowledge(product):
    for params in ({}, DISCHARGING.get(product, {})):
        assert sent(power_of(product, **params), 0.0, {})


@pytest.mark.parametrize(("product", "params"), DISCHARGING.items())
def test_a_discharge_needs_a_permission_that_is_given_now(product, params):
    command = power_of(product, **params)
    for permission in ({}, {"discharge_ready": False}):
        assert isinstance(prepare(command.spec, 3000.0, {**KNOWN, **permission}, islanded=True), Refused)
    assert prepare(command.spec, 3000.0, {**KNOWN, "discharge_ready": True}, islanded=True) == Accepted(3000.0)


@pytest.mark.parametrize("product", sorted(set(CHARGERS) - {"evtec-bidipro", "wallbox-quasar"}))
def test_a_charger_that_nobody_has_allowed_to_discharge_is_stopped_instead(product):
    judged = prepare(power_of(product).spec, 3000.0, {**KNOWN, "discharge_ready": True}, islanded=True)
    assert isinstance(judged, Accepted)
    assert judged.value == 0.0


@pytest.mark.parametrize("product", CHARGERS)
def test_whoever_has_no_timer_of_its_own_has_a_dead_man_in_the_engine(product):
    control = load_raw(product)["control"]
    assert control["watchdog"]["hold_max_s"]
    assert control["safe"]
    assert control["watchdog"]["kind"] != "none" or control["release"]


@given(wanted=some.floats(-20_000, -0.1))
@settings(max_examples=200, deadline=None)
def test_the_sigenergy_limit_is_never_written_as_zero(wanted):
    # 0 in 41002 leaves the car in an error until it is unplugged
    words = sent(power_of("sigenergy-evdc"), wanted, {"charge_max_w": 12_500.0}).get(41002)
    assert words is None or words[0] << 16 | words[1] >= 1000
