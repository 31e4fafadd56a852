"""What an island lives on: the former's own store, batteries beside it that can be asked, cars above their floors."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.control import reach
from hems.control.stored import batteries_pct, former_pct, store_pct, usable_wh
from hems.model import wiring
from hems.model.site import Site
from hems.model.units import SourceId
from tests.control.panel import car, snapshot
from tests.control.pencil import PARAMS
from tests.given import flats

MAIN, SECOND = SourceId("main"), SourceId("second")
OWN = flats().batteries[0]
BESIDE = replace(OWN, id=SECOND, capacity_wh=20_000.0, shutdown_pct=10.0, controllable=True)
ALONE = flats()
BOTH = flats(batteries=(OWN, BESIDE))
DEAF = flats(batteries=(OWN, replace(BESIDE, controllable=False)))
"""The second battery goes its own way: nobody can ask it for anything."""
FORMS = replace(ALONE, former=replace(ALONE.former, source=ALONE.bays[0].id))


def levels(main_pct: float | None, second_pct: float | None) -> dict[wiring.Role, float | None]:
    return {wiring.battery_soc(MAIN): main_pct, wiring.battery_soc(SECOND): second_pct}


@pytest.mark.parametrize(
    ("site", "main_pct", "second_pct", "pct"),
    [
        pytest.param(ALONE, 55.0, None, 55.0, id="a battery alone"),
        pytest.param(BOTH, 50.0, 100.0, 60.0, id="both by what they hold"),
        pytest.param(BOTH, 35.0, 95.0, (47.0 + 35.0) / 2.0, id="the former's own is on its way to be low"),
        pytest.param(BOTH, 20.0, 95.0, 20.0, id="it is low, and the island goes dark with it"),
        pytest.param(BOTH, 15.0, 5.0, 13.0, id="both are low"),
        pytest.param(BOTH, 50.0, None, 50.0, id="who does not tell is not asked"),
        pytest.param(BOTH, None, 95.0, None, id="nobody knows what the former has"),
        pytest.param(DEAF, 50.0, 100.0, 50.0, id="who cannot be asked does not count"),
    ],
)
def test_how_full_the_store_of_an_island_is(
    site: Site, main_pct: float | None, second_pct: float | None, pct: float | None
):
    there = snapshot(site, levels(main_pct, second_pct))
    assert store_pct(site, there, PARAMS, 0.0) == (None if pct is None else pytest.approx(pct))
    assert former_pct(site, there, PARAMS.car, 0.0) == main_pct


@given(main_pct=st.floats(0.0, 100.0), second_pct=st.floats(0.0, 100.0))
def test_a_battery_beside_a_low_former_never_makes_the_island_careless(main_pct: float, second_pct: float):
    found = store_pct(BOTH, snapshot(BOTH, levels(main_pct, second_pct)), PARAMS, 0.0)
    assert found is not None
    assert min(main_pct, second_pct) - 1e-9 <= found <= max(main_pct, second_pct) + 1e-9
    assert main_pct > PARAMS.band.critical_pct or found <= main_pct + 1e-9


def test_of_a_forming_car_the_store_is_what_lies_above_its_floor():
    # given a car that keeps 40 %, and a margin of 3 %
    for soc_pct, pct in ((71.5, 50.0), (43.0, 0.0), (30.0, 0.0), (100.0, 100.0)):
        assert store_pct(FORMS, snapshot(FORMS, car("bay_1", soc_pct)), PARAMS, 0.0) == pytest.approx(pct)
    assert store_pct(FORMS, snapshot(FORMS, {}), PARAMS, 0.0) is None
    # and a battery beside it that can be asked counts with it: 34.2 kWh above the floor, and 20 kWh
    beside = replace(FORMS, batteries=(BESIDE,))
    there = snapshot(beside, car("bay_1", 71.5) | levels(None, 100.0))
    assert store_pct(beside, there, PARAMS, 0.0) == pytest.approx((34.2 * 50.0 + 20.0 * 100.0) / 54.2)


@pytest.mark.parametrize("keeps_pct", [96.9, 97.0, 98.0, 100.0])
def test_a_forming_car_whose_driver_keeps_all_has_nothing(keeps_pct: float):
    keeps = replace(FORMS, bays=(replace(FORMS.bays[0], floor_pct=keeps_pct), *FORMS.bays[1:]))
    there = snapshot(keeps, car("bay_1", 60.0))
    assert store_pct(keeps, there, PARAMS, 0.0) == 0.0
    lasts = reach.stored(keeps, there, PARAMS, 0.0)
    assert lasts is not None
    assert lasts.wh_per_pct >= 0.0


def test_what_can_be_given_is_above_what_stops_and_above_what_drivers_keep():
    # given 50 % of 80 kWh, 20 % of 20 kWh, and a car of 60 kWh with 10 % above its floor
    values = levels(55.0, 30.0) | car("bay_1", 53.0)

    def wh(site: Site, **more: object) -> float | None:
        return usable_wh(site, snapshot(site, values | more.pop("but", {})), PARAMS.car, 0.0, **more)  # type: ignore[arg-type,call-overload]

    assert wh(BOTH) == pytest.approx(40_000.0 + 4000.0 + 6000.0)
    assert wh(DEAF) == pytest.approx(40_000.0 + 6000.0)
    assert wh(BOTH, uncounted={SourceId("bay_1")}) == pytest.approx(44_000.0)
    # then of what cannot be read nothing counts, and nothing is known without the former's own
    assert wh(BOTH, but={wiring.battery_soc(SECOND): None}) == pytest.approx(46_000.0)
    assert wh(BOTH, but={wiring.battery_soc(MAIN): None}) is None
    assert wh(BOTH, but={wiring.bay_state(SourceId("bay_1")): None}) == pytest.approx(44_000.0)
    assert wh(BOTH, but={wiring.bay_capacity(SourceId("bay_1")): None}) == pytest.approx(44_000.0 + 5000.0)
    # nor is there less than nothing below what stops
    assert usable_wh(ALONE, snapshot(ALONE, levels(4.0, None)), PARAMS.car, 0.0) == 0.0


def test_people_are_shown_all_batteries_together_whoever_can_ask_them():
    there = snapshot(DEAF, levels(50.0, 100.0))
    assert batteries_pct(DEAF, there, 0.0) == pytest.approx(60.0)
    assert batteries_pct(DEAF, snapshot(DEAF, levels(50.0, None)), 0.0) is None
    none = flats(batteries=())
    assert batteries_pct(none, snapshot(none, {}), 0.0) is None
