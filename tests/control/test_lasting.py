"""Made to last: fewer tiers as soon as the energy would not last, more only after a while and with some to spare."""

from dataclasses import replace
from math import inf

import pytest

from hems.control.lasting import ALL, Lasting, lasting
from hems.control.params import BandParams, Params
from hems.control.state import ControlState, ModeMemory, initial
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.site import Tier
from hems.model.units import SourceId
from tests.control.panel import snapshot
from tests.given import flats

SITE = flats()
TYPICAL = {one.id: one.typical_w for one in SITE.circuits}
FOUR_HOURS = Params(band=BandParams(target_h=4.0))
"""The tiers up to life safety, critical, essential, ... draw 3.8, 7.0, 14.2, 22.6, 30.6 and 36.6 kW together."""


def on_island(tier: Tier, better_since_s: float | None = None, mode: Mode = Mode.ISLANDED) -> ControlState:
    state = initial(0.0)
    return replace(state, mode=ModeMemory(mode=mode), lasting_tier=int(tier), lasting_better_since_s=better_since_s)


def lasts(state: ControlState, soc_pct: float | None, now_s: float = 1000.0, params: Params = FOUR_HOURS) -> Lasting:
    seen = snapshot(SITE, {wiring.battery_soc(SourceId("main")): soc_pct}, now_s)
    return lasting(SITE, state, seen, TYPICAL, params, now_s)


@pytest.mark.parametrize(
    ("soc_pct", "least"),
    [
        (100.0, Tier.ESSENTIAL),  # 76 kWh carry 19 kW for four hours
        (80.0, Tier.ESSENTIAL),  # 15 kW
        (75.0, Tier.CRITICAL),  # 14 kW
        (20.0, Tier.CRITICAL),  # 3 kW: less than the critical ones need, which go by the bands only
    ],
)
def test_what_would_not_last_goes_at_once(soc_pct: float, least: Tier) -> None:
    assert lasts(on_island(Tier.FLEXIBLE), soc_pct).least is least


def test_what_comes_back_needs_a_fifth_more_for_a_quarter_of_an_hour() -> None:
    # given only critical circuits served, and energy for the essential ones without anything to spare
    assert lasts(on_island(Tier.CRITICAL), 80.0) == Lasting(Tier.CRITICAL)
    # when there is a fifth more (17.04 kW), it begins to wait
    waiting = lasts(on_island(Tier.CRITICAL), 95.0, 1000.0)
    assert waiting == Lasting(Tier.CRITICAL, 1000.0, 1900.0)
    # then they come back after a quarter of an hour, and no others
    state = on_island(Tier.CRITICAL, waiting.better_since_s)
    assert lasts(state, 95.0, 1899.0).least is Tier.CRITICAL
    assert lasts(state, 95.0, 1900.0).least is Tier.ESSENTIAL


def test_a_store_that_cannot_be_read_changes_nothing() -> None:
    assert lasts(on_island(Tier.COMFORT), None) == Lasting(Tier.COMFORT)


def test_on_the_grid_and_without_a_target_only_the_bands_count() -> None:
    assert lasts(on_island(Tier.CRITICAL, mode=Mode.GRID_CONNECTED), 30.0) == ALL
    assert lasts(on_island(Tier.CRITICAL), 30.0, params=Params()) == ALL
    assert Lasting(Tier.FLEXIBLE, None, inf) == ALL
