"""What must hold in any history: checked on every tick's commands, against a witness of its own.

The invariants are those of the domain reference, 1.4: I1 hems never closes the tie; I3 no permission and no restore on
the strength of a grid that has not proven itself; I5 what is allowed in which mode; I6 nothing is energised after a
start before its time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hems.control.cars.charge import left_pct
from hems.control.energy import floor_pct
from hems.control.params import Params, shortened
from hems.control.sending import is_switch
from hems.model import wiring
from hems.model.command import Command
from hems.model.mode import Mode
from hems.model.request import Acknowledge, Task, Want
from hems.model.site import Circuit, Tier
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId, PointId, SourceId
from hems.sim.run import Ticked
from hems.sim.start import Car
from tests.given import Building, building, flats, forces, order, reads, sentinel, silent, stale, volts

PARAMS = shortened(Params())
SITE = replace(
    flats(),
    tie=replace(flats().tie, has_island=True),
    former=replace(flats().former, startable=True),
    batteries=tuple(replace(one, controllable=True) for one in flats().batteries),
)
"""Everything that hems can be wired to command."""
MAY_CLOSE = {Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED}
MAY_GIVE = {Mode.GRID_CONNECTED, Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTING}
ON_GRID = {Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED}
COMMANDED = {
    wiring.TIE_PERMIT,
    *(wiring.circuit_closed(one.id) for one in SITE.circuits if one.sheddable),
    *(wiring.bay_power(one.id) for one in SITE.bays),
    *(wiring.battery_power(one.id) for one in SITE.batteries),
    wiring.TIE_ISLAND,
    wiring.FORMER_START,
}
CIRCUITS = {wiring.circuit_closed(one.id): one for one in SITE.circuits}


@dataclass
class Witness:
    """Watches the same readings with simpler eyes, and remembers what was told to whom."""

    boot_s: float = 0.0
    good_since_s: float | None = None
    """The utility side in its window, without a break and since the tie was last seen to open."""
    solid_since_s: float | None = None
    """The same, and the tie closed."""
    was_closed: bool = False
    off_since: dict[wiring.Role, float] = field(default_factory=dict)

    def look(self, ticked: Ticked) -> None:
        """Check one tick."""
        now_s, seen = ticked.t_s, ticked.snapshot
        closed = _closed(seen, now_s)
        good = _in_window(seen, now_s)
        opened = self.was_closed and not closed
        self.was_closed = closed
        self.good_since_s = _since(self.good_since_s if not opened else None, good, now_s)
        self.solid_since_s = _since(self.solid_since_s, good and closed, now_s)
        for command in seen.fired:
            assert not command.energises
            self._remember(command, now_s)
        for command in ticked.step.commands:
            self._check(command, ticked)
            self._remember(command, now_s)
        for ready in ticked.step.armed:
            assert all(one.role in COMMANDED and not one.value and not one.energises for one in ready.commands)

    def _check(self, command: Command, ticked: Ticked) -> None:
        now_s, mode = ticked.t_s, ticked.step.state.mode.mode
        assert command.role in COMMANDED  # I1: there is no other way to touch the building, least of all the tie
        gives = bool(command.value) if is_switch(command.role) else command.energises
        if gives:
            assert now_s >= self.boot_s + PARAMS.boot.hold_energise_s  # I6
            assert mode not in (Mode.INIT, Mode.FAULT_SAFE)
        if command.role == wiring.TIE_PERMIT and command.value:
            assert self.good_since_s is not None  # I3
            assert now_s >= self.good_since_s + PARAMS.grid.qualify_s - 1e-6
            assert mode in (Mode.RECONNECTING, Mode.BLACKOUT_GRID_AVAILABLE)
        if command.role == wiring.FORMER_START and command.value:
            contacts = ticked.snapshot.tie
            assert contacts.closed_contact.known(now_s) is False  # I2
            assert contacts.open_contact.known(now_s) is True
            assert mode is Mode.BLACK_START
        if command.role == wiring.TIE_ISLAND and command.value:
            assert {Task.ISLAND, Task.DRILL} & ticked.step.state.orders.keys()
            assert mode is Mode.ISLANDING_PLANNED or mode.on_island
        if mode is Mode.MAINTENANCE:
            assert not gives
        if command.role in CIRCUITS and command.value:
            self._check_closing(CIRCUITS[command.role], command.role, now_s, mode)
        if command.role.startswith("bays/"):
            self._check_car(SourceId(command.role.split("/")[1]), float(command.value), ticked)

    def _check_closing(self, circuit: Circuit, role: wiring.Role, now_s: float, mode: Mode) -> None:
        assert mode in MAY_CLOSE  # I5
        if mode in ON_GRID:  # I3
            essential = circuit.tier <= Tier.ESSENTIAL
            hold_s = PARAMS.restore.hold_essential_s if essential else PARAMS.restore.hold_rest_s
            assert self.solid_since_s is not None
            assert now_s >= self.solid_since_s + hold_s - 1e-6
        if role in self.off_since:
            rest_s = circuit.min_off_s * PARAMS.restore.pause_factor
            assert now_s >= self.off_since[role] + rest_s - 1e-6

    def _check_car(self, bay_id: SourceId, watts: float, ticked: Ticked) -> None:
        bay = next(one for one in SITE.bays if one.id == bay_id)
        reading = ticked.snapshot.bays[bay_id]
        if watts > 0.0:
            assert ticked.step.state.mode.mode in MAY_GIVE  # I5
            charge = ticked.step.state.bays[bay_id].charge
            assert charge is not None  # while a car tells nothing, what it told last, reckoned on and with a margin
            assert left_pct(charge) > floor_pct(bay, PARAMS.car) + (PARAMS.car.stale_pct if charge.stale else 0.0)
            assert charge.stale or (reading.soc_pct.known(ticked.t_s) or 0.0) > floor_pct(bay, PARAMS.car)
            assert reading.discharge_ready.known(ticked.t_s) is True
        if watts < 0.0 and ticked.step.state.mode.mode is not Mode.GRID_CONNECTED:
            assert ticked.step.state.mode.mode is Mode.RECONNECTED_RESTORING  # people may have to leave (3.2, P5)
            assert Task.EVACUATION in ticked.step.state.orders
            assert self.solid_since_s is not None
            assert ticked.t_s >= self.solid_since_s + PARAMS.restore.hold_essential_s - 1e-6

    def _remember(self, command: Command, now_s: float) -> None:
        if command.role in CIRCUITS:
            if command.value:
                self.off_since.pop(command.role, None)
            else:
                self.off_since.setdefault(command.role, now_s)


def _since(since_s: float | None, holds: bool, now_s: float) -> float | None:
    return (now_s if since_s is None else since_s) if holds else None


def _closed(seen: Snapshot, now_s: float) -> bool:
    """By both contacts, if they say yes or no; without them by a device's word and voltage upstream."""
    said = (seen.tie.closed_contact.known(now_s), seen.tie.open_contact.known(now_s))
    contacts = tuple(word if isinstance(word, bool) else None for word in said)
    if None in contacts:
        return seen.tie.grid_connected.known(now_s) is True and _in_window(seen, now_s)
    return contacts == (True, False)


