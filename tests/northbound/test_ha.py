"""The building in Home Assistant, over a real broker; what Home Assistant itself makes of it is in `test_ha_real`."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hems.config.tables.outward import HomeAssistantTable
from hems.model.mode import Bus
from hems.model.picture import Picture
from hems.model.units import CircuitId
from hems.northbound.ha.commands import CODE_S, Memory, NotUnderstood, wanted
from hems.northbound.ha.discovery import announced
from hems.northbound.ha.entities import entities
from hems.northbound.ha.service import Bridge
from hems.northbound.ha.states import at_once, every_few_seconds
from hems.wording.language import use
from tests.brokers import Broker, broker
from tests.desk import HandMadeDesk, serving, until
from tests.northbound.given import Ear, ear, running
from tests.pictures import normal_day, power_cut, unknown

__all__ = ["broker"]

DEVICE = "homeassistant/device/hems/config"
QUICK = {"first_pause_s": 0.05, "longest_pause_s": 0.2}


def table(port: int = 1883, **changes: Any) -> HomeAssistantTable:
    return HomeAssistantTable.model_validate(
        {"broker": {"host": "127.0.0.1", "port": port}, "commands": True} | changes
    )


class Site:
    """A daemon by hand, a bridge, and an ear at the broker."""

    def __init__(self, desk: HandMadeDesk, server: Any, heard: Ear) -> None:
        self.desk, self.server, self.heard = desk, server, heard

    def show(self, picture: Picture) -> None:
        self.desk.shown = picture
        self.server.publish(picture)

    async def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        await self.heard.client.publish(topic, payload, qos=1, retain=retain)

    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name, dict(args)) for name, args, _, _ in self.desk.asked]


@asynccontextmanager
async def site(run_dir: Path, broker: Broker, picture: Picture, **changes: Any) -> AsyncIterator[Site]:
    desk = HandMadeDesk(picture)
    bridge = Bridge(table(broker.port, **changes), run_dir, numbers_every_s=0.0)
    async with serving(run_dir, desk) as server, ear(broker) as heard, running(bridge.run(**QUICK)):
        await heard.hears("hems/status", "online")
        yield Site(desk, server, heard)


# What is told ---------------------------------------------------------------------------------------------------------


@pytest.mark.wire
async def test_the_building_is_announced_as_one_device_and_then_told(run_dir: Path, broker: Broker):
    async with site(run_dir, broker, normal_day()) as made:
        device = made.heard.json(DEVICE)
        assert device["device"]["name"] == "Maple Court 12"
        assert device["origin"]["name"] == "hems"
        assert device["components"]["circuit_laundry_keep"]["command_topic"] == "hems/ask/circuit/laundry"
        assert made.heard.json("hems/state")["circuit_laundry_on"] is True
        assert made.heard.json("hems/power")["circuit_laundry_w"] == 2800
        # and whatever is announced has a state to show
        told = {**made.heard.json("hems/state"), **made.heard.json("hems/power")}
        shown = {key for key, one in device["components"].items() if "value_template" in one}
        assert shown <= told.keys()


@pytest.mark.wire
async def test_older_ones_get_one_message_for_each_value(run_dir: Path, broker: Broker):
    async with site(run_dir, broker, normal_day(), discovery="single") as made:
        one = made.heard.json("homeassistant/sensor/hems/load_w/config")
        assert (one["unique_id"], one["unit_of_measurement"]) == ("hems_hems_load_w", "W")
        assert one["device"]["identifiers"] == ["hems_hems"]
        assert DEVICE not in made.heard.said


def test_what_is_not_known_is_told_as_unknown_and_never_as_zero_or_off():
    told = {**at_once(unknown()), **every_few_seconds(unknown())}
    assert told["grid_w"] is None
    assert told["grid_good"] is None
    assert told["stored_wh"] is None


@pytest.mark.wire
async def test_a_power_cut_is_told_at_once(run_dir: Path, broker: Broker):
    async with site(run_dir, broker, normal_day()) as made:
        made.show(power_cut())
        await made.heard.until(lambda: made.heard.json("hems/state")["outage"] is True)


@pytest.mark.wire
async def test_when_the_daemon_is_silent_nothing_shown_is_of_now(run_dir: Path, broker: Broker):
    desk = HandMadeDesk(normal_day())
    async with ear(broker) as heard, running(Bridge(table(broker.port), run_dir).run(**QUICK)):
        # given no daemon yet
        await heard.hears("hems/status", "offline")
        # when it comes and goes
        async with serving(run_dir, desk):
            await heard.hears("hems/status", "online")
        # then Home Assistant knows
        await heard.hears("hems/status", "offline")


@pytest.mark.wire
async def test_when_the_bridge_dies_the_broker_says_so(run_dir: Path, broker: Broker):
    async with serving(run_dir, HandMadeDesk(normal_day())), ear(broker) as heard:
        bridge = Bridge(table(broker.port), run_dir)
        async with running(bridge.run(**QUICK)):
            await heard.hears("hems/status", "online")
        # in good order it says so itself
        await heard.hears("hems/status", "offline")


@pytest.mark.wire
async def test_a_broker_that_was_away_is_told_everything_again(run_dir: Path, broker: Broker):
    bridge = Bridge(table(broker.port), run_dir)
    async with serving(run_dir, HandMadeDesk(normal_day())), running(bridge.run(**QUICK)):
        async with ear(broker) as before:
            await before.hears("hems/status", "online")
        # when the broker dies and comes back with nothing of what it had kept
        broker.kill()
        broker.start()
        async with ear(broker) as heard:
            await heard.hears("hems/status", "online")
            assert heard.json(DEVICE)["components"]
            assert heard.json("hems/state")["outage"] is False


@pytest.mark.wire
async def test_home_assistant_that_starts_anew_is_told_everything_again(run_dir: Path, broker: Broker):
    async with site(run_dir, broker, normal_day()) as made:
        made.heard.said.clear()
        await made.say("homeassistant/status", "online")
        await made.heard.until(lambda: {DEVICE, "hems/state", "hems/power"} <= made.heard.said.keys())


@pytest.mark.wire
@pytest.mark.parametrize("before", ["device", "single"])
async def test_what_is_no_longer_there_is_taken_back(run_dir: Path, broker: Broker, before: str):
    # given a building that had a gym, as it was announced then
    async with ear(broker) as then:
        gone = announced(table(discovery=before), "Maple Court 12", entities(normal_day(), commands=True))
        for topic, payload in gone.items():
            await then.client.publish(topic, payload, qos=1, retain=True)
    # when it is announced without it
    small = replace(normal_day(), circuits=tuple(one for one in normal_day().circuits if one.id != "gym"))
    async with site(run_dir, broker, small, discovery=before) as made:
        # then Home Assistant is told to forget it, and nothing else
        if before == "device":
            stubs = [json.loads(payload)["components"] for topic, payload in made.heard.order if topic == DEVICE]
            assert any(parts.get("circuit_gym_w") == {"platform": "sensor"} for parts in stubs)
            assert "circuit_gym_w" not in made.heard.json(DEVICE)["components"]
        else:
            assert made.heard.said["homeassistant/sensor/hems/circuit_gym_w/config"] == ""
        assert "circuit_laundry_w" in "".join(payload for _, payload in made.heard.order)


# What is asked --------------------------------------------------------------------------------------------------------


@pytest.mark.wire
async def test_an_override_from_home_assistant_has_an_end_a_name_and_a_reason(run_dir: Path, broker: Broker):
    async with site(run_dir, broker, normal_day()) as made:
        await made.say("hems/ask/minutes", "30")
        await made.say("hems/ask/circuit/laundry", "off")
        await until(lambda: made.asked())
        args = {"circuit": "laundry", "want": "off", "duration_s": 1800.0, "who": "Home Assistant"}
        assert made.asked() == [("override", args | {"reason": "asked in Home Assistant"})]
        _, _, role, _ = made.desk.asked[0]
        assert role == "operator"
        await made.heard.hears("hems/answer", "Laundry is kept off.")


@pytest.mark.wire
async def test_what_was_done_is_told_in_the_language_of_the_file_and_by_the_name_that_people_know(
    run_dir: Path, broker: Broker
):
    use("de")
    try:
        async with site(run_dir, broker, normal_day()) as made:
            await made.say("hems/ask/bay/bay_1/leaves_h", "2.5")
            await made.heard.hears("hems/answer", "Bay 1 fährt in 2.5 h ab.")
            await made.say("hems/ask/minutes", "9999")
            await made.heard.hears("hems/answer", "9999 liegt nicht zwischen 1 und 480.")
    finally:
        use("")


@pytest.mark.wire
async def test_a_circuit_that_the_installer_has_added_appears_by_itself(run_dir: Path, broker: Broker):
    # given a bridge that has announced the building
    async with site(run_dir, broker, normal_day()) as made:
        assert "circuit_pool_house_on" not in made.heard.json(DEVICE)["components"]
        # when hems is started again with one circuit more
        picture = normal_day()
        more = replace(picture.circuits[0], id=CircuitId("pool_house"), name="Pool house")
        made.show(replace(picture, circuits=(*picture.circuits, more)))
        # then nobody has to start the bridge or Home Assistant again
        await made.heard.until(lambda: "circuit_pool_house_on" in made.heard.json(DEVICE)["components"])


@pytest.mark.wire
async def test_a_refusal_is_shown_and_the_switch_jumps_back(run_dir: Path, broker: Broker):
    async with site(run_dir, broker, normal_day()) as made:
        states = sum(topic == "hems/state" for topic, _ in made.heard.order)
        await made.say("hems/ask/circuit/no_such", "on")
        await made.heard.hears("hems/answer", "There is no circuit no_such.")
        await made.heard.until(lambda: sum(topic == "hems/state" for topic, _ in made.heard.order) > states)


@pytest.mark.wire
async def test_a_command_that_the_broker_has_kept_switches_nothing(run_dir: Path, broker: Broker):
    # given a command that somebody sent retained, long ago
    async with ear(broker) as then:
        await then.client.publish("hems/ask/circuit/laundry", "off", qos=1, retain=True)
    async with site(run_dir, broker, normal_day()) as made:
        # when another one comes after it
        await made.say("hems/ask/circuit/gym", "off")
        await until(lambda: made.asked())
        # then only that one is asked
        assert [args["circuit"] for _, args in made.asked()] == ["gym"]


@pytest.mark.wire
async def test_without_commands_nothing_is_offered_and_nothing_asked(run_dir: Path, broker: Broker):
    async with site(run_dir, broker, normal_day(), commands=False) as made:
        parts = made.heard.json(DEVICE)["components"]
        assert {one["platform"] for one in parts.values()} == {"sensor", "binary_sensor"}
        await made.say("hems/ask/circuit/laundry", "off")
        made.show(power_cut())
        await made.heard.until(lambda: made.heard.json("hems/state")["outage"] is True)
        assert made.asked() == []


@pytest.mark.wire
async def test_the_pin_is_taken_from_its_file_at_each_request(run_dir: Path, broker: Broker, tmp_path: Path):
    pin = tmp_path / "pin"
    pin.write_text("4711\n")
    pin.chmod(0o600)
    async with site(run_dir, broker, normal_day(), pin=str(pin)) as made:
        await made.say("hems/ask/circuit/laundry", "on")
        await until(lambda: made.asked())
        assert made.asked()[0][1]["pin"] == "4711"
        pin.unlink()
        await made.say("hems/ask/circuit/laundry", "off")
        await made.heard.hears("hems/answer", f"{pin} does not exist. Put it there, or correct its name in the file.")


def test_a_driver_speaks_with_the_code_of_the_bay_and_it_is_soon_forgotten():
    memory = Memory(60.0)
    assert wanted("bay/bay_1/code", "1234", "HA", memory, 0.0) is None
    asked = wanted("bay/bay_1/keeps_pct", "60", "HA", memory, 10.0)
    assert asked is not None
    assert asked.args == {"bay": "bay_1", "who": "HA", "code": "1234", "keeps_pct": 60.0}
    # for that bay only, and for five minutes
    other = wanted("bay/bay_2/leaves_h", "2.5", "HA", memory, 10.0)
    later = wanted("bay/bay_1/leaves_h", "2.5", "HA", memory, CODE_S)
    assert other is not None
    assert later is not None
    assert "code" not in other.args
    assert later.args == {"bay": "bay_1", "who": "HA", "leaves_in_s": 9000.0}


def test_every_number_lies_between_the_ends_that_home_assistant_is_told():
    # given drivers who keep everything or nothing, and who leave next week
    cars = tuple(
        replace(one, floor_pct=pct, leaves_in_s=7 * 86400.0) for one in normal_day().cars for pct in (0.0, 100.0)
    )
    picture = replace(normal_day(), cars=cars)
    told = {**at_once(picture), "minutes": table(override_min=480).override_min}
    numbers = [one for one in entities(picture, commands=True) if one.platform == "number"]
    assert {one.key for one in numbers} >= {"minutes", "bay_bay_1_keeps_pct", "bay_bay_1_leaves_h"}
    assert [one.key for one in numbers if not one.more["min"] <= told[one.key] <= one.more["max"]] == []


@pytest.mark.parametrize(("bus", "told"), [(Bus.LIVE, True), (Bus.DEAD, False), (Bus.UNKNOWN, None)])
def test_a_circuit_without_a_switch_is_on_whenever_the_building_has_power(bus: Bus, told: bool | None):
    lift = replace(normal_day().circuits[0], switchable=False, closed=None)
    silent = replace(lift, id=CircuitId("gym"), switchable=True)
    said = at_once(normal_day(circuits=(lift, silent), bus=bus))
    assert said[f"circuit_{lift.id}_on"] is told
    assert said["circuit_gym_on"] is None


def test_an_automation_may_say_for_how_long_why_and_for_whom():
    payload = json.dumps({"want": "ON", "minutes": 15, "reason": "film night", "who": "Ana"})
    asked = wanted("circuit/gym", payload, "HA", Memory(60.0), 0.0)
    assert asked is not None
    assert asked.args == {"circuit": "gym", "want": "on", "duration_s": 900.0, "who": "HA: Ana", "reason": "film night"}


@pytest.mark.parametrize(
    ("tail", "payload", "says"),
    [
        ("circuit/gym", "toggle", "Say on, off or auto of gym, not 'toggle'."),
        ("circuit/gym", "{", "This is not JSON."),
        ("circuit/gym", '{"want": "on", "minutes": 0}', "0 is not between 1 and 480."),
        ("circuit/gym", '{"want": "on", "minutes": "ever"}', "'ever' is no number."),
        ("minutes", "nan", "nan is not between 1 and 480."),
        ("bay/bay_1/floor", "0", "Nothing can be asked of bay_1 as 'floor'."),
        ("arm", "all", "Nothing can be asked at 'arm'."),
    ],
)
def test_what_makes_no_sense_is_one_sentence(tail: str, payload: str, says: str):
    with pytest.raises(NotUnderstood) as caught:
        wanted(tail, payload, "HA", Memory(60.0), 0.0)
    assert str(caught.value) == says
