"""Until when, while less important circuits go off on the way down."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.control.params import Params
from hems.control.reach import Stored, fuelled, hours_until_off, served, stored
from hems.control.tuning.island import BandParams
from hems.model import wiring
from hems.model.site import Generator, Tier
from hems.model.units import SourceId
from hems.sim.start import Car
from tests import given as a
from tests.control import pencil
from tests.control.panel import car, snapshot

BANDS = BandParams()
DRAWS = {
    Tier.LIFE_SAFETY: 1000.0,
    Tier.CRITICAL: 1000.0,
    Tier.ESSENTIAL: 2000.0,
    Tier.COMFORT: 4000.0,
    Tier.NON_ESSENTIAL: 2000.0,
}


def test_each_band_lasts_longer_than_the_one_before_because_less_is_served() -> None:
    # given 800 Wh a percent at 60 %
    store = Stored(60.0, 800.0)
    # then 10 % at 10 kW, 30 % at 8 kW, 10 % at 4 kW and so on
    assert hours_until_off(Tier.NON_ESSENTIAL, store, DRAWS, 0.0, BANDS) == pytest.approx(0.8)
    assert hours_until_off(Tier.COMFORT, store, DRAWS, 0.0, BANDS) == pytest.approx(0.8 + 3.0)
    assert hours_until_off(Tier.ESSENTIAL, store, DRAWS, 0.0, BANDS) == pytest.approx(0.8 + 3.0 + 2.0)
    assert hours_until_off(Tier.CRITICAL, store, DRAWS, 0.0, BANDS) == pytest.approx(0.8 + 3.0 + 2.0 + 2.0)
    assert hours_until_off(Tier.LIFE_SAFETY, store, DRAWS, 0.0, BANDS) == pytest.approx(0.8 + 3.0 + 2.0 + 2.0 + 4.0)


def test_the_sun_stretches_a_band_or_makes_it_last_for_ever() -> None:
    store = Stored(60.0, 800.0)
    assert hours_until_off(Tier.NON_ESSENTIAL, store, DRAWS, 2000.0, BANDS) == pytest.approx(1.0)
    assert hours_until_off(Tier.NON_ESSENTIAL, store, DRAWS, 10_000.0, BANDS) == inf


def test_a_tier_that_the_charge_no_longer_covers_has_no_hours_left() -> None:
    assert hours_until_off(Tier.NON_ESSENTIAL, Stored(45.0, 800.0), DRAWS, 0.0, BANDS) == 0.0


def test_fuel_holds_the_charge_for_whatever_is_still_on_when_the_generator_starts() -> None:
    # given 60 kWh of fuel for a generator that starts at 25 %, of 20 kW or of less than all 10 kW that are wanted
    bare = Stored(60.0, 800.0)
    strong = replace(bare, fuel_wh=60_000.0, fuel_pct=25.0, fuel_w=20_000.0)
    weak = replace(strong, fuel_w=9_000.0)

    def gained(store: Stored, tier: Tier) -> float:
        without = hours_until_off(tier, replace(store, fuel_wh=0.0), DRAWS, 0.0, BANDS)
        return hours_until_off(tier, store, DRAWS, 0.0, BANDS) - without

    # then what goes off above that gains nothing, and all else the hours that it runs
    assert gained(strong, Tier.NON_ESSENTIAL) == 0.0
    assert [gained(strong, tier) for tier in Tier if tier <= Tier.COMFORT] == pytest.approx([6.0] * 4)
    # and one that could not carry the building is not counted on
    assert {gained(weak, tier) for tier in Tier if tier <= Tier.COMFORT} == {0.0}
    # nor for what is off already
    assert gained(replace(strong, pct=15.0), Tier.COMFORT) == 0.0
    assert gained(replace(strong, pct=15.0), Tier.ESSENTIAL) == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("pct", "least"),
    [
        (80.0, Tier.NON_ESSENTIAL),
        (50.0, Tier.COMFORT),
        (20.0, Tier.ESSENTIAL),
        (10.0, Tier.CRITICAL),
        (5.0, Tier.LIFE_SAFETY),
    ],
)
def test_what_is_served_follows_the_bands(pct: float, least: Tier) -> None:
    assert served(pct, BANDS) is least


def test_cars_make_every_percent_of_the_battery_worth_more() -> None:
    # given an 80 kWh battery at 62 % and a 60 kWh car that may give down to 43 %
    building = a.building(cars={"bay_1": Car(soc_pct=73.0)})
    seen = building.ticks[-1].snapshot
    store = stored(building.site, seen, Params(), building.plant.t_s)
    # then its 18 kWh are spread over the percents above shutdown
    assert store is not None
    soc_pct = seen.bays[building.site.bays[0].id].soc_pct.value
    assert soc_pct is not None
    free_wh = (soc_pct - 43.0) / 100.0 * 60_000.0
    assert store.wh_per_pct == pytest.approx(800.0 + free_wh / (store.pct - 5.0))


@given(st.floats(5.0, 100.0), st.floats(100.0, 2000.0), st.floats(0.0, 5000.0))
def test_a_more_important_tier_is_never_off_before_a_less_important_one(pct: float, wh: float, sun_w: float) -> None:
    tiers = [Tier.NON_ESSENTIAL, Tier.COMFORT, Tier.ESSENTIAL, Tier.CRITICAL, Tier.LIFE_SAFETY]
    hours = [hours_until_off(tier, Stored(pct, wh), DRAWS, sun_w, BANDS) for tier in tiers]
    assert hours == sorted(hours)


# With a pencil --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sun_w", "hours"), [(9999.0, inf), (9998.9, 800.0 * 10.0 / 1.1)])
def test_a_need_of_a_watt_is_none(sun_w: float, hours: float) -> None:
    assert hours_until_off(Tier.NON_ESSENTIAL, Stored(60.0, 800.0), DRAWS, sun_w, BANDS) == pytest.approx(hours)


@pytest.mark.parametrize(
    ("fuel_w", "sun_w", "hours"),
    [
        pytest.param(10_000.0, 0.0, 6.0, id="all it can carry"),
        pytest.param(9_999.0, 0.0, 0.0, id="a watt too little"),
        pytest.param(9_999.0, 4_000.0, 10.0, id="the sun helps"),
        pytest.param(9_999.0, 9_998.0, 30_000.0, id="two watts are left"),
        pytest.param(9_999.0, 9_999.0, 0.0, id="nothing to carry"),
    ],
)
def test_fuel_lasts_as_long_as_it_carries_what_a_full_store_serves(fuel_w: float, sun_w: float, hours: float) -> None:
    # given a store at 5 %, where only life safety is on, below the start of the generator at 25 %: 4 kWh for 1 kW
    store = Stored(5.0, 800.0, fuel_wh=60_000.0, fuel_pct=25.0, fuel_w=fuel_w)
    draws = DRAWS | {Tier.LIFE_SAFETY: 1000.0 + sun_w, Tier.NON_ESSENTIAL: 2000.0 - sun_w}
    bare = hours_until_off(Tier.LIFE_SAFETY, replace(store, fuel_wh=0.0), draws, sun_w, BANDS)
    assert bare == pytest.approx(4.0)
    assert hours_until_off(Tier.LIFE_SAFETY, store, draws, sun_w, BANDS) == pytest.approx(bare + hours)


@pytest.mark.parametrize(
    ("level_pct", "quiet", "wh", "starts_pct"),
    [
        pytest.param(50.0, (0.0, 0.0), 20_000.0, 25.0, id="half a tank"),
        pytest.param(50.0, (22.0, 6.0), 20_000.0, 20.0, id="by night in need only"),
        pytest.param(120.0, (0.0, 0.0), 40_000.0, 25.0, id="no more than full"),
        pytest.param(-3.0, (0.0, 0.0), 0.0, 0.0, id="no less than empty"),
        pytest.param(None, (0.0, 0.0), 0.0, 0.0, id="unread"),
    ],
)
def test_what_is_in_the_tank_counts_where_the_generator_may_start(
    level_pct: float | None, quiet: tuple[float, float], wh: float, starts_pct: float
) -> None:
    site = a.flats(generator=Generator(name="Generator", rated_w=12_000.0, separated=True, tank_wh=40_000.0))
    own = replace(Params().generator, quiet_from_h=quiet[0], quiet_to_h=quiet[1])
    there = snapshot(site, {wiring.GENERATOR_FUEL: level_pct})
    store = fuelled(Stored(60.0, 800.0), site, pencil.state(), there, replace(Params(), generator=own), 0.0)
    assert store == Stored(60.0, 800.0, wh, starts_pct, 12_000.0 if wh else 0.0)
    assert fuelled(None, site, pencil.state(), there, Params(), 0.0) is None


def test_the_store_of_a_forming_car_is_what_it_has_above_its_floor() -> None:
    # given a car of 60 kWh at 71 % that keeps 40 %, and 3 for what is unknown: half of its 57 % is left
    site = a.flats()
    forms = replace(site, former=replace(site.former, source=site.bays[0].id))
    seen = snapshot(forms, car("bay_1", 71.5) | car("bay_2", 63.0))
    store = stored(forms, seen, Params(), 0.0)
    assert store is not None
    assert store.pct == pytest.approx(50.0)
    # 1 % of that is 342 Wh, and the other car adds 10 % of its 60 kWh over the 45 % down to shutdown
    assert store.wh_per_pct == pytest.approx(342.0 + 6000.0 / 45.0)
    blind = snapshot(forms, car("bay_1", 71.5) | {wiring.bay_capacity(SourceId("bay_1")): None})
    bare = stored(forms, blind, Params(), 0.0)
    assert bare is not None
    assert bare.wh_per_pct == pytest.approx(0.57 * 500.0)
    assert stored(site, snapshot(site, {wiring.battery_soc(SourceId("main")): None}), Params(), 0.0) is None


def test_near_its_end_what_cars_add_is_spread_over_one_percent() -> None:
    site = a.flats()
    values = car("bay_1", 53.0) | {wiring.battery_soc(SourceId("main")): 5.5}
    store = stored(site, snapshot(site, values), Params(), 0.0)
    assert store is not None
    assert store.wh_per_pct == pytest.approx(800.0 + 6000.0)