def _in_window(seen: Snapshot, now_s: float) -> bool:
    street = seen.voltages[PointId("street")]
    volts_now = [phase.known(now_s) for phase in street.volts]
    hertz = street.hertz.known(now_s)
    return (
        all(value is not None and 195.5 <= value <= 253.0 for value in volts_now)
        and hertz is not None
        and 49.5 <= hertz <= 50.1
    )


Verb = Callable[[Building], Building]
TIE = (wiring.TIE_CLOSED_CONTACT, wiring.TIE_OPEN_CONTACT, wiring.TIE_FLAG)
ROLES = {
    "street": volts("street"),
    "one phase of the street": volts("street")[:1],
    "bus": volts("bus"),
    "tie": list(TIE),
    "flag": [wiring.TIE_FLAG],
    "contacts": list(TIE[:2]),
    "former": [wiring.former_phase_w(index) for index in range(3)],
    "charge of a car": [wiring.bay_soc(SourceId("bay_1"))],
    "charge": [wiring.battery_soc(SourceId("main"))],
    "switch": [wiring.circuit_closed(CircuitId("heat_pump"))],
}
FLAWS = {"silent": silent, "stale": stale, "sentinel": sentinel, "zero": reads(0.0), "odd": reads(-32768.0)}
VERBS: dict[str, Verb] = {
    "the grid fails": Building.grid_lost,
    "the grid returns": Building.grid_back,
    "a long sag": lambda made: made.sag(0.75),
    "a deep sag": lambda made: made.sag(0.3),
    "a flicker": lambda made: made.sag(0.6).grid_back(),
    "a car leaves": lambda made: made.unplug("bay_1"),
    "a car comes": lambda made: made.plug("bay_1", soc_pct=75.0),
    "a car comes almost empty": lambda made: made.plug("bay_2", soc_pct=51.0),
    "much is wanted": lambda made: made.wants("kitchen", 14_000.0).wants("lift", 6_000.0),
    "little is wanted": lambda made: made.wants("kitchen", 1_000.0).wants("lift", 0.0),
    "hot water is wanted": lambda made: made.ask(forces("hot_water", Want.ON, duration_s=30.0)),
    "the gym is closed": lambda made: made.ask(forces("gym", Want.OFF, duration_s=30.0)),
    "all is mended": lambda made: made.mended(),
    "somebody looks": lambda made: made.ask(Acknowledge(who="Alex", role="operator")),
    "people work": lambda made: made.ask(order(Task.MAINTENANCE)),
    "the work is over": lambda made: made.ask(order(Task.MAINTENANCE, begin=False)),
    "an island is wanted": lambda made: made.ask(order(Task.ISLAND, duration_s=60.0)),
    "a drill": lambda made: made.ask(order(Task.DRILL, duration_s=30.0)),
    "people may have to leave": lambda made: made.ask(order(Task.EVACUATION, duration_s=60.0)),
    "the inverter stops": lambda made: made.act(lambda plant: plant.former.stop()),
    "the daemon is killed": lambda made: made.restart(down_s=3.0),
}


