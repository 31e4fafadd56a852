"""A picture as metrics.  What is not known is left out: a gap in a curve is true, a zero would not be."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily, Metric

from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.picture import Picture
from hems.model.site import Tier
from hems.model.units import HOUR_S

TIERS: Mapping[Tier, str] = {tier: tier.name.lower() for tier in Tier}
PRIORITIES = ("HIGH", "MED", "LOW")
Row = tuple[tuple[str, ...], float | None]


def families(picture: Picture | None) -> Iterator[Metric]:
    """All there is to tell; without a picture no more than that there is none."""
    yield _gauge("hems_up", "1 while the daemon tells what it sees", picture is not None)
    if picture is None:
        return
    yield from _building(picture)
    yield from _states(picture)
    yield from _limits(picture)
    yield from _circuits(picture)
    yield from _cars(picture)
    yield from _health(picture)


def _building(picture: Picture) -> Iterator[Metric]:
    powers = {"grid": picture.grid_w, "load": picture.load_w, "pv": picture.pv_w}
    powers |= {"battery": picture.battery_w, "cars": picture.cars_w}
    what = "Power in watts: grid on import, PV, battery and cars when they feed the building, load when it draws"
    yield _rows("hems_power_watts", what, ("of",), [((of,), watts) for of, watts in powers.items()])
    volts = [((f"L{index}",), value) for index, value in enumerate(picture.grid_v, start=1)]
    yield _rows("hems_grid_volts", "Voltage of the utility's side, line to neutral", ("phase",), volts)
    yield _gauge(
        "hems_battery_charge_ratio", "State of charge of the batteries, 0 to 1", _ratio(picture.battery_soc_pct)
    )
    yield _gauge("hems_stored_charge_ratio", "Charge of what the island hangs on, 0 to 1", _ratio(picture.stored_pct))
    yield _gauge("hems_stored_watt_hours", "Energy that can be used now, above all floors", picture.stored_wh)
    yield _gauge(
        "hems_overload_dose_ratio", "Overload of the island's inverter: 0 is cool, 1 trips", picture.overload_dose
    )
    hours = zip(("earliest", "expected", "latest"), picture.essential_hours or (), strict=False)
    lasts = [((case,), hour * HOUR_S) for case, hour in hours]
    yield _rows("hems_essential_lasts_seconds", "How long the essential circuits can be served", ("case",), lasts)


def _states(picture: Picture) -> Iterator[Metric]:
    yield _one_of("hems_mode", "1 for the mode the building is in", "mode", Mode, picture.mode)
    yield _one_of("hems_grid_state", "1 for what the utility's side is", "state", Grid, picture.grid)
    yield _one_of("hems_tie_state", "1 for where the grid switch is", "state", TiePosition, picture.tie)
    yield _one_of("hems_bus_state", "1 for what the building's own side is", "state", Bus, picture.bus)
    yield _gauge("hems_mode_seconds", "Since the mode was entered", picture.mode_for_s)
    yield _gauge("hems_outage_seconds", "Since the power cut began, 0 without one", picture.outage_for_s or 0.0)


def _limits(picture: Picture) -> Iterator[Metric]:
    limits = picture.connection
    if limits is not None:
        rows: list[Row] = [(("import",), limits.import_w), (("export",), limits.export_w)]
        yield _rows("hems_limit_watts", "What may flow through the connection now", ("way",), rows)
        yield _gauge("hems_reserve_ratio", "Charge kept for a power cut, 0 to 1", _ratio(limits.reserve_pct))


def _circuits(picture: Picture) -> Iterator[Metric]:
    rows = {(one.id, one.name, TIERS[one.tier]): one for one in picture.circuits}
    labels = ("circuit", "name", "group")
    on = [(label, None if one.closed is None else float(one.closed)) for label, one in rows.items()]
    yield _rows("hems_circuit_on", "1 while its switch is closed; absent while that is not known", labels, on)
    watts = [(label, one.power_w) for label, one in rows.items()]
    yield _rows("hems_circuit_power_watts", "What it draws, measured or reckoned", labels, watts)
    kept = [(label, float(one.override_on is not None)) for label, one in rows.items()]
    yield _rows("hems_circuit_kept_by_hand", "1 while somebody keeps it on or off", labels, kept)
    ignored = [(label, float(one.disobeys)) for label, one in rows.items()]
    yield _rows("hems_circuit_disobeys", "1 while it does not do what it is told", labels, ignored)


def _cars(picture: Picture) -> Iterator[Metric]:
    rows = {(one.id, one.name): one for one in picture.cars}
    labels = ("bay", "name")
    plugged = [(label, None if one.state is None else float(one.state.has_car)) for label, one in rows.items()]
    yield _rows("hems_car_plugged", "1 while a car is plugged in", labels, plugged)
    watts = [(label, one.power_w) for label, one in rows.items()]
    yield _rows("hems_car_power_watts", "Positive when the car feeds the building", labels, watts)
    charge = [(label, _ratio(one.soc_pct)) for label, one in rows.items()]
    yield _rows("hems_car_charge_ratio", "State of charge, 0 to 1", labels, charge)
    free = [(label, one.free_wh) for label, one in rows.items()]
    yield _rows("hems_car_free_watt_hours", "What the building may take", labels, free)


def _health(picture: Picture) -> Iterator[Metric]:
    counts = [((name,), float(sum(one.priority == name for one in picture.alarms))) for name in PRIORITIES]
    yield _rows("hems_alarms", "Alarms that ask for somebody", ("priority",), counts)
    standing = [((one.key, one.priority), one.since_s) for one in picture.alarms]
    yield _rows("hems_alarm_seconds", "Since each alarm was raised", ("alarm", "priority"), standing)
    answers = [((one.id, one.link), float(one.lost_for_s is None)) for one in picture.devices]
    yield _rows("hems_device_up", "1 while the device answers", ("device", "link"), answers)
    armed = [((one.id,), float(one.armed and not one.reads_only)) for one in picture.devices]
    yield _rows("hems_device_armed", "1 while hems may command it", ("device",), armed)
    yield _gauge("hems_clock_known", "1 while the time of day is known to be right", picture.utc is not None)
    yield _rows("hems_info", "What runs here", ("site", "version"), [((picture.site, version("hems")), 1.0)])


def _gauge(name: str, what: str, value: float | bool | None) -> Metric:
    return _rows(name, what, (), [((), None if value is None else float(value))])


def _rows(name: str, what: str, labels: tuple[str, ...], rows: Iterable[Row]) -> Metric:
    family = GaugeMetricFamily(name, what, labels=labels)
    for label, value in rows:
        if value is not None:
            family.add_metric(label, value)
    return family


def _one_of(name: str, what: str, label: str, states: Iterable[str], now: str) -> Metric:
    return _rows(name, what, (label,), [((str(state),), float(state == now)) for state in states])


def _ratio(pct: float | None) -> float | None:
    return None if pct is None else pct / 100.0
