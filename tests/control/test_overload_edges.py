"""The former's curve and its dose, who goes by it, and what a building bears when its tie opens: each edge."""

from dataclasses import replace
from math import inf, log

import pytest

from hems.control import adequacy, overload
from hems.control.adequacy import Moment, Times
from hems.control.overload import Excess
from hems.model import wiring
from hems.model.mode import Grid, TiePosition
from hems.model.site import Circuit, Phase, Tier
from hems.model.units import SourceId
from tests.control.panel import snapshot
from tests.control.pencil import PARAMS, evidence
from tests.given import bay, circuit, flats

SITE = flats()
FORMER = SITE.former
CURVE = FORMER.curve
OWN = PARAMS.overload


@pytest.mark.parametrize(
    ("pu", "trips_s"),
    [
        (1.0, inf),
        (1.1, 600.0),
        (1.25, 60.0),
        (1.5, 10.0),
        (2.0, 1.0),
        pytest.param((1.25 * 1.5) ** 0.5, 600.0**0.5, id="halfway between two points"),
        pytest.param(1.1**0.5, 6000.0**0.5 * 600.0**0.5, id="halfway from the rating to the first"),
        pytest.param(2.0 * (2.0 / 1.5), 0.1, id="as far beyond the last as the one before is below it"),
    ],
)
def test_a_former_trips_by_its_curve(pu: float, trips_s: float):
    assert overload.trip_s(pu, CURVE) == pytest.approx(trips_s)


@pytest.mark.parametrize(
    ("seconds", "pu"),
    [
        (600.0, 1.1),
        (60.0, 1.25),
        (10.0, 1.5),
        (1.0, 2.0),
        (0.1, 2.0 * (2.0 / 1.5)),
        (600.0**0.5, (1.25 * 1.5) ** 0.5),
        (6000.0, 1.0),
        (9e9, 1.0),
    ],
)
def test_the_loading_that_trips_in_a_time_is_the_curve_the_other_way_round(seconds: float, pu: float):
    assert overload.loading_that_trips_in(seconds, CURVE) == pytest.approx(pu)
    # and a curve may begin at the rating
    assert overload.loading_that_trips_in(50.0, ((1.0, 100.0), (2.0, 10.0))) > 1.0
    assert overload.trip_s(1.5, ((1.0, 100.0), (2.0, 10.0))) == pytest.approx(100.0 * 0.1 ** (log(1.5) / log(2.0)))


def test_the_worse_of_two_is_so_limit_by_limit():
    assert overload.worse(Excess((1.0, -2.0), 3.0), Excess((-1.0, 2.0), 4.0)) == Excess((1.0, 2.0), 4.0)


@pytest.mark.parametrize(
    ("tie", "grid", "own"),
    [
        (TiePosition.CLOSED, Grid.GOOD, False),
        (TiePosition.CLOSED, Grid.DEAD, True),
        (TiePosition.OPEN, Grid.GOOD, True),
        (TiePosition.UNKNOWN, Grid.UNKNOWN, True),
    ],
)
def test_any_doubt_makes_the_former_what_carries_the_building(tie: TiePosition, grid: Grid, *, own: bool):
    assert overload.on_its_own(evidence(tie, grid)) is own


def test_each_phase_is_loaded_by_what_it_carries_or_by_all_of_them_together():
    assert overload.loading((5000.0, -2000.0, 0.0), FORMER) == (0.5, 0.2, 0.0)
    small = replace(FORMER, total_w=8000.0)
    assert overload.loading((5000.0, 1000.0, 0.0), small) == (0.75, 0.75, 0.75)
    assert overload.loading((9000.0, 1000.0, -4000.0), small) == (0.9, 0.75, 0.75)
    assert overload.loading((-9000.0, 1000.0, 0.0), small) == (0.9, 0.1, 0.0)
    assert overload.beyond((5000.0, 1000.0, -7.0), small, 0.5) == Excess((0.0, -4000.0, -5007.0), 1993.0)
    assert overload.beyond((5000.0, 1000.0, -7.0), FORMER) == Excess((-5000.0, -9000.0, -10_007.0), -inf)


