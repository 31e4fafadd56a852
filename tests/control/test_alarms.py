"""What asks a person to act, raised once and cleared once."""

from dataclasses import replace

import pytest

from hems.control.alarms import HIGH, MEDIUM
from hems.control.memory.acting import ReconnectMemory
from hems.model.event import EventKind
from hems.model.mode import Mode
from hems.model.snapshot import COMES_AND_GOES, DeviceAlarm, DeviceHealth, Severity
from hems.model.units import DeviceId
from tests.control.panel import Panel, on_an_island, on_the_grid, tie, utility

METER = DeviceId("meter")


def told(made: Panel, kind: EventKind) -> list[tuple[float, str]]:
    return [(t_s, event.subject) for t_s, step in made.steps for event in step.events if event.kind is kind]


def test_a_meter_that_falls_silent_is_an_alarm_after_five_seconds_and_no_outage():
    # given a building on the grid
    made = on_the_grid()
    began_s = made.now_s
    # when the utility's meter stops answering
    made.devices = {METER: DeviceHealth(link="rtu", lost_since_s=began_s, detail="no answer")}
    made.says(utility(None, None)).advance(60.0, every_s=100.0)
    # then it is an alarm to the instant, and nothing is switched off
    assert told(made, EventKind.ALARM_RAISED) == [(began_s + 5.0, "device/meter")]
    assert (made.mode, made.off()) == (Mode.GRID_CONNECTED_DEGRADED, set())
    # and it ends with the silence
    made.devices = {METER: DeviceHealth(link="rtu")}
    made.says(utility(230.0)).tick()
    assert told(made, EventKind.ALARM_CLEARED) == [(made.now_s, "device/meter")]


def silenced(made: Panel, since_s: dict[str, float | None], link: str = "tcp://10.0.20.{at}:502") -> Panel:
    """Devices by name, and since when each is silent."""
    made.devices = {
        DeviceId(name): DeviceHealth(link=link.format(at=at), lost_since_s=one)
        for at, (name, one) in enumerate(since_s.items())
    }
    return made


def test_devices_that_fall_silent_together_are_one_alarm_of_the_network_until_the_last_one_answers():
    # given eleven devices on the network
    made = on_the_grid()
    began_s, names = made.now_s, [f"box_{number}" for number in range(11)]
    # when the network is cut, and each is missed a little later than the one before
    silenced(made, {name: began_s + number for number, name in enumerate(names)})
    made.advance(60.0, every_s=1.0)
    # then one alarm names them, and the single ones stand there and ask for nobody
    assert told(made, EventKind.ALARM_RAISED) == [(began_s + 5.0, "silent/network")]
    together = made.state.alarms["silent/network"]
    assert (together.priority, together.cause.facts["count"]) == (MEDIUM, 11)
    assert str(together.cause.facts["devices"]).endswith(", +5")
    assert all(made.state.alarms[f"device/{name}"].unused for name in names)
    # and when they come back one after the other, the last ones are no news either
    for left in range(10, -1, -1):
        silenced(made, {name: began_s if number < left else None for number, name in enumerate(names)})
        made.advance(10.0, every_s=1.0)
    assert len(told(made, EventKind.ALARM_RAISED)) == 1
    assert [subject for _, subject in told(made, EventKind.ALARM_CLEARED)] == ["silent/network"]
    assert made.state.alarms == {}


UNSTEADY = DeviceAlarm(code=COMES_AND_GOES, text="comes and goes, 9 times in the last hour; look at its supply")


