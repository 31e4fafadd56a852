"""A 120/240 V home: two legs that cannot help each other, and what draws on both counts on both."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.overload import Excess
from hems.control.sheddable import smallest_set
from hems.model import wiring
from hems.model.site import Former, Phase, Pv, Site, Tier
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.panel import Panel, kept, on_an_island
from tests.given import circuit, flats

LEGS = (Phase.L1, Phase.L2)
HOME: Site = flats(
    phases=LEGS,
    former=Former(source=SourceId("main"), name="Gateway", phase_va=(5_000.0, 5_000.0)),
    circuits=(
        circuit("network", Tier.CRITICAL, 100.0, Phase.L1, switchable=False, protected=True),
        circuit("medical", Tier.CRITICAL, 300.0, Phase.L2),
        circuit("fridge", Tier.ESSENTIAL, 800.0, Phase.L1),
        circuit("kitchen", Tier.COMFORT, 1_800.0, Phase.L1),
        circuit("living_room", Tier.COMFORT, 1_800.0, Phase.L2, rank=1),
        circuit("dryer", Tier.NON_ESSENTIAL, 5_000.0, *LEGS),
        circuit("workshop", Tier.NON_ESSENTIAL, 2_000.0, Phase.L2, rank=1),
    ),
    pvs=(Pv(id=SourceId("roof"), name="Roof", rated_w=6_000.0, phases=LEGS),),
    bays=(),
)
WATTS = {one.id: one.typical_w for one in HOME.circuits}


def legs(l1_w: float, l2_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(0): l1_w, wiring.former_phase_w(1): l2_w}


@kept
def island(l1_w: float, l2_w: float) -> Panel:
    made = on_an_island(site=HOME).says(legs(500.0, 500.0)).advance(400.0, every_s=10.0)
    assert made.off() == set()
    return made.says(legs(l1_w, l2_w))


def test_a_load_on_both_legs_counts_half_on_each():
    assert HOME.per_phase(5_000.0, LEGS) == (2_500.0, 2_500.0)


def test_one_overloaded_leg_is_helped_although_both_together_have_room():
    # given 8.5 kW on one leg and next to nothing on the other: 85 % of what both carry together
    made = island(8_500.0, 200.0)
    made.advance(2.0)
    # then what draws on that leg goes, and what draws on the other alone stays
    assert {"dryer", "kitchen"} <= made.off()
    assert not {"workshop", "living_room", "medical"} & made.off()


def test_nothing_comes_back_onto_a_leg_without_room_however_free_the_other_is():
    made = island(8_500.0, 200.0)
    made.advance(2.0).says(legs(3_900.0, 200.0)).advance(900.0, every_s=10.0)
    assert {"dryer", "kitchen"} <= made.off()
    made.says(legs(500.0, 200.0)).advance(900.0, every_s=10.0)
    assert "kitchen" not in made.off()


@settings(max_examples=60)
@given(st.tuples(st.floats(-3_000.0, 6_000.0), st.floats(-3_000.0, 6_000.0)))
def test_the_set_that_is_shed_helps_each_leg_for_itself(excess_w: tuple[float, float]):
    order = [one for one in HOME.circuits if one.sheddable][::-1]
    chosen = smallest_set(order, Excess(excess_w), WATTS, HOME)
    left = list(excess_w)
    for one in chosen:
        assert any(left[LEGS.index(leg)] > 0.0 for leg in one.phases), "each one helped a leg in need"
        left = [before - less for before, less in zip(left, HOME.per_phase(WATTS[one.id], one.phases), strict=True)]
    unused = [one for one in order if one not in chosen]
    for leg in LEGS:
        assert left[LEGS.index(leg)] <= 0.0 or not any(leg in one.phases for one in unused)
