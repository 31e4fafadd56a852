"""What the connection remembers after a tick: who is counted, what stands, when an excess is told, and what is due."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hems.control.dispatch.memory import (
    ConnectionMemory,
    ExcessMemory,
    FlexibleMemory,
    MarketMemory,
    QuarterMemory,
    Standing,
)
from hems.control.dispatch.turn import connected, due_s
from hems.control.given import Given, Told
from hems.control.memory.acting import Sent
from hems.control.params import Params
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.supply import FlexibleLimits, LimitHours
from hems.model.tariff import DemandCharge, Tariff, Window
from hems.model.units import PanelId, SourceId
from tests.control.fresh import battery_reading, bay_reading
from tests.control.pencil import state
from tests.given import bay, flats

MAIN, BAY_1 = SourceId("main"), SourceId("bay_1")
SITE = replace(flats(), pvs=(), bays=(bay("bay_1"),))
FIVE_PAST = datetime(2026, 6, 1, 12, 5, tzinfo=UTC)
NOW_S = 1000.0
STOOD = (Standing(watts=3000.0),) * 3


def given(site: Site = SITE, grid_w: float | None = 9000.0, read_s: float = NOW_S, bay_w: float | None = 0.0) -> Given:
    """A building that draws this from the grid, and a battery that rests."""
    seen = Snapshot(
        grid_w=Reading(grid_w, read_s, 99.0),
        batteries={MAIN: battery_reading(power_w=0.0, soc_pct=60.0)},
        bays={BAY_1: bay_reading(power_w=bay_w)},
        local_h=12.0,
    )
    return Given(site, seen, Params(), Instant(NOW_S, FIVE_PAST))


def known(mode: Mode = Mode.GRID_CONNECTED, sent: Any = None, **memory: Any) -> ControlState:
    return state(mode, connection=ConnectionMemory(**memory), sent=sent or {})


def after(there: Given, before: ControlState, dt_s: float = 1.0) -> ConnectionMemory:
    return connected(there, before, [], dt_s).connection


def watts(memory: ConnectionMemory) -> list[float]:
    return [round(one.watts, 3) for one in memory.standing]


# What circuits draw ---------------------------------------------------------------------------------------------------


def test_each_new_look_at_the_street_judges_anew_what_circuits_draw():
    first = after(given(), known())
    assert (watts(first), first.stood_s, first.stood_w) == ([3000.0] * 3, NOW_S, (3000.0,) * 3)
    # an old look says the same again, whatever a newer reading of a battery makes of it
    old = after(given(grid_w=12_000.0, read_s=990.0), known(standing=STOOD, stood_s=990.0, stood_w=(3000.0,) * 3))
    assert (watts(old), old.stood_s) == ([3000.0] * 3, 990.0)
    # a new one counts, and so does one of this very instant
    for stood_s in (989.0, None):
        new = after(given(grid_w=12_000.0, read_s=990.0), known(standing=STOOD, stood_s=stood_s, stood_w=(3000.0,) * 3))
        assert watts(new) == [4000.0] * 3
    now = after(given(grid_w=12_000.0), known(standing=STOOD, stood_s=NOW_S, stood_w=(3000.0,) * 3))
    assert watts(now) == [4000.0] * 3


def test_who_does_not_tell_is_silent_from_the_look_that_missed_him():
    assert after(given(bay_w=None), known()).silent == {BAY_1}
    assert after(given(bay_w=0.0), known()).silent == frozenset()
    old = known(standing=STOOD, stood_s=990.0, stood_w=(3000.0,) * 3)
    assert after(given(read_s=990.0, bay_w=None), old).silent == frozenset()


def test_on_an_island_nothing_stands_and_where_nobody_measures_a_fall_has_to_stand_anew():
    falls = (Standing(watts=3000.0, lower_since_s=995.0, lower_w=1000.0),) * 3
    before: dict[str, Any] = {"standing": falls, "stood_s": 990.0, "stood_w": (1.0,) * 3, "silent": frozenset({BAY_1})}
    island = after(given(), known(Mode.ISLANDED, **before))
    assert (island.standing, island.stood_s, island.stood_w, island.silent) == ((), None, (), frozenset())
    blind = after(given(grid_w=None, bay_w=None), known(**before))
    assert [(one.watts, one.lower_since_s) for one in blind.standing] == [(3000.0, None)] * 3
    assert blind.stood_s == 990.0


def test_while_readings_cannot_show_yet_what_a_battery_was_told_what_stands_stays():
    told = {wiring.battery_power(MAIN): Sent(value=5000.0, cause=Cause(Why.OWN_USE), sent_s=NOW_S, last_s=NOW_S)}
    before = {"standing": STOOD, "stood_s": 990.0, "stood_w": (3000.0,) * 3}
    assert watts(after(given(grid_w=12_000.0), known(sent=told, **before))) == [3000.0] * 3
    # where nothing is known yet, the first look counts all the same
    assert watts(after(given(grid_w=12_000.0), known(sent=told))) == [4000.0] * 3


# The counted quarter of an hour ---------------------------------------------------------------------------------------

DEMAND = Tariff(buy=0.3, demand=(DemandCharge(per_kw=9.0),))


@pytest.mark.parametrize(
    ("site", "counts"),
    [
        pytest.param(SITE, False, id="nobody counts"),
        pytest.param(replace(SITE, grid=replace(SITE.grid, demand_max_w=20_000.0)), True, id="a limit of its mean"),
        pytest.param(replace(SITE, tariff=DEMAND), True, id="a price of its mean"),
        pytest.param(replace(SITE, tariff=Tariff(buy=0.3)), False, id="a price of energy alone"),
    ],
)
def test_the_quarter_of_an_hour_is_counted_where_its_mean_matters(site: Site, *, counts: bool):
    begun = QuarterMemory(begun_s=700.0, drawn_wh=100.0, seen_s=990.0, import_w=9000.0)
    counted = after(given(site), known(quarter=begun, market=MarketMemory(target_w=5000.0)), 10.0).quarter
    assert counted.drawn_wh == pytest.approx(125.0 if counts else 100.0)


# Beyond a limit -------------------------------------------------------------------------------------------------------

TIGHT = replace(SITE, grid=replace(SITE.grid, import_max_w=8000.0))


def told(there: Given, before: ControlState, dt_s: float = 1.0) -> tuple[ExcessMemory, list[Any]]:
    found: Told = []
    memory = connected(there, before, found, dt_s).connection.excess
    return memory, [(subject, cause.why, dict(cause.facts)) for _, subject, cause in found]


def test_what_flows_beyond_a_limit_is_counted_and_told_when_it_is_kept_again():
    begun, said = told(given(TIGHT), known())
    assert (begun, said) == (ExcessMemory(since_s=NOW_S), [])
    # when a kilowatt too much has flowed for a minute more
    since = ExcessMemory(since_s=940.0, wh=1.0)
    longer, said = told(given(TIGHT), known(excess=since), 60.0)
    assert (longer.wh, said) == (pytest.approx(1.0 + 1000.0 / 60.0), [])
    # and then it is kept
    over, said = told(given(TIGHT, grid_w=8000.0), known(excess=since))
    facts = {"excess_wh": 1.0, "for_s": 60.0}
    assert (over, said) == (ExcessMemory(told_s=NOW_S), [(wiring.GRID_POWER, Why.LIMIT_KEPT_AGAIN, facts)])


def test_a_moment_beyond_a_limit_is_told_once_in_an_hour_and_an_island_ends_it():
    moment = ExcessMemory(since_s=999.0, wh=0.5, told_s=500.0)
    over, said = told(given(TIGHT, grid_w=8000.0), known(excess=moment))
    assert (over, said) == (ExcessMemory(told_s=500.0), [])
    apart, said = told(given(TIGHT), known(Mode.ISLANDED, excess=replace(moment, wh=5.0)))
    assert (apart, [why for _, why, _ in said]) == (ExcessMemory(told_s=NOW_S), [Why.LIMIT_KEPT_AGAIN])
    # what nobody can read neither begins one nor ends it
    assert told(given(TIGHT, grid_w=None), known(excess=moment)) == (moment, [])


# What is due ----------------------------------------------------------------------------------------------------------

TOLD = replace(SITE, grid=replace(SITE.grid, flexible=FlexibleLimits(failsafe_import_w=4200.0, heartbeat_s=120.0)))
HOURS = (LimitHours(window=Window(from_h=17.0, to_h=19.0), import_max_w=5000.0),)
GARAGE = PanelId("garage")


@pytest.mark.parametrize(
    ("site", "memory", "due"),
    [
        pytest.param(SITE, {}, [], id="nothing"),
        pytest.param(TOLD, {"flexible": FlexibleMemory(heard_s=950.0)}, [1070.0], id="a silence"),
        pytest.param(TOLD, {}, [], id="nobody was ever heard"),
        pytest.param(SITE, {"flexible": FlexibleMemory(heard_s=950.0)}, [], id="nobody may tell"),
        pytest.param(SITE, {"excess": ExcessMemory(since_s=999.0)}, [1009.0], id="an excess"),
        pytest.param(SITE, {"panels_over_s": {GARAGE: 998.0}}, [1001.0, 1008.0], id="a panel too full"),
        pytest.param(SITE, {"panels_over_s": {GARAGE: 997.0}}, [1007.0], id="for three seconds now"),
        pytest.param(
            replace(SITE, grid=replace(SITE.grid, schedule=HOURS)), {}, [18_700.0, 25_900.0], id="hours to come"
        ),
    ],
)
def test_silences_excesses_and_hours_come_due(site: Site, memory: dict[str, Any], due: list[float]):
    assert sorted(due_s(known(**memory), given(site))) == pytest.approx(due)


def test_a_fall_comes_due_on_the_main_board_and_behind_a_panel():
    falls = (Standing(watts=3000.0, lower_since_s=995.0),)
    own, behind = due_s(known(standing=falls), given()), due_s(known(panels={GARAGE: falls}), given())
    assert own == behind
    assert [one > NOW_S for one in own] == [True]
