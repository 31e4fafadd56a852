"""What batteries and cars keep together for power cuts: nothing that pays takes from it, whoever comes and goes."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.dispatch import shared
from hems.model.request import CarWish, Order, Task
from hems.model.site import Reserve, Site
from hems.model.tariff import Tariff
from hems.model.units import SourceId
from tests.control.dispatch.street import Street, connected_site
from tests.control.panel import UNMETERED

HOUR_S = 3600.0
KEPT_WH = 20_000.0


def shared_site(kept_wh: float = KEPT_WH, **grid: object) -> Site:
    """A battery that alone would keep a tenth, and two cars that may give on the grid."""
    site = connected_site(reserve_pct=10.0, **grid)
    bays = tuple(replace(one, gives_on_grid=one.bidirectional, outage_reserve_pct=0.0) for one in site.bays)
    return replace(site, bays=bays, reserve=Reserve(wh=kept_wh), tariff=Tariff(buy=0.4, sell=0.05))


def street(soc_pct: float, *, house_w: float = 8000.0, kept_wh: float = KEPT_WH) -> Street:
    return Street(shared_site(kept_wh), house_w=house_w, soc_pct=soc_pct)


def stays(made: Street, bay: str, hours: float) -> None:
    """Its driver says when it leaves."""
    made.ask(CarWish(bay=SourceId(bay), who="Ana", leaves_in_s=hours * HOUR_S))


def test_the_battery_alone_keeps_all_of_it():
    capacity_wh = shared_site().batteries[0].capacity_wh
    least_pct = 5.0 + 100.0 * KEPT_WH / capacity_wh
    assert street(least_pct + 5.0).lives(10).battery_w > 0.0
    assert street(least_pct - 0.5).lives(10).battery_w <= 0.0


def test_a_car_that_stays_holds_a_part_of_it_and_one_that_leaves_takes_it_along():
    # given a battery that could not give alone
    made = street(5.0 + 100.0 * 12_000.0 / shared_site().batteries[0].capacity_wh).lives(5)
    assert made.battery_w <= 0.0
    # when a car comes that holds 20 kWh above what its driver keeps, and stays the night
    made.plug("bay_1", soc_pct=85.0).lives(3)
    assert made.battery_w <= 0.0  # nobody knows yet how long it stays
    stays(made, "bay_1", 10.0)
    assert made.lives(20).battery_w > 0.0
    # then, when it is to leave soon, the battery stops at once
    stays(made, "bay_1", 3.0)
    assert made.lives(2).battery_w <= 0.0


def strained(kept_wh: float) -> Street:
    """A house beyond its agreed capacity, a battery down to its reserve, and a car that stays and could help."""
    made = Street(shared_site(kept_wh, import_max_w=15_000.0), house_w=5000.0)
    made.house_w, made.soc_pct = 20_000.0, 10.0
    made.says(UNMETERED)
    made.plug("bay_1", soc_pct=90.0)
    stays(made, "bay_1", 20.0)
    return made.lives(60)


def test_not_even_for_a_limit_does_a_car_give_what_it_holds():
    assert strained(1000.0).car_w("bay_1") > 0.0
    assert strained(60_000.0).car_w("bay_1") <= 0.0


def test_while_a_power_cut_is_likely_no_car_gives_on_the_grid():
    # given a car that gives what keeps the connection inside its limit
    made = strained(1000.0)
    assert made.car_w("bay_1") > 0.0
    # when somebody watches for a storm
    made.ask(Order(task=Task.STORM, begin=True, who="Ana", role="operator"))
    # then it stops
    assert made.lives(3).car_w("bay_1") <= 0.0


def test_winter_keeps_more():
    site = replace(shared_site(), reserve=Reserve(wh=10_000.0, winter_wh=30_000.0))
    made = Street(site)
    assert shared.kept_wh(site, made.state) == 10_000.0  # the street lives in June
    assert shared.kept_wh(site, replace(made.state, habits=replace(made.state.habits, hour=-1))) == 30_000.0


Happening = tuple[float, float, float | None, float | None, float, bool]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-10_000.0, 40_000.0),
            st.floats(6.0, 100.0),
            st.one_of(st.none(), st.floats(20.0, 100.0)),
            st.one_of(st.none(), st.floats(20.0, 100.0)),
            st.floats(0.1, 30.0),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_comes_and_goes_who_holds_a_part_of_it_gives_only_what_is_above(story: list[Happening]):
    # given a connection that often asks for more than it may carry, and a dear grid
    made = Street(shared_site(import_max_w=15_000.0), house_w=5000.0, soc_pct=80.0)
    made.says(UNMETERED)
    for house_w, soc_pct, first, second, hours, blind in story:
        made.house_w, made.soc_pct, made.blind = house_w, soc_pct, blind
        made.plugged = {bay: soc for bay, soc in (("bay_1", first), ("bay_2", second)) if soc is not None}
        if first is not None:
            stays(made, "bay_1", hours)
        for _ in range(12):
            made.lives(4, every_s=2)
            _nothing_below(made)


def _nothing_below(made: Street) -> None:
    step, snapshot = made.steps[-1][1], made.seen
    spare_wh = shared.spare_wh(step.site, made.state, snapshot, made.params, made.now_s)
    held = shared.held_by_cars_wh(step.site, made.state, snapshot, made.params, made.now_s)
    holding_w = sum(made.car_w(bay) for bay in made.plugged if SourceId(bay) in held)
    if spare_wh <= 0.0:
        assert made.battery_w <= 0.0
        assert holding_w <= 0.0
