"""A power that an engineer asks for: exactly that, inside what the battery allows, on the grid only, and it ends."""

from dataclasses import replace

from hems.app import installed_drivers
from hems.config.load import load
from hems.control.arbitrate import arbitrate
from hems.control.memory.seeing import ModeMemory
from hems.control.params import shortened
from hems.control.state import ControlState, initial
from hems.control.steer import LONGEST_S, SOC_PCT, TAIL_S, after, proposals
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.request import Steer, Steering
from hems.model.site import Site
from hems.model.snapshot import BatteryReading, Snapshot
from hems.sim.rig import load_rig
from hems.sim.run import FastForward
from hil.places import place
from tests.given import flats

SITE = flats()
BATTERY = SITE.batteries[0]
ROLE = wiring.battery_power(BATTERY.id)


def state(*steering: Steering, mode: Mode = Mode.GRID_CONNECTED) -> ControlState:
    return replace(initial(0.0), mode=ModeMemory(mode=mode), steering=steering)


def seen(soc_pct: float | None = 60.0) -> Snapshot:
    reading = (
        BatteryReading() if soc_pct is None else BatteryReading(soc_pct=Reading(soc_pct, 100.0, stale_after_s=1000.0))
    )
    return Snapshot(batteries={BATTERY.id: reading})


def asked(power_w: float, duration_s: float = 30.0) -> Steer:
    return Steer(source=BATTERY.id, power_w=power_w, who="Kim", duration_s=duration_s)


def ruled(now: ControlState, snapshot: Snapshot, now_s: float = 100.0, site: Site = SITE) -> float | None:
    ruling = arbitrate(proposals(site, now, snapshot, now_s)).get(ROLE)
    return None if ruling is None else ruling.value


def test_the_power_is_asked_for_until_its_end_then_nothing_flows_and_then_the_battery_is_left_alone():
    active = after(state(), [asked(2000.0)], 100.0)
    assert ruled(state(*active), seen(), 100.0) == 2000.0
    assert ruled(state(*active), seen(), 129.9) == 2000.0
    assert ruled(state(*active), seen(), 130.0) == 0.0
    assert after(state(*active), [], 130.0 + TAIL_S) == ()


def test_it_always_ends():
    (one,) = after(state(), [asked(2000.0, duration_s=1e9)], 100.0)
    assert one.expires_s == 100.0 + LONGEST_S


def test_no_other_mode_than_on_the_grid_knows_it():
    active = after(state(), [asked(2000.0)], 100.0)
    for mode in set(Mode) - {Mode.GRID_CONNECTED}:
        assert after(state(*active, mode=mode), [asked(2000.0)], 101.0) == ()
        assert ruled(state(*active, mode=mode), seen(), 101.0) is None


def test_the_charge_of_the_battery_bounds_it():
    giving = state(*after(state(), [asked(2000.0)], 100.0))
    taking = state(*after(state(), [asked(-2000.0)], 100.0))
    assert ruled(giving, seen(SOC_PCT[0] - 1.0)) == 0.0
    assert ruled(taking, seen(SOC_PCT[0] - 1.0)) == -2000.0
    assert ruled(taking, seen(SOC_PCT[1] + 1.0)) == 0.0
    assert ruled(giving, seen(None)) == 0.0


def test_more_than_it_can_is_as_much_as_it_can():
    active = after(state(), [asked(10.0 * BATTERY.discharge_max_w)], 100.0)
    assert ruled(state(*active), seen()) == BATTERY.discharge_max_w


def test_an_engineer_proves_the_sign_of_a_car_that_gives_nothing_on_the_grid_otherwise():
    # given a house whose car is there for power cuts only, on the grid
    chosen = place("home")
    file, plant = load(chosen.site, installed_drivers()), load_rig(chosen.rig).plant()
    assert not file.site.bays[0].gives_on_grid
    forward = FastForward(file.site, shortened(file.params), plant)
    for ticked in forward.run(plant.t_s + 300.0):
        if ticked.step.state.mode.mode is Mode.GRID_CONNECTED:
            break
    # when its power is asked for, as in commissioning
    forward.requests.append(Steer(source=file.site.bays[0].id, power_w=1000.0, who="Ana", duration_s=30.0))
    given = {plant.bays[file.site.bays[0].id].power_w for _ in forward.run(plant.t_s + 25.0)}
    # then it flows, and nothing is told as broken; afterwards it gives nothing
    assert max(given) == 1000.0
    assert forward.state.broken == ()
    list(forward.run(plant.t_s + 20.0))
    assert plant.bays[file.site.bays[0].id].power_w <= 0.0
