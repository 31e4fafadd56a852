"""Three phases or one, at the edges of what there is and of every wait; figures to be worked out by hand."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.cars import phases
from hems.control.cars.memory import PhaseMemory
from hems.model.site import Bay, Phase
from tests.control.fresh import bay_reading
from tests.given import bay

BAY = replace(bay("bay_1", charge_max_w=11_100.0), charge_min_w=4200.0, switches_phases=True)
"""On one phase 1,400 to 3,700 W; back to three from 4,620 W."""
DAY_S = 86_400.0


def test_on_one_phase_a_bay_takes_a_third():
    one = phases.on_one(BAY)
    assert (one.phases, one.charge_min_w, one.charge_max_w) == ((Phase.L1,), 1400.0, 3700.0)


@pytest.mark.parametrize(
    ("switches", "three", "conductors"),
    [(True, False, 1), (True, True, 3), (True, None, 3), (False, False, 3)],
    ids=["on one", "on three", "it does not tell", "it cannot switch"],
)
def test_a_bay_is_as_its_charger_says(switches: bool, three: bool | None, conductors: int):
    one = phases.present(replace(BAY, switches_phases=switches), bay_reading(three_phases=three), 0.0)
    assert len(one.phases) == conductors


def then(
    before: PhaseMemory, now_s: float, offer_w: float | None, three: bool | None, site: Bay = BAY, **values: Any
) -> PhaseMemory:
    return phases.after(before, site, bay_reading(three_phases=three, **values), offer_w, now_s)


TO_ONE, TO_THREE = PhaseMemory(to=False, begun_s=500.0), PhaseMemory(to=True, begun_s=500.0)
WAITS = PhaseMemory(since_s=500.0)


@pytest.mark.parametrize(
    ("offer_w", "three", "waits"),
    [
        pytest.param(4199.0, True, True, id="too little for three"),
        pytest.param(4200.0, True, False, id="just enough for three"),
        pytest.param(1400.0, True, True, id="just enough for one"),
        pytest.param(1399.0, True, False, id="not enough for one"),
        pytest.param(None, True, False, id="nobody knows, on three"),
        pytest.param(None, False, False, id="nobody knows, on one"),
        pytest.param(1399.0, False, False, id="not enough for one, on one"),
        pytest.param(4619.0, False, False, id="a tenth more is not there"),
        pytest.param(4620.5, False, True, id="a tenth more is there"),
    ],
)
def test_it_wants_to_be_switched_where_the_other_way_fits(offer_w: float | None, three: bool, waits: bool):
    assert then(PhaseMemory(), 500.0, offer_w, three) == (WAITS if waits else PhaseMemory())
    assert then(replace(WAITS, since_s=400.0), 500.0, offer_w, three).since_s == (400.0 if waits else None)


@pytest.mark.parametrize(
    ("site", "three"),
    [
        pytest.param(replace(BAY, switches_phases=False), True, id="it cannot switch"),
        pytest.param(BAY, None, id="it does not tell"),
        pytest.param(replace(BAY, phases=(Phase.L1, Phase.L2)), True, id="it has two phases"),
    ],
)
@pytest.mark.parametrize("before", [PhaseMemory(), WAITS, TO_ONE])
def test_what_cannot_be_switched_stays_as_it_is(site: Bay, three: bool | None, before: PhaseMemory):
    assert then(before, 2000.0, 2000.0, three, site, power_w=0.0) is before


@pytest.mark.parametrize(
    ("before", "now_s", "offer_w", "three", "found"),
    [
        pytest.param(WAITS, 619.9, 2000.0, True, WAITS, id="down: not yet two minutes"),
        pytest.param(WAITS, 620.0, 2000.0, True, replace(TO_ONE, begun_s=620.0), id="down: two minutes"),
        pytest.param(WAITS, 799.9, 5000.0, False, WAITS, id="up: not yet five minutes"),
        pytest.param(WAITS, 800.0, 5000.0, False, replace(TO_THREE, begun_s=800.0), id="up: five minutes"),
    ],
)
def test_it_waits_until_the_need_lasts(
    before: PhaseMemory, now_s: float, offer_w: float, three: bool, found: PhaseMemory
):
    assert then(before, now_s, offer_w, three) == found


def test_while_nothing_changes_the_same_value_stays():
    assert then(WAITS, 619.0, 2000.0, True) is WAITS
    rests = PhaseMemory()
    assert then(rests, 619.0, 5000.0, True) is rests


@pytest.mark.parametrize(("now_s", "switched"), [(1099.9, False), (1100.0, True)])
def test_it_keeps_ten_minutes_from_the_last_switching(now_s: float, switched: bool):
    found = then(replace(WAITS, moves_s=(100.0, 500.0)), now_s, 2000.0, True)
    assert (found.to is False) is switched
    assert found.since_s == (None if switched else 500.0)
    assert found.moves_s == (100.0, 500.0)


@pytest.mark.parametrize(
    ("moves_s", "now_s", "free_s"),
    [
        pytest.param((), 5000.0, float("-inf"), id="never switched"),
        pytest.param((1000.0, 2000.0), 5000.0, 2600.0, id="ten minutes after the last"),
        pytest.param(tuple(1000.0 * n for n in range(1, 10)), 50_000.0, 9600.0, id="nine times"),
        pytest.param(tuple(1000.0 * n for n in range(1, 11)), 50_000.0, 1000.0 + DAY_S, id="ten times"),
        pytest.param(tuple(1000.0 * n for n in range(1, 11)), 1000.0 + DAY_S, 10_600.0, id="ten times, one a day ago"),
        pytest.param((1000.0,), 999.9 + DAY_S, 1600.0, id="just within a day"),
        pytest.param((1000.0,), 1000.0 + DAY_S, float("-inf"), id="a day ago"),
        pytest.param((500.0, *(DAY_S + n for n in range(9))), 501.0, DAY_S + 608.0, id="the distance is what counts"),
    ],
)
def test_when_it_may_be_switched_again(moves_s: tuple[float, ...], now_s: float, free_s: float):
    assert phases.free_s(PhaseMemory(moves_s=moves_s), now_s) == free_s


@pytest.mark.parametrize(
    ("flows_w", "now_s", "told"),
    [
        pytest.param(0.0, 530.0, True, id="after half a minute"),
        pytest.param(0.0, 529.9, False, id="not yet"),
        pytest.param(149.0, 530.0, True, id="its electronics draw"),
        pytest.param(150.0, 530.0, False, id="it gives"),
        pytest.param(-150.0, 530.0, False, id="it charges"),
        pytest.param(None, 530.0, False, id="nobody knows"),
    ],
)
def test_its_charger_is_switched_when_its_car_has_rested(flows_w: float | None, now_s: float, told: bool):
    before = replace(TO_ONE, moves_s=(7.0,))
    found = then(before, now_s, 2000.0, True, power_w=flows_w)
    assert found == (replace(before, told=True, moves_s=(7.0, 530.0)) if told else before)


def test_ten_switchings_are_remembered():
    before = replace(TO_ONE, moves_s=tuple(float(n) for n in range(10)))
    assert then(before, 530.0, 2000.0, True, power_w=0.0).moves_s == (*(float(n) for n in range(1, 10)), 530.0)


@pytest.mark.parametrize(
    ("to", "three", "now_s", "over"),
    [
        pytest.param(False, False, 531.0, True, id="seen on one"),
        pytest.param(True, True, 531.0, True, id="seen on three"),
        pytest.param(False, True, 589.9, False, id="not seen yet"),
        pytest.param(False, True, 590.0, True, id="given up after a minute"),
    ],
)
def test_switching_is_over_when_it_is_seen_or_given_up(to: bool, three: bool, now_s: float, over: bool):
    before = PhaseMemory(to=to, begun_s=500.0, told=True, moves_s=(3.0, 7.0, 530.0))
    found = then(before, now_s, 2000.0, three, power_w=0.0)
    assert found == (replace(before, to=None, told=False) if over else before)
    assert phases.pauses(found) is not over


@pytest.mark.parametrize(
    ("memory", "due_s"),
    [
        pytest.param(PhaseMemory(), [], id="nothing"),
        pytest.param(WAITS, [620.0, 800.0], id="it waits"),
        pytest.param(PhaseMemory(moves_s=(7.0, 100.0)), [700.0, 160.0], id="it was switched"),
        pytest.param(replace(TO_ONE, moves_s=(100.0,)), [700.0, 160.0, 530.0], id="it is being switched"),
    ],
)
def test_when_something_comes_due(memory: PhaseMemory, due_s: list[float]):
    assert phases.due_s(memory) == due_s
