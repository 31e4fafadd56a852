"""Made to last: what is not worth its energy rests before any band says so, with its cause, and does not flap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hems.control import lasting, turns
from hems.control.cars import usual
from hems.control.energy import Band
from hems.control.given import Given
from hems.control.memory.acting import GeneratorMemory
from hems.control.memory.seeing import ModeMemory
from hems.control.memory.using import Habits, SavingMemory
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.control.tuning.island import BandParams
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Generator, Phase, Tier
from hems.model.units import CircuitId, SourceId
from tests.control.panel import snapshot
from tests.given import circuit, flats

SITE = flats()
PARAMS, NOTHING_SAVED = Params(), SavingMemory()
EVENING = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
SUN = (0,) * 6 + (9000,) * 12 + (0,) * 6
"""W from six to six."""
KNOWN = Habits(
    loads_w={one.id: (round(0.5 * one.typical_w),) * 48 for one in SITE.circuits}, suns_w=(SUN, SUN, SUN), hour=0
)
"""Critical circuits draw 3.5 kW, with the essential ones 7.1, 11.3, 15.3 and 18.3 kW."""


def on_island(known: Habits = KNOWN, saving: SavingMemory = NOTHING_SAVED) -> ControlState:
    return replace(initial(0.0), mode=ModeMemory(mode=Mode.ISLANDED), habits=known, saving=saving)


def lasts(
    soc_pct: float | None,
    state: ControlState | None = None,
    utc: datetime | None = EVENING,
    params: Params = PARAMS,
    now_s: float = 1000.0,
    local_h: float | None = None,
    engine: Generator | None = None,
    fuel_pct: float | None = None,
) -> SavingMemory:
    values = {wiring.battery_soc(SourceId("main")): soc_pct, wiring.GENERATOR_FUEL: fuel_pct}
    seen = snapshot(SITE, values, now_s, local_h=local_h)
    given = Given(replace(SITE, generator=engine), seen, params, Instant(now_s, utc))
    return lasting.lasting(given, state or on_island(), 1.0).memory


def served(memory: SavingMemory) -> set[Tier]:
    return {one.tier for one in SITE.circuits if one.id not in memory.resting}


def test_a_full_battery_in_the_evening_is_for_what_matters_and_an_emptier_one_for_less() -> None:
    full, half, low = lasts(100.0), lasts(60.0), lasts(20.0)
    assert served(full) >= {Tier.LIFE_SAFETY, Tier.CRITICAL, Tier.ESSENTIAL}
    assert served(low) <= {Tier.LIFE_SAFETY, Tier.CRITICAL, Tier.ESSENTIAL}
    assert full.resting <= half.resting <= low.resting
    assert full.price is not None
    assert half.price is not None
    assert full.price < half.price


def test_in_the_morning_the_sun_ahead_counts() -> None:
    morning = lasts(60.0, utc=EVENING + timedelta(hours=13))
    assert morning.resting < lasts(60.0).resting


def test_a_car_that_is_as_good_as_certain_to_come_home_lets_more_be_served() -> None:
    # given six days on which the car of bay 1 came at eight with 20 kWh to spare, and a battery of 80 kWh
    known = usual.NEVER
    for day in range(6):
        known = usual.came(known, 20_000.0, EVENING.replace(hour=20) - timedelta(days=6 - day))
    waiting = replace(on_island(), usual={SourceId("bay_1"): known})
    alone, expecting = lasts(60.0).price, lasts(60.0, waiting, local_h=18.0).price
    assert alone is not None
    assert expecting is not None
    assert expecting < 0.8 * alone
    # then nothing of it is counted where nobody knows the hour
    assert lasts(60.0, waiting).price == alone


ENGINE = Generator(name="Generator", rated_w=20_000.0, separated=True, tank_wh=200_000.0)


def test_fuel_in_the_tank_lets_more_be_served() -> None:
    # given a generator that makes 100 kWh of the half of its tank, and a battery of 80 kWh
    alone, fuelled = lasts(60.0), lasts(60.0, engine=ENGINE, fuel_pct=50.0)
    assert alone.price is not None
    assert fuelled.price is not None
    assert fuelled.price < 0.8 * alone.price
    assert fuelled.resting < alone.resting


@pytest.mark.parametrize(
    ("engine", "fuel_pct", "memory"),
    [
        (ENGINE, None, GeneratorMemory()),
        (ENGINE, 0.0, GeneratorMemory()),
        (ENGINE, 50.0, GeneratorMemory(failures=1)),
        (replace(ENGINE, separated=False), 50.0, GeneratorMemory()),
        (replace(ENGINE, tank_wh=0.0), 50.0, GeneratorMemory()),
    ],
    ids=["level not known", "empty", "its last start failed", "it might meet the grid", "tank not known"],
)
def test_fuel_that_may_not_come_counts_as_nothing(
    engine: Generator, fuel_pct: float | None, memory: GeneratorMemory
) -> None:
    state = replace(on_island(), generator=memory)
    assert lasts(60.0, state, engine=engine, fuel_pct=fuel_pct).price == lasts(60.0).price


def test_critical_circuits_never_rest_for_the_sake_of_energy() -> None:
    assert served(lasts(6.0)) >= {Tier.LIFE_SAFETY, Tier.CRITICAL}


@pytest.mark.parametrize(
    ("state", "utc", "params"),
    [
        (on_island(Habits(suns_w=(SUN, SUN))), EVENING, Params()),
        (on_island(), None, Params()),
        (on_island(), EVENING, Params(band=BandParams(expect_h=0.0))),
        (replace(on_island(), mode=ModeMemory(mode=Mode.GRID_CONNECTED)), EVENING, Params()),
    ],
    ids=["a building not seen for three days", "no clock", "switched off", "on the grid"],
)
def test_otherwise_only_the_bands_count(state: ControlState, utc: datetime | None, params: Params) -> None:
    memory = lasts(30.0, state, utc, params)
    assert memory.price is None
    assert memory.resting == frozenset()


def test_while_the_store_cannot_be_read_everything_stays_as_it_is() -> None:
    before = lasts(60.0)
    after = lasts(None, on_island(saving=before), now_s=2000.0)
    assert (after.price, after.resting) == (before.price, before.resting)


def test_the_price_is_found_once_a_minute() -> None:
    before = lasts(60.0)
    assert lasts(20.0, on_island(saving=before), now_s=1030.0).price == before.price
    assert lasts(20.0, on_island(saving=before), now_s=1061.0).price != before.price


def test_a_price_that_trembles_switches_nothing() -> None:
    # given a price at which half a circuit more or less of a group of two would be served
    memory = SavingMemory(price=10.75, solved_s=1000.0)
    counts = set()
    for look in range(40):
        trembling = replace(memory, price=10.75 * (1.03 if look % 2 else 0.97), solved_s=1000.0 + look)
        memory = lasts(60.0, on_island(saving=trembling), now_s=1001.0 + look)
        counts.add(memory.served.get(Tier.COMFORT))
    # then their number is the same all the time
    assert len(counts) == 1


def test_who_rests_is_told_until_when_or_that_it_is_somebody_elses_turn() -> None:
    memory = replace(SavingMemory(), resting=frozenset({CircuitId("laundry"), CircuitId("gym")}), served={4: 0})
    sunrise = EVENING + timedelta(hours=12)
    causes = lasting.causes(SITE, replace(memory, sunrise=sunrise))
    assert causes[CircuitId("gym")].why is Why.KEPT_FOR_LATER
    assert causes[CircuitId("gym")].facts == {"sun_utc": sunrise.isoformat()}
    turn = lasting.causes(SITE, replace(memory, served={4: 1}, resting=frozenset({CircuitId("gym")})))
    assert turn[CircuitId("gym")].why is Why.NOT_ITS_TURN
    # and whoever lives there is told how many can be served, and who has done without for how long
    told = replace(memory, served={4: 1}, missed_h={CircuitId("gym"): 0.5, CircuitId("laundry"): 2.0})
    assert lasting.causes(SITE, told)[CircuitId("gym")].facts == {
        "served": 1,
        "of": 2,
        "without_s": 1_800,
        "most_s": 7_200,
    }
    assert lasts(60.0).sunrise == sunrise


# Bands alone ---------------------------------------------------------------------------------------------------------

HOMES = tuple(circuit(f"home_{number}", Tier.NON_ESSENTIAL, 900.0, Phase.L1, rank=7) for number in range(8))
SHOP = circuit("shop", Tier.NON_ESSENTIAL, 900.0, Phase.L1, rank=8)
EQUALS = flats(circuits=(*flats().circuits, *HOMES, SHOP))


def saved(soc_pct: float | None, band: Band = Band.CONSERVE, saving: SavingMemory = NOTHING_SAVED) -> SavingMemory:
    """On a site whose habits nobody knows."""
    seen = snapshot(EQUALS, {wiring.battery_soc(SourceId("main")): soc_pct}, 1000.0)
    state = replace(on_island(Habits(), saving), band=band)
    return lasting.lasting(Given(EQUALS, seen, PARAMS, Instant(1000.0, EVENING)), state, 1.0).memory


@pytest.mark.parametrize(("soc_pct", "served"), [(50.0, 4), (42.0, 3), (35.0, 2), (28.0, 1), (20.0, 0), (60.0, 4)])
def test_where_energy_begins_to_be_saved_equals_take_turns_and_fewer_of_them_as_it_falls(
    soc_pct: float, served: int
) -> None:
    memory = saved(soc_pct)
    on = turns.in_turn(EQUALS, memory)
    assert len(on) == served
    # and only they: what stands alone in its rank has no equal to take turns with
    assert on | memory.resting == {one.id for one in HOMES}


def test_in_no_other_band_and_only_on_an_island_does_it_matter_who_is_whose_equal() -> None:
    for band in (Band.NORMAL, Band.CRITICAL, Band.FLOOR):
        memory = saved(40.0, band, saved(40.0))
        assert (turns.in_turn(EQUALS, memory), memory.resting) == (frozenset(), frozenset())


def test_while_the_store_cannot_be_read_as_many_are_served_as_before() -> None:
    before = saved(35.0)
    assert saved(None, saving=before).served == before.served
    # and where nobody knew before either, half of them
    assert len(turns.in_turn(EQUALS, saved(None))) == 4


def test_where_energy_is_dear_too_the_price_may_serve_fewer_than_the_band() -> None:
    dear = replace(NOTHING_SAVED, price=3.3, solved_s=1000.0)
    state = replace(on_island(KNOWN, dear), band=Band.CONSERVE)
    seen = snapshot(EQUALS, {wiring.battery_soc(SourceId("main")): 50.0}, 1001.0)
    memory = lasting.lasting(Given(EQUALS, seen, PARAMS, Instant(1001.0, EVENING)), state, 1.0).memory
    assert len(turns.in_turn(EQUALS, memory)) == 1
