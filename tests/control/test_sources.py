"""An island that loses one of its sources is watched until it rests again."""

from dataclasses import replace

from hems.control.memory.acting import GeneratorMemory, Sent, Stage
from hems.control.params import Params
from hems.control.sources import fed
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.site import Generator, Site
from hems.model.snapshot import BatteryReading, BayReading, GeneratorReading, Snapshot
from hems.model.units import SourceId
from hems.sim.start import Car
from tests.given import Building, building, flats

ROOF, BAY = wiring.pv_power(SourceId("roof")), wiring.bay_power(SourceId("bay_1"))
SITE: Site = flats(generator=Generator(name="Generator", rated_w=20_000.0))
ISLANDED = replace(
    initial(0.0),
    mode=replace(initial(0.0).mode, mode=Mode.ISLANDED),
    generator=GeneratorMemory(stage=Stage.RUNNING),
)


def giving(*, roof_w: float | None = 0.0, bay_w: float | None = 0.0, generator_w: float | None = 0.0) -> Snapshot:
    """What the sources are read to give at 1 s."""

    def says(watts: float | None) -> Reading[float]:
        return Reading(watts, 1.0)

    return Snapshot(
        pvs={SourceId("roof"): says(roof_w)},
        bays={SourceId("bay_1"): BayReading(power_w=says(bay_w))},
        generator=GeneratorReading(power_w=says(generator_w)),
    )


def given_before(**watts: float) -> dict[wiring.Role, float]:
    roles = {"roof": ROOF, "bay": BAY, "generator": wiring.GENERATOR_POWER}
    return {roles[name]: power_w for name, power_w in watts.items()}


def lost(snapshot: Snapshot, **before_w: float) -> frozenset[wiring.Role]:
    return fed(SITE, replace(ISLANDED, fed_w=given_before(**before_w)), snapshot, 1.0)[1]


def test_a_car_the_sun_and_a_generator_are_lost_when_they_give_nothing_any_more():
    assert lost(giving(), bay=5000.0) == {BAY}
    assert lost(giving(), roof=20_000.0) == {ROOF}
    assert lost(giving(), generator=8000.0) == {wiring.GENERATOR_POWER}


def test_a_battery_beside_the_former_is_lost_too_but_not_one_that_was_told_to_rest_or_charges_now():
    # given a battery that has given 5 kW beside the former's
    role = wiring.battery_power(SourceId("second"))
    state = replace(ISLANDED, fed_w={role: 5000.0})

    def found(watts: float, state: ControlState = state) -> frozenset[wiring.Role]:
        batteries = {SourceId("second"): BatteryReading(power_w=Reading(watts, 1.0))}
        return fed(SITE, state, Snapshot(batteries=batteries), 1.0)[1]

    # when it gives nothing any more, it is missed; what charges from the sun that came is there
    assert found(-30.0) == {role}
    assert found(-4000.0) == frozenset()
    # and what was told to rest has not gone, nor is the former's own battery a source beside it
    told = Sent(value=0.0, cause=Cause(Why.CAR_AT_FLOOR), sent_s=0.0, last_s=0.0)
    assert found(0.0, replace(state, sent={role: told})) == frozenset()
    own = Snapshot(batteries={SITE.former.source: BatteryReading(power_w=Reading(0.0, 1.0))})
    main = wiring.battery_power(SITE.former.source)
    assert fed(SITE, replace(ISLANDED, fed_w={main: 5000.0}), own, 1.0)[1] == frozenset()


def test_less_is_not_nothing_and_little_is_not_missed():
    assert lost(giving(bay_w=2000.0), bay=5000.0) == frozenset()
    at_once = replace(ISLANDED, at_s=1.0)
    for before_w, missed in ((1499.0, frozenset[wiring.Role]()), (1500.0, {BAY})):  # a twentieth of 30 kW
        assert fed(SITE, replace(at_once, fed_w=given_before(bay=before_w)), giving(), 1.0)[1] == missed


def test_silence_is_no_loss_but_is_remembered():
    state = replace(ISLANDED, fed_w=given_before(bay=5000.0))
    remembered, gone = fed(SITE, state, giving(bay_w=None), 1.0)
    assert gone == frozenset()
    assert remembered[BAY] > 4000.0


