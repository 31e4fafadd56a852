"""Flexible circuits go off on the grid when a limit cannot be met otherwise, and come back when there is room."""

from hems.model import wiring
from hems.model.cause import Why
from hems.model.units import CircuitId
from tests.control.dispatch.street import Street, connected_site

HOT_WATER = wiring.circuit_closed(CircuitId("hot_water"))


def crowded(house_w: float, soc_pct: float = 80.0) -> Street:
    street = Street(connected_site(import_max_w=20_000.0), house_w=house_w, soc_pct=soc_pct)
    return street.says({wiring.circuit_power(CircuitId("hot_water")): 6000.0})


def test_the_battery_goes_first():
    street = crowded(24_000.0).lives(30)
    assert street.told_w(wiring.battery_power(street.site.batteries[0].id)) > 0.0
    assert HOT_WATER not in street.state.sent


def test_without_a_battery_to_help_what_can_wait_goes_off_within_a_second():
    # given a battery at its reserve, and 4 kW too much
    street = crowded(15_000.0, soc_pct=59.0).lives(10)
    street.house_w = 24_000.0
    street.lives(1)
    # then hot water is told to open, because of the agreed capacity
    assert street.state.sent[HOT_WATER].value is False
    assert street.state.sent[HOT_WATER].cause.why is Why.LIMIT_AGREED


def test_nothing_else_goes_off_however_much_is_drawn():
    street = crowded(60_000.0, soc_pct=59.0).lives(30)
    off = [role for role, entry in street.state.sent.items() if role.endswith("/closed") and entry.value is False]
    assert off == [HOT_WATER]


def test_it_comes_back_only_where_it_fits():
    street = crowded(24_000.0, soc_pct=59.0).lives(5)
    street.says({wiring.circuit_closed(CircuitId("hot_water")): False})
    # when the others leave 2 kW of room, it waits
    street.house_w = 18_000.0
    street.lives(600, every_s=10)
    assert True not in [one.value for _, one in street.commands(HOT_WATER)]
    # when they leave 10 kW, it comes back
    street.house_w = 10_000.0
    street.lives(300, every_s=10)
    assert True in [one.value for _, one in street.commands(HOT_WATER)]
