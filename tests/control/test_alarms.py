"""What asks a person to act, raised once and cleared once."""

from dataclasses import replace

from hems.control.alarms import HIGH, MEDIUM
from hems.control.memory.acting import ReconnectMemory
from hems.model.event import EventKind
from hems.model.mode import Mode
from hems.model.snapshot import DeviceAlarm, DeviceHealth, Severity
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