def test_the_dose_grows_by_the_share_of_its_trip_time_and_cools_at_its_rating():
    def after(dose: float, watts: float, dt_s: float) -> float:
        return overload.dose_after((dose, 0.0, 0.0), (watts, 0.0, 0.0), FORMER, OWN, dt_s)[0]

    assert after(0.25, 12_500.0, 15.0) == pytest.approx(0.5)
    assert after(0.25, 12_500.0, 90.0) == 1.0
    assert after(0.5, 10_000.0, 75.0) == 0.25
    assert after(0.1, 0.0, 75.0) == 0.0


@pytest.mark.parametrize(
    ("dose", "watts", "due_s"),
    [
        pytest.param(0.0, 12_500.0, 118.0, id="until starts are blocked"),
        pytest.param(0.3, 12_500.0, 112.0, id="until the next group"),
        pytest.param(0.5, 12_500.0, 112.0, id="until all comfort"),
        pytest.param(0.7, 12_500.0, 112.0, id="until what is essential"),
        pytest.param(0.9, 12_500.0, 104.2, id="until what is critical"),
        pytest.param(0.97, 12_500.0, inf, id="nothing is left"),
        pytest.param(0.2, 10_000.0, inf, id="cool"),
        pytest.param(0.5, 10_000.0, 160.0, id="until it is cool"),
        pytest.param(0.3, 10_000.0, 100.0, id="now"),
    ],
)
def test_the_next_threshold_of_the_dose_comes_due(dose: float, watts: float, due_s: float):
    found = overload.due_s((dose, 0.0, 0.0), (watts, 0.0, 0.0), FORMER, OWN, 100.0)
    assert found == pytest.approx(due_s, abs=1e-4)
    if due_s < inf:  # a hair later than the crossing
        crossed = overload.dose_after((dose,), (watts,), replace(FORMER, phase_va=(10_000.0,)), OWN, found - 100.0)[0]
        rises = watts > 10_000.0
        threshold = next(one for one in (0.3, 0.5, 0.7, 0.9, 0.97) if one > dose) if rises else 0.3
        assert crossed >= threshold if rises else crossed <= threshold
    # the phase that comes first counts
    both = overload.due_s((dose, 0.6, 0.0), (watts, 0.0, 0.0), FORMER, OWN, 100.0)
    assert both == pytest.approx(min(due_s, 190.0), abs=1e-4)


@pytest.mark.parametrize(
    ("dose", "tier"),
    [
        (0.69, None),
        (0.7, Tier.COMFORT),
        (0.89, Tier.COMFORT),
        (0.9, Tier.ESSENTIAL),
        (0.969, Tier.ESSENTIAL),
        (0.97, Tier.CRITICAL),
    ],
)
def test_how_deep_a_dose_reaches(dose: float, tier: Tier | None):
    assert overload.deepest_tier(dose, OWN) is tier


def test_three_actuations_must_fit_in_before_the_trip():
    edge_w = 10_000.0 * overload.loading_that_trips_in(3.0, CURVE)
    assert not overload.too_fast((1.0, edge_w - 1.0, 1.0), FORMER, OWN)
    assert overload.too_fast((1.0, edge_w + 1.0, 1.0), FORMER, OWN)


def test_the_former_is_known_when_every_phase_is():
    values = {wiring.former_phase_w(index): 10.0 * index for index in range(3)}
    assert overload.phase_w(snapshot(SITE, values), SITE, 0.0) == (0.0, 10.0, 20.0)
    assert overload.phase_w(snapshot(SITE, values | {wiring.former_phase_w(1): None}), SITE, 0.0) is None


# What the building bears when the tie opens ---------------------------------------------------------------------------


def wired(*circuits: Circuit, charge_w: float = 0.0) -> adequacy.Adequacy:
    """A building with these circuits drawing what is typical, and one car on L1."""
    site = flats(circuits=circuits, bays=(bay("car", phases=(Phase.L1,), charge_max_w=9000.0),))
    moment = Moment(circuits_w={one.id: one.typical_w for one in circuits}, charging_w={SourceId("car"): charge_w})
    return adequacy.judge(site, moment, Times(circuits_s=2.0, cars_s=5.0))


