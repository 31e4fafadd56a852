"""Until when, while less important circuits go off on the way down."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.control.params import Params
from hems.control.reach import Stored, hours_until_off, served, stored
from hems.control.tuning.island import BandParams
from hems.model.site import Tier
from hems.sim.start import Car
from tests import given as a

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
