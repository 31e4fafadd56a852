"""What is said about MQTT devices before anything runs."""

import tomllib

import pytest

from drivers.mqtt import FACTORY
from drivers.mqtt.schema import MqttProfile
from drivers.profile.load import PROFILES, load_raw, parse
from hems.model.errors import ConfigError
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from tests.drivers.mqtt.given import plug

PLUG = """
schema = 1
id = "plug"
title = "A plug"
class = "load_switch"
engine = "mqtt"
status = "draft"
sources = ["somebody"]
[link]
silent_ms = 30000
[read]
closed = { topic = "plug/state", map = { ON = true, OFF = false } }
[write.closed]
kind = "bool"
lapses_to = "held"
steps = [{ topic = "plug/set", text = "{value}" }]
values = { true = "ON", false = "OFF" }
"""


SET = 'steps = [{ topic = "plug/set", text = "{value}" }]'


def keeping(watchdog):
    return f"[control]\nwatchdog = {{ {watchdog} }}\n[write.closed]"


def asking(silent_ms, harmless):
    request = f'{{ topic = "a", text = "b", every_ms = 5000, harmless = "{harmless}" }}'
    return f"silent_ms = {silent_ms}\nrequest = [{request}]"


def profile(text):
    return parse(MqttProfile, tomllib.loads(text), {})


def test_the_plug_has_the_points_and_commands_that_sites_name():
    points = FACTORY.points(plug("mqtt://broker"))
    assert {
        "closed": "bool",
        "power_w": "float",
        "l1_v": "float",
        "hz": "float",
        "energy_wh": "float",
    }.items() <= points.items()
    assert FACTORY.commands(plug("mqtt://broker")) == {"closed": "bool"}


def test_a_good_site_has_no_problems():
    assert FACTORY.check([plug("mqtt://broker:1883"), plug("mqtt://broker", DeviceId("other"), "other-plug")]) == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            plug("tcp://broker:1883"),
            "devices.gym_plug.link: 'tcp://broker:1883' is no MQTT link. Write mqtt://HOST:PORT or",
        ),
        (plug("mqtt://"), "names no host"),
        (plug("mqtt://broker:x"), "no valid port"),
        (plug("mqtt://me:secret@broker"), "must not have name and password in the link"),
        (plug("mqtt://broker", prefix="a/#"), "devices.gym_plug.params.prefix"),
        (plug("mqtt://broker", channel=9), "must be at most 3"),
    ],
)
def test_each_mistake_in_a_site_is_one_sentence_with_its_remedy(spec, said):
    (problem,) = FACTORY.check([spec])
    assert said in problem


def test_two_names_for_one_output_are_a_mistake():
    (problem,) = FACTORY.check([plug("mqtt://broker"), plug("mqtt://broker:1883", DeviceId("again"))])
    assert problem.startswith("devices.again: is the same output as devices.gym_plug.")


def test_other_products_are_described_without_code():
    line = profile(PLUG).write["closed"]
    assert line.steps[0].outgoing({"value": line.wire_value(False)}).payload == "OFF"
    assert profile(PLUG).kinds() == {"closed": "bool"}


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (', text = "{value}"', "", "exactly one of text and json"),
        ('topic = "plug/set"', 'topic = "plug/+/set"', "no wildcards"),
        ('topic = "plug/state"', 'topic = "plug/#"', "without wildcards"),
        ("silent_ms = 30000", asking(30000, ""), "harmless"),
        ("silent_ms = 30000", asking(9000, "The maker says that it only reads."), "room for two requests"),
        ('lapses_to = "held"', "", "lapses_to"),
        (
            "[write.closed]",
            keeping('kind = "alive_bit", renew_s = 5, renew = [{ topic = "a", text = "b" }]'),
            "alive_bit",
        ),
        ('text = "{value}"', 'text = "{value}", retain = true', "no such key"),
        (SET, "", "exactly one of steps and way"),
        ("silent_ms = 30000", 'silent_ms = 30000\nretained = "current"', "needs available"),
        (
            "[write.closed]",
            keeping('kind = "keepalive_topic", renew_s = 2, renew = [{ topic = "a", text = "b" }]'),
            "hold_max_s",
        ),
        (
            "[write.closed]",
            '[identify]\nmodel = { contains = "x" }\n[write.closed]',
            "identify names the point 'model'",
        ),
        (SET, f'way = [{{ needs = "ready", {SET} }}]', "way names the point 'ready'"),
    ],
)
def test_a_profile_that_cannot_work_is_refused(was, becomes, said):
    with pytest.raises(ConfigError, match=said):
        profile(PLUG.replace(was, becomes))


def test_the_shipped_plug_never_sends_a_timer():
    assert "toggle_after" not in str(load_raw("shelly-gen2-switch", PROFILES)["write"])


def test_a_shed_waits_for_one_time_out_and_the_pauses_of_its_own_profile():
    charger = DeviceSpec(
        id=DeviceId("v2h"), driver="mqtt", profile="echonet-ev-charger", link="mqtt://broker", params={"device": "x"}
    )
    assert FACTORY.actuation_s([plug("mqtt://broker"), charger]) == {"gym_plug": 1.0, "v2h": 1.3}
