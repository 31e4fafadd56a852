"""How a building may stand when somebody looks: one view for each mode, and for what goes wrong besides."""

from dataclasses import replace
from typing import Any

from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.picture import AlarmPicture, CircuitPicture, DeviceState, OrderPicture, Picture
from hems.model.request import Task
from hems.model.site import Contact
from hems.tui.view import View
from tests.pictures import grid_returning, home, normal_day, power_cut, tiers, unknown

HEATING = AlarmPicture(
    key="circuits/heat_pump/closed/deaf",
    priority="HIGH",
    since_s=60.0,
    cause=Cause(Why.SHED_NOT_OBEYED),
    subject="circuits/heat_pump/closed",
)
METER = AlarmPicture(
    key="voltage_points/grid/frozen",
    priority="MED",
    since_s=90000.0,
    cause=Cause(Why.POINT_FROZEN),
    subject="voltage_points/grid",
    seen_by="Ana",
    seen_for_s=4300.0,
)
BAY = AlarmPicture(
    key="device/bay_2",
    priority="MED",
    since_s=6000.0,
    cause=Cause(Why.DEVICE_SILENT, {"device": "bay_2", "detail": "no answer in 0.5 s"}),
    subject="bay_2",
    gone_for_s=5000.0,
)
CONTRADICTION = (
    AlarmPicture(key="mode", priority="HIGH", since_s=12.0, cause=Cause(Why.TIE_INVALID), subject="mode"),
    AlarmPicture(
        key="device/tie_io",
        priority="MED",
        since_s=15.0,
        subject="tie_io",
        cause=Cause(Why.DEVICE_SILENT, {"device": "tie_io", "detail": "no answer in 0.5 s"}),
    ),
)
DARK = tuple(replace(row, power_w=0.0) for row in power_cut().circuits)


def in_the_dark(mode: Mode) -> Picture:
    """Nothing makes voltage."""
    return power_cut(
        circuits=DARK, tiers=tiers(DARK), mode=mode, mode_because=Cause(Why.BUS_DEAD), bus=Bus.DEAD,
        load_w=0.0, battery_w=0.0, cars_w=0.0, pv_w=0.0,
    )  # fmt: skip


def by_hand(picture: Picture, circuit: str, **changes: Any) -> Picture:
    """The picture with one circuit kept on by Ana for an hour."""
    kept: dict[str, Any] = {
        "wanted": True,
        "closed": True,
        "override_who": "Ana",
        "override_on": True,
        "override_reason": "newborn in 3B",
        "override_left_s": 3580.0,
    }
    rows = [replace(one, **kept | changes) if one.id == circuit else one for one in picture.circuits]
    return replace(picture, circuits=tuple(rows))


def with_departures(picture: Picture) -> Picture:
    """A car whose driver has told when it leaves, and one that goes first and leaves when cars usually do."""
    told: dict[str, dict[str, Any]] = {
        "bay_1": {"target_pct": 90.0, "leaves_in_s": 61_080.0, "due_in_s": 61_080.0},
        "bay_2": {"first": True, "due_in_s": 10_680.0},
    }
    return replace(picture, cars=tuple(replace(car, **told.get(car.id, {})) for car in picture.cars))


def with_reasons(picture: Picture) -> Picture:
    """Cars that say why, a device that is silent, one that complains and one that is only watched."""
    reasons = {
        "bay_1": Cause(Why.SUPPORT_ISLAND, {"value": 3300.0}),
        "bay_2": Cause(Why.CAR_AT_FLOOR, {"value": 0.0}),
    }
    cars = tuple(replace(car, because=reasons.get(car.id)) for car in picture.cars)
    odd: dict[str, dict[str, Any]] = {
        "laundry_plug": {
            "lost_for_s": 2460.0,
            "detail": "no answer in 2 s",
            "state": DeviceState.LOST,
            "bad_share": 0.7,
        },
        "hybrid": {"alarms": ("battery is warm",), "bad_share": 0.002},
        "utility_meter": {"state": DeviceState.SLOW, "bad_share": 0.081},
        "roof": {"armed": False},
    }
    devices = tuple(replace(device, **odd.get(device.id, {})) for device in picture.devices)
    return replace(picture, cars=cars, devices=devices)