def test_what_was_told_to_stop_is_not_lost():
    told = Sent(value=0.0, cause=Cause(Why.CAR_AT_FLOOR), sent_s=0.0, last_s=0.0)
    state = replace(ISLANDED, fed_w=given_before(bay=5000.0), sent={BAY: told})
    assert fed(SITE, state, giving(), 1.0)[1] == frozenset()


def test_a_generator_that_was_asked_to_stop_is_not_lost():
    state = replace(ISLANDED, fed_w=given_before(generator=8000.0), generator=GeneratorMemory(stage=Stage.OFF))
    assert fed(SITE, state, giving(), 1.0)[1] == frozenset()


def test_sun_that_a_full_battery_holds_back_is_not_lost():
    state = replace(ISLANDED, fed_w=given_before(roof=20_000.0), band="surplus")
    assert fed(SITE, state, giving(), 1.0)[1] == frozenset()


def test_sun_that_was_told_to_give_less_is_not_lost():
    cap = wiring.pv_limit(SourceId("roof"))

    def lost_with(told_w: float) -> frozenset[wiring.Role]:
        told = Sent(value=told_w, cause=Cause(Why.SUN_HEADROOM), sent_s=0.0, last_s=0.0)
        state = replace(ISLANDED, fed_w=given_before(roof=20_000.0), sent={cap: told})
        return fed(SITE, state, giving(roof_w=1000.0), 1.0)[1]

    assert lost_with(3000.0) == frozenset()
    assert lost_with(15_000.0) == {ROOF}


def test_a_sun_that_sets_is_forgotten_before_it_is_gone():
    # given 3 kW that fall to nothing within a quarter of an hour
    state = ISLANDED
    for second in range(900):
        snapshot = Snapshot(pvs={SourceId("roof"): Reading(3000.0 * (1.0 - second / 900.0), float(second))})
        memory, gone = fed(SITE, replace(state, at_s=second - 1.0), snapshot, float(second))
        state = replace(state, fed_w=memory)
        # then at no instant
        assert not gone


def test_a_slow_ramp_to_nothing_within_seconds_is_a_loss_all_the_same():
    state, losses = ISLANDED, 0
    for second, watts in enumerate((5000.0, 5000.0, 3500.0, 2000.0, 1200.0, 700.0, 0.0)):
        snapshot = Snapshot(bays={SourceId("bay_1"): BayReading(power_w=Reading(watts, float(second)))})
        memory, gone = fed(SITE, replace(state, at_s=second - 1.0), snapshot, float(second))
        state, losses = replace(state, fed_w=memory), losses + len(gone)
    assert losses == 1


def test_on_the_grid_nothing_is_missed():
    assert fed(SITE, replace(initial(0.0), fed_w=given_before(bay=5000.0)), giving(), 1.0) == ({}, frozenset())


def supported() -> Building:
    """A quiet island of which two cars carry a part."""
    cars = {"bay_1": Car(soc_pct=90.0), "bay_2": Car(soc_pct=90.0)}
    made = building(params=Params(), load=0.5, cars=cars, battery_soc_pct=80.0)
    return made.advance(60.0).grid_lost().advance(120.0)


def test_when_a_car_leaves_a_healthy_island_it_is_watched_until_it_rests_again():
    # given an island at rest that a car helps to carry, with room for all
    made = supported()
    assert made.mode is Mode.ISLANDED
    assert made.plant.bays[SourceId("bay_1")].power_w > 1500.0
    # when it drives off
    made.unplug("bay_1").advance(2.0)
    # then nothing else is begun until the island has rested once more
    assert made.mode is Mode.ISLANDED_STABILIZING
    assert made.forward.state.mode.because.why is Why.SOURCE_LOST
    assert made.advance(15.0).mode is Mode.ISLANDED


def test_the_other_cars_go_on_meanwhile():
    made = supported()
    before_w = made.plant.bays[SourceId("bay_2")].power_w
    assert before_w > 1500.0
    made.unplug("bay_1").advance(5.0)
    assert made.mode is Mode.ISLANDED_STABILIZING
    assert made.plant.bays[SourceId("bay_2")].power_w >= before_w - 1.0