STAYS = circuit("pump", Tier.CRITICAL, 4000.0, Phase.L1)
GOES = circuit("oven", Tier.COMFORT, 8500.0, Phase.L1)
MORE = circuit("sauna", Tier.FLEXIBLE, 6000.0, Phase.L2)


def test_the_dose_is_that_of_all_until_circuits_are_off_and_of_the_rest_until_cars_have_stopped():
    # 12.5 kW for two seconds of sixty; then 4 kW
    (l1, l2, _) = wired(STAYS, GOES).phases
    assert (l1.load_w, l1.loading_pu, l1.trips_s) == (12_500.0, 1.25, pytest.approx(60.0))
    assert l1.dose == pytest.approx(2.0 / 60.0)
    assert (l1.trips, l1.close, l2.load_w, l2.dose) == (False, False, 0.0, 0.0)
    # 21 kW trip in less than a second; with 8.5 kW of the car, 12.5 kW are left for three seconds of sixty
    (l1, *_) = wired(STAYS, GOES, charge_w=8500.0).phases
    assert l1.dose == pytest.approx(2.0 / overload.trip_s(2.1, CURVE) + 3.0 / 60.0)
    assert l1.trips
    # one that hangs on no switch stays as well
    (l1, *_) = wired(STAYS, replace(GOES, switchable=False)).phases
    assert l1.dose == pytest.approx(5.0 / 60.0)


def test_what_must_fall_out_by_itself_is_named_the_cars_first_and_no_more_than_is_needed():
    judged = wired(STAYS, GOES, MORE, charge_w=8500.0)
    assert (judged.layer_0, judged.enough) == (("car",), True)
    assert wired(STAYS, GOES, MORE).layer_0 == ()
    # circuits on that phase come next; where it is the critical ones nothing is enough
    heavy = replace(GOES, typical_w=17_000.0)
    assert wired(STAYS, heavy, MORE).layer_0 == ("Oven",)
    assert wired(STAYS, heavy, MORE, charge_w=8500.0).layer_0 == ("car", "Oven")
    lost = wired(replace(STAYS, typical_w=21_000.0), GOES, charge_w=1.0)
    assert (lost.layer_0, lost.enough) == (("car", "Oven"), False)
    # what falls out by itself anyway, and the car that makes the island, count for nothing
    assert wired(STAYS, replace(heavy, layer_0=True)).phases[0].load_w == 4000.0


@pytest.mark.parametrize(("dose_s", "close", "trips"), [(4.9, False, False), (5.0, True, False), (10.0, True, True)])
def test_half_of_the_trip_time_is_close(dose_s: float, *, close: bool, trips: bool):
    site = flats(circuits=(replace(GOES, typical_w=15_000.0),), bays=())
    moment = Moment(circuits_w={GOES.id: 15_000.0}, charging_w={})
    (l1, *_) = adequacy.judge(site, moment, Times(circuits_s=dose_s * (1.0 + 1e-9), cars_s=0.0)).phases
    assert (l1.close, l1.trips) == (close, trips)


def test_what_is_declared_is_all_at_once_with_cars_at_what_the_service_leaves():
    # 100 A of 230 V are 23 kW a phase, of which circuits draw 12.6 on L2; cars would draw 14.7 there
    declared = adequacy.declared(SITE)
    assert declared.circuits_w[SITE.circuits[0].id] == 3000.0
    share = 10_400.0 / (22_000.0 / 3.0 + 7400.0)
    assert declared.charging_w == {one.id: pytest.approx(share * one.charge_max_w) for one in SITE.bays}
    # where there is room they charge at full power, and the one that makes the island not at all
    wide = replace(SITE, grid=replace(SITE.grid, service_a=200.0))
    assert adequacy.declared(wide).charging_w["bay_3"] == 7400.0
    forms = replace(wide, former=replace(wide.former, source=SourceId("bay_3")))
    assert "bay_3" not in adequacy.declared(forms).charging_w