@pytest.mark.parametrize(
    ("boxes", "raised"),
    [
        (2, [f"device/box_{at}/comes_and_goes" for at in range(2)]),
        (3, ["unsteady/network"]),
        (40, ["unsteady/network"]),
    ],
)
def test_plugs_that_come_and_go_with_their_broker_are_one_alarm_and_not_one_each(boxes: int, raised: list[str]):
    made = on_the_grid()
    # given plugs behind one broker, all lost again and again, and one meter with a trouble of its own
    made.devices = {
        DeviceId(f"box_{at}"): DeviceHealth(link="10.0.20.2:1883", alarms=(UNSTEADY,)) for at in range(boxes)
    }
    fan = DeviceAlarm(code="inverter/3", text="fan stands still")
    made.devices |= {DeviceId("roof"): DeviceHealth(link="tcp://10.0.20.3", alarms=(fan,))}
    made.advance(10.0, every_s=1.0)
    alarms = [subject for _, subject in told(made, EventKind.ALARM_RAISED)]
    assert sorted(alarms) == sorted([*raised, "device/roof/inverter/3"])


@pytest.mark.parametrize(
    ("since_s", "link", "raised"),
    [
        ([0.0, 0.0], "tcp://10.0.20.{at}:502", ["box_0", "box_1"]),
        ([0.0, 100.0, 200.0], "tcp://10.0.20.{at}:502", ["box_0", "box_1", "box_2"]),
        ([0.0, 0.0, 0.0], "rtu:///dev/ttyUSB{at}", ["box_0", "box_1", "box_2"]),
        ([0.0, 0.0, 0.0], "rtu:///dev/ttyUSB0?baud=9600", ["silent/ttyUSB0"]),
    ],
    ids=["two", "one after the other", "each on its line", "all on one line"],
)
def test_what_shares_nothing_or_fails_by_itself_is_an_alarm_each(since_s: list[float], link: str, raised: list[str]):
    made = on_the_grid()
    began_s = made.now_s
    for _ in range(300):
        found = {f"box_{at}": began_s + one for at, one in enumerate(since_s)}
        known = {name: one if one <= made.now_s else None for name, one in found.items()}
        silenced(made, known, link).advance(1.0, every_s=1.0)
    assert sorted(subject.removeprefix("device/") for _, subject in told(made, EventKind.ALARM_RAISED)) == raised


def test_a_network_that_a_power_cut_takes_along_is_told_in_the_middle_of_it():
    made = on_an_island()
    silenced(made, dict.fromkeys(("box_1", "box_2", "box_3"), made.now_s))
    made.advance(10.0, every_s=1.0)
    assert not made.state.alarms["silent/network"].folded
    assert "silent/network" in [subject for _, subject in told(made, EventKind.ALARM_RAISED)]


def test_what_a_device_calls_abnormal_is_an_alarm_of_its_weight_while_it_says_so():
    made = on_the_grid()
    fan = DeviceAlarm(code="inverter/3", text="fan stands still", severity=Severity.HIGH)
    made.devices = {METER: DeviceHealth(link="rtu", alarms=(fan,))}
    assert made.tick().state.alarms["device/meter/inverter/3"].priority == HIGH
    made.devices = {METER: DeviceHealth(link="rtu")}
    assert made.tick().state.alarms == {}


def test_doubt_is_an_alarm_while_it_lasts():
    made = on_the_grid().says(tie(True, True, None)).advance(5.0)
    assert made.state.alarms["mode"].priority == HIGH
    made.says(tie(True, False, True)).advance(200.0)
    # a contradiction is not over until somebody has looked
    assert "mode" in made.state.alarms


def test_a_flag_against_closed_contacts_and_a_good_grid_is_told_and_nothing_else():
    made = on_the_grid().says(tie(True, False, False)).advance(10.0)
    assert {key: alarm.priority for key, alarm in made.state.alarms.items()} == {"tie": MEDIUM}
    assert made.mode is Mode.GRID_CONNECTED
    assert made.says(tie(True, False, True)).advance(1.0).state.alarms == {}


def test_giving_up_on_the_grid_asks_for_a_person():
    made = on_an_island()
    made.state = replace(made.state, reconnect=ReconnectMemory(failures=3))
    made.tick()
    assert made.state.alarms["reconnect"].priority == HIGH
