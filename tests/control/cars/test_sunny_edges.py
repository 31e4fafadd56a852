"""What there is of the sun for cars, and how long it must last; figures to be worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hems.control.cars import sunny
from hems.control.cars.memory import Sunny
from hems.control.dispatch.memory import ConnectionMemory, Standing
from hems.control.energy import Band
from hems.control.memory.seeing import ModeMemory
from hems.control.memory.using import SurplusMemory
from hems.control.state import ControlState, initial
from hems.model.mode import Mode
from hems.model.site import Former, Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId
from tests.control.fresh import bay_reading, fresh, seen
from tests.given import bay, flats

ROOF, BARN = SourceId("roof"), SourceId("barn")


def state(mode: Mode = Mode.ISLANDED, band: Band = Band.SURPLUS, part: float = 0.0, *watts: float) -> ControlState:
    return replace(
        initial(0.0),
        mode=ModeMemory(mode=mode),
        band=band,
        surplus=SurplusMemory(part=part),
        connection=ConnectionMemory(standing=tuple(Standing(watts=one) for one in watts)),
    )


def instant(former: Sequence[float | None], suns: Sequence[float | None], **cars: float | None) -> Snapshot:
    return replace(
        seen(**{name: bay_reading(power_w=watts) for name, watts in cars.items()}),
        former_phase_w=tuple(fresh(watts) for watts in former),
        pvs=dict(zip((ROOF, BARN), (fresh(watts) for watts in suns), strict=False)),
    )


def site(*least_w: float, phase_va: tuple[float, ...] = (10_000.0,) * 3) -> Site:
    bays = tuple(replace(bay(f"bay_{n}"), charge_min_w=watts) for n, watts in enumerate(least_w, 1))
    return replace(flats(), bays=bays, former=Former(source=SourceId("main"), name="Inverter", phase_va=phase_va))


TWO = site(1400.0, 2000.0)


@pytest.mark.parametrize(
    ("standing", "spare_w"),
    [((-1000.0, -400.0, 200.0), 1200.0), ((100.0, 50.0), -150.0), ((), None)],
    ids=["more sun than is drawn", "less", "nobody can tell"],
)
def test_with_the_grid_it_is_what_nobody_draws_of_the_sun(standing: tuple[float, ...], spare_w: float | None):
    there = state(Mode.GRID_CONNECTED, Band.SURPLUS, 0.0, *standing)
    assert sunny.surplus_w(TWO, there, instant((), ()), 0.0) == spare_w


@pytest.mark.parametrize(
    ("former", "cars", "spare_w"),
    [
        pytest.param((-30.0, 20.0, 5.0), {}, 5.0 + 1400.0, id="the least of the least is tried first"),
        pytest.param((-30.0, 20.0, 5.0), {"bay_1": -499.0}, 499.0 + 5.0 + 1400.0, id="a car that hardly takes"),
        pytest.param((-30.0, 20.0, 5.0), {"bay_1": -500.0}, 500.0 + 5.0 + 500.0, id="then a little more"),
        pytest.param((0.0, 0.0, 0.0), {"bay_1": -1500.0, "bay_2": -700.0}, 2700.0, id="what all cars take"),
        pytest.param((0.0, 0.0, 0.0), {"bay_1": -1500.0, "bay_2": 700.0}, 2000.0, id="a car that gives takes nothing"),
        pytest.param((0.0, 0.0, 0.0), {"bay_1": -1500.0, "bay_2": None}, 2000.0, id="a car of which nothing is known"),
        pytest.param((100.0, 50.0, 50.0), {"bay_1": -1500.0}, 1500.0 - 200.0 + 500.0, id="as much as a meter errs"),
        pytest.param((100.0, 51.0, 50.0), {"bay_1": -1500.0}, 1299.0, id="the former gives: less"),
        pytest.param((900.0, 900.0, 0.0), {"bay_1": -1500.0}, 0.0, id="the former gives more than cars take"),
        pytest.param((0.0, 0.0, None), {"bay_1": -1500.0}, None, id="a phase of which nothing is known"),
    ],
)
def test_on_a_full_island_more_is_tried_as_long_as_the_former_gives_nothing(
    former: tuple[float | None, ...], cars: dict[str, float | None], spare_w: float | None
):
    assert sunny.surplus_w(TWO, state(), instant(former, (9000.0,), **cars), 0.0) == spare_w


@pytest.mark.parametrize(
    ("suns", "known"),
    [((500.0,), True), ((499.0,), False), ((300.0, 200.0), True), ((300.0, None), False), ((None, 500.0), True)],
)
def test_without_half_a_kilowatt_of_sun_there_is_nothing(suns: tuple[float | None, ...], known: bool):
    assert (sunny.surplus_w(TWO, state(), instant((0.0,) * 3, suns), 0.0) is not None) is known


@pytest.mark.parametrize(
    ("part", "spare_w"),
    [pytest.param(0.25, 1500.0 + 150.0, id="a quarter"), pytest.param(0.0, None, id="nothing")],
)
def test_while_the_store_fills_cars_get_the_part_of_it_that_is_to_spare(part: float, spare_w: float | None):
    there = state(Mode.ISLANDED, Band.NORMAL, part)
    assert sunny.surplus_w(TWO, there, instant((-200.0,) * 3, (9000.0,), bay_1=-1500.0), 0.0) == spare_w


@pytest.mark.parametrize(
    ("least_w", "first_w"),
    [((1500.0, 4000.0), 1500.0), ((1501.0,), 0.0), ((), 0.0)],
    ids=["half of what the former can", "more than half", "no car"],
)
def test_what_is_tried_first_the_former_could_carry_with_half_of_its_power(least_w: tuple[float, ...], first_w: float):
    there = site(*least_w, phase_va=(1000.0, 1000.0, 1000.0))
    assert sunny.surplus_w(there, state(), instant((0.0,) * 3, (9000.0,)), 0.0) == first_w


def test_a_charger_that_cannot_be_told_anything_is_not_tried():
    bays = (replace(TWO.bays[0], controllable=False), TWO.bays[1])
    assert sunny.surplus_w(replace(TWO, bays=bays), state(), instant((0.0,) * 3, (9000.0,)), 0.0) == 2000.0


@pytest.mark.parametrize(
    ("mode", "band", "part", "full", "spares"),
    [
        (Mode.ISLANDED, Band.SURPLUS, 0.0, True, True),
        (Mode.ISLANDED, Band.SURPLUS, 0.5, True, True),
        (Mode.ISLANDED, Band.NORMAL, 0.5, False, True),
        (Mode.ISLANDED, Band.NORMAL, 0.0, False, False),
        (Mode.ISLANDED_STABILIZING, Band.SURPLUS, 0.5, False, False),
        (Mode.GRID_CONNECTED, Band.SURPLUS, 0.5, False, False),
    ],
)
def test_only_an_island_that_is_full_or_soon_will_be_has_to_spare(
    mode: Mode, band: Band, part: float, full: bool, spares: bool
):
    there = state(mode, band, part)
    assert (sunny.full(there), sunny.spares(there)) == (full, spares)


BAY = replace(bay("bay_1"), charge_min_w=1400.0)
WAITS, RUNS = Sunny(enough_since_s=100.0), Sunny(enough_since_s=100.0, begun_s=160.0)


@pytest.mark.parametrize(
    ("before", "spare_w", "now_s", "island", "then"),
    [
        pytest.param(Sunny(), 1400.0, 100.0, False, WAITS, id="just enough"),
        pytest.param(Sunny(), 1399.0, 100.0, False, Sunny(), id="not quite enough"),
        pytest.param(Sunny(), None, 100.0, False, Sunny(), id="nobody can tell"),
        pytest.param(WAITS, 1400.0, 159.9, False, WAITS, id="it waits"),
        pytest.param(WAITS, 1400.0, 160.0, False, RUNS, id="it begins after a minute"),
        pytest.param(WAITS, 1400.0, 279.9, True, WAITS, id="it waits longer on an island"),
        pytest.param(WAITS, 1400.0, 280.0, True, replace(RUNS, begun_s=280.0), id="on an island after three"),
        pytest.param(WAITS, 1399.0, 159.9, False, Sunny(), id="a cloud while it waits"),
        pytest.param(RUNS, 1400.0, 900.0, False, RUNS, id="it goes on"),
        pytest.param(RUNS, 1399.0, 759.9, False, Sunny(begun_s=160.0), id="a cloud within ten minutes"),
        pytest.param(RUNS, 1399.0, 760.0, False, Sunny(), id="a cloud after ten minutes"),
        pytest.param(RUNS, 1399.0, 160.0, True, Sunny(), id="a cloud on an island"),
        pytest.param(Sunny(begun_s=160.0), 1400.0, 300.0, False, Sunny(enough_since_s=300.0, begun_s=160.0), id="back"),
        pytest.param(Sunny(begun_s=160.0), None, 760.0, False, Sunny(), id="the cloud stays"),
    ],
)
def test_when_a_car_begins_and_ends(before: Sunny, spare_w: float | None, now_s: float, island: bool, then: Sunny):
    found = sunny.after(before, BAY, spare_w, now_s, island=island)
    assert found == then
    assert found is before or then != before  # nothing is made anew where nothing changes


@pytest.mark.parametrize(
    ("memory", "due_s"),
    [(Sunny(), []), (WAITS, [160.0, 280.0]), (RUNS, [760.0]), (Sunny(begun_s=160.0), [760.0])],
    ids=["nothing", "it waits", "it runs", "it runs under a cloud"],
)
def test_when_something_comes_due(memory: Sunny, due_s: list[float]):
    assert sunny.due_s(memory) == due_s