def troubled() -> Picture:
    """A power cut with alarms in four states, a circuit that disobeys, one that is silent and one kept on by hand."""
    odd: dict[str, dict[str, Any]] = {
        "gym": {"disobeys": True, "closed": True, "power_w": 1300.0},
        "kitchen": {"closed": None, "power_w": None},
        "sump_pump": {"by_hand": True},
        "door_entry": {"switchable": False, "sheddable": False, "closed": None},
    }
    picture = by_hand(power_cut(), "laundry", power_w=2800.0)
    rows: list[CircuitPicture] = [replace(one, **odd.get(one.id, {})) for one in picture.circuits]
    alarms = (HEATING, METER, *picture.alarms)
    grouped: dict[str, Any] = {"circuits": tuple(rows), "tiers": tiers(tuple(rows))}
    grouped["contacts"] = (
        Contact(whom="Electrician", name="Meyer & Daughter", phone="+44 20 7946 0123"),
        Contact(whom="Lift company", name="", phone="+44 20 7946 0199"),
    )
    return with_reasons(replace(picture, alarms=alarms, alarms_gone=(BAY,), **grouped))


def ordered(picture: Picture, task: Task, left_s: float | None = 6600.0) -> Picture:
    """Somebody has ordered something of the whole building."""
    order = OrderPicture(task=task, who="Ana", reason="fire brigade asks for it", begins_in_s=0.0, left_s=left_s)
    return replace(picture, orders=(*picture.orders, order))


RESTORING = power_cut(
    mode=Mode.RECONNECTED_RESTORING,
    mode_because=Cause(Why.TIE_CLOSED),
    grid=Grid.GOOD,
    tie=TiePosition.CLOSED,
    outage_for_s=None,
    grid_w=9800.0,
    grid_v=(231.0, 230.0, 229.0),
    battery_w=-2000.0,
    alarms=(),
)
FAULT = power_cut(
    mode=Mode.FAULT_SAFE,
    mode_because=Cause(Why.TIE_INVALID),
    tie=TiePosition.INVALID,
    outage_for_s=None,
    alarms=CONTRADICTION,
)

PICTURES = {
    "starting": unknown(),
    "normal_day": normal_day(),
    "grid_not_seen": normal_day(
        mode=Mode.GRID_CONNECTED_DEGRADED, mode_for_s=600.0, mode_because=Cause(Why.GRID_UNKNOWN), grid=Grid.UNKNOWN,
        grid_v=(None, None, None), grid_w=None,
    ),
    "grid_unsteady": normal_day(
        mode=Mode.GRID_DISTURBED, mode_for_s=40.0, mode_because=Cause(Why.GRID_OUT_OF_WINDOW), grid=Grid.BAD,
        grid_v=(184.0, 229.0, 230.0),
    ),
    "settling": power_cut(
        mode=Mode.ISLANDED_STABILIZING, mode_for_s=3.0, outage_for_s=4.0, mode_because=Cause(Why.TIE_OPENED)
    ),
    "departures": with_departures(normal_day()),
    "power_cut": power_cut(),
    "troubled": troubled(),
    "grid_returning": grid_returning(),
    "generator_runs_on": grid_returning(qualifying_left_s=0.0, generator_left_s=1440.0),
    "reconnecting": grid_returning(
        mode=Mode.RECONNECTING, mode_for_s=4.0, mode_because=Cause(Why.GRID_QUALIFIED), grid=Grid.GOOD,
        qualifying_left_s=None,
    ),
    "restoring": RESTORING,
    "blackout": in_the_dark(Mode.BLACKOUT),
    "blackout_grid_back": replace(in_the_dark(Mode.BLACKOUT_GRID_AVAILABLE), grid=Grid.GOOD, grid_v=(230.0,) * 3),
    "black_start": replace(in_the_dark(Mode.BLACK_START), mode_because=Cause(Why.BLACK_START)),
    "leaving_the_grid": ordered(
        normal_day(mode=Mode.ISLANDING_PLANNED, mode_for_s=20.0, mode_because=Cause(Why.ISLAND_ASKED)), Task.ISLAND
    ),
    "fault": FAULT,
    "maintenance": ordered(
        normal_day(mode=Mode.MAINTENANCE, mode_for_s=1800.0, mode_because=Cause(Why.MAINTENANCE)),
        Task.MAINTENANCE,
        None,
    ),
    "home": home(car_forms="Garage"),
    "watching_only": power_cut(armed=False),
    "no_clock": power_cut(utc=None),
    "red_button": power_cut(by_hand=True),
    "evacuation": ordered(power_cut(), Task.EVACUATION, None),
}  # fmt: skip

STATES = {name: View(picture=picture, may_operate=True) for name, picture in PICTURES.items()} | {
    "contact_lost": View(picture=power_cut(), lost_for_s=754.0, reason="HEMS has closed the connection."),
    "lost_just_now": View(picture=normal_day(), lost_for_s=9.0, reason="HEMS has closed the connection."),
    "kept_from_yesterday": View(picture=normal_day(), lost_for_s=86000.0, reason="HEMS does not run here."),
    "never_seen": View(lost_for_s=2.0, reason="HEMS does not run here: nothing answers at /run/hems/view.sock."),
    "only_looking": View(picture=power_cut()),
    "frozen": View(picture=power_cut(), frozen=True, may_operate=True),
}