def _flawed(what: str, how: str) -> Verb:
    return lambda made: made.flawed(FLAWS[how], *ROLES[what])


VERBS |= {f"{what}: {how}": _flawed(what, how) for what in ROLES for how in FLAWS}
plain = [name for name in VERBS if ":" not in name]
odd = [name for name in VERBS if ":" in name]
histories = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(plain), st.sampled_from(odd)),
        st.one_of(st.floats(0.1, 3.0), st.floats(3.0, 40.0)),
    ),
    min_size=1,
    max_size=10,
)


def lived(history: list[tuple[str, float]]) -> Building:
    """A building with this history, each tick of which is checked."""
    made = building(site=SITE, load=0.9, battery_soc_pct=75.0, cars={"bay_1": Car(soc_pct=80.0)})
    witness, seen = Witness(), 0

    def check() -> None:
        nonlocal seen
        for ticked in made.ticks[seen:]:
            witness.look(ticked)
        seen = len(made.ticks)

    for verb, seconds in history:
        VERBS[verb](made)
        check()
        if verb == "the daemon is killed":
            witness.boot_s, witness.off_since = made.plant.t_s, {}
        made.advance(seconds)
        check()
    return made


@pytest.mark.long
@given(histories)
@example([("contacts: zero", 2.0)])  # a number is no word of a contact
@example([("the grid fails", 3.0), ("people may have to leave", 0.5), ("the grid returns", 12.0)])  # cars charge first
@example([("the grid fails", 8.0), ("charge of a car: silent", 14.0)])  # it goes on giving for a while
@settings(max_examples=20)
def test_the_invariants_hold_in_any_history(history: list[tuple[str, float]]):
    lived(history)


@pytest.mark.long
@given(histories)
@settings(max_examples=8)
def test_once_all_is_mended_and_somebody_has_looked_every_history_ends_on_the_grid_with_everything_on(
    history: list[tuple[str, float]],
):
    made = lived(history).mended().wants("kitchen", 5_000.0).wants("lift", 0.0).grid_back()
    for task in Task:
        made.ask(order(task, begin=False))
    for _ in range(4):
        made.ask(Acknowledge(who="Alex", role="operator")).advance(100.0)
    assert made.mode is Mode.GRID_CONNECTED
    assert made.off() == set()
    assert made.alarms == set()
