"""The last look at what is about to be sent: the invariants, checked against the evidence and not the decision.

Nothing here should ever find anything.  What breaks an invariant is not sent, a permit is withdrawn, and a person is
called: the safe side of a mistake in this program.  Source: domain reference 1.4, I1 to I6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from hems.control import generator, said, steer
from hems.control.black_start import proven_open
from hems.control.dispatch import lending, storage
from hems.control.params import Params
from hems.control.sending import REQUESTS, Sending
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.command import Command
from hems.model.copies import replace
from hems.model.mode import ISLAND_MODES, Grid, Mode, TiePosition
from hems.model.site import Circuit, Site, Tier
from hems.model.snapshot import Snapshot
from hems.model.wiring import Role

GIVING_MODES = frozenset(
    {
        Mode.GRID_CONNECTED,
        Mode.ISLANDING_PLANNED,
        Mode.ISLANDED_STABILIZING,
        Mode.ISLANDED,
        Mode.GRID_RETURN_QUALIFYING,
        Mode.RECONNECTING,
        Mode.BLACK_START,
    }
)
HOLDING_MODES = frozenset({Mode.GRID_CONNECTED_DEGRADED, Mode.RECONNECTED_RESTORING})
"""Batteries alone give in these too, to hold a limit of the connection."""
CLOSING_MODES = frozenset(
    {Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING, Mode.BLACK_START, Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED}
)
LEAVING_MODES = ISLAND_MODES | {Mode.ISLANDING_PLANNED}
OUT_OF_DOUBT = frozenset({Mode.FAULT_SAFE, Mode.INIT, Mode.MAINTENANCE})
"""Maintenance, too, ends in looking around afresh."""
SLACK_S = 1e-6
"""Times are sums of floating-point numbers; what is due to the microsecond is due."""
CHARGERS = (wiring.bay_wake, wiring.bay_restart, wiring.bay_three_phases)
"""What a charger may be told besides a power."""


def turns(before: Mode, after: Mode) -> str | None:
    """I4: the invariant that a change of mode would break, or None: out of doubt only by looking around afresh."""
    return "I4" if before is Mode.FAULT_SAFE and after not in OUT_OF_DOUBT else None


@dataclass(frozen=True)  # without slots, for what is looked up once for many commands
class Look:
    """What every check is given."""

    site: Site
    state: ControlState
    snapshot: Snapshot
    params: Params
    now_s: float

    @cached_property
    def circuits(self) -> Mapping[Role, Circuit]:
        """Every circuit by its switch."""
        return {wiring.circuit_closed(one.id): one for one in self.site.circuits}


def kept(
    site: Site, state: ControlState, snapshot: Snapshot, sending: Sending, params: Params, now_s: float
) -> tuple[Sending, tuple[str, ...]]:
    """What may be sent, and the names of the invariants that the rest would have broken."""
    if not sending.commands:
        return sending, ()
    look = Look(site, state, snapshot, params, now_s)
    broken = {command.role: name for command in sending.commands if (name := breaks(look, command)) is not None}
    if not broken:
        return sending, ()
    commands = tuple(command for command in sending.commands if command.role not in broken)
    before = {role: state.sent[role] for role in broken if role in state.sent}
    sent = {role: one for role, one in sending.sent.items() if role not in broken} | before
    return replace(sending, commands=commands, sent=sent), tuple(dict.fromkeys(broken.values()))


def breaks(look: Look, command: Command) -> str | None:
    """The invariant that a command would break, or None."""
    return next((name for name, holds in INVARIANTS.items() if not holds(look, command)), None)


def _only_what_may_be_told(look: Look, command: Command) -> bool:
    """I1: a permission, a request, a circuit, a car, a battery; never the tie, nor what may not be switched."""
    site, role = look.site, command.role
    if role in REQUESTS:
        return True
    circuit = look.circuits.get(role)
    if circuit is not None:
        return circuit.switchable and circuit.tier is not Tier.LIFE_SAFETY
    if role.startswith("bays/") and not role.endswith("/power_w"):
        return any(role in (wake(bay.id) for wake in CHARGERS) for bay in site.bays)
    powers = {wiring.bay_power(bay.id) for bay in site.bays} | {wiring.battery_power(one.id) for one in site.batteries}
    return role in powers or any(role == wiring.pv_limit(pv.id) for pv in site.pvs if pv.limitable)


def _forms_on_an_open_tie_only(look: Look, command: Command) -> bool:
    """I2: the former is asked for voltage only with the tie just proven open."""
    if command.role != wiring.FORMER_START or not command.value:
        return True
    return proven_open(look.snapshot, look.params, look.now_s) and look.state.mode.mode is Mode.BLACK_START


def _keeps_generator_and_grid_apart(look: Look, command: Command) -> bool:
    """UCA 13: no generator is asked to run, and nobody let back to the grid, where the two could meet."""
    if command.role == wiring.GENERATOR_RUN and command.value:
        return generator.apart(look.site, look.state)
    if command.role == wiring.TIE_PERMIT and command.value:
        return generator.out_of_the_way(look.site, look.snapshot, look.now_s)
    return True


def _returns_after_the_whole_wait(look: Look, command: Command) -> bool:
    """I3: a permit after the whole qualification since the last excursion, on a tie that is known."""
    if command.role != wiring.TIE_PERMIT or not command.value:
        return True
    evidence = look.state.evidence
    since_s = evidence.grid.inside_since_s
    waited = since_s is not None and look.now_s >= since_s + look.params.grid.qualify_s - SLACK_S
    known = evidence.tie.value not in (TiePosition.INVALID, TiePosition.UNKNOWN)
    return evidence.grid.value is Grid.GOOD and known and waited


def _relies_on_a_proven_grid(look: Look, command: Command) -> bool:
    """I3: nothing comes back on the strength of a grid that is not connected and good for a while."""
    circuit = look.circuits.get(command.role)
    if circuit is None or not command.value or look.state.mode.mode.on_island:
        return True
    hold = look.params.restore
    hold_s = hold.hold_essential_s if circuit.tier <= Tier.ESSENTIAL else hold.hold_rest_s
    solid_s, vouched_s = look.state.grid_solid_since_s, look.state.vouched_since_s
    since_s = vouched_s if solid_s is None else solid_s
    return since_s is not None and look.now_s >= since_s + hold_s - SLACK_S


def _gives_only_where_it_may(look: Look, command: Command) -> bool:
    """I5: circuits, cars and the tie's request only in the modes made for them."""
    mode = look.state.mode.mode
    if wiring.circuit_of(command.role) is not None:
        told = mode is Mode.GRID_CONNECTED_DEGRADED and said.present(look.state, look.now_s)
        return not command.value or mode in CLOSING_MODES or told
    if command.role == wiring.TIE_ISLAND:
        return not command.value or mode in LEAVING_MODES
    if command.role.endswith("/power_w") and command.value > 0:
        return mode in GIVING_MODES or (mode in HOLDING_MODES and command.role.startswith("batteries/"))
    return True


def _keeps_the_reserve(look: Look, command: Command) -> bool:
    """With the grid nothing leaves what is kept for power cuts, whoever wishes it.

    A car that gives a little for some seconds, so that an engineer can prove its sign, is not lent.
    """
    if look.state.mode.mode not in storage.ON_GRID or not command.role.endswith("/power_w") or command.value <= 0:
        return True
    site, now_s = look.site, look.now_s
    kept = [one for one in storage.steered(site) if not storage.above_reserve(one, look.snapshot, now_s)]
    asks = look.state.mode.mode is Mode.GRID_CONNECTED
    cars = [one for one in site.bays if asks and command.role == wiring.bay_power(one.id)]
    cars = [one for one in cars if command.value > steer.asked_w(look.state, one.id, now_s)]
    lent = all(lending.may(one, site, look.state, look.snapshot, look.params, now_s) for one in cars)
    return lent and command.role not in (wiring.battery_power(one.id) for one in kept)


def _waits_after_a_start(look: Look, command: Command) -> bool:
    """I6: nothing is given power in the first moments of this process (UCA 4)."""
    return not command.energises or look.now_s >= look.state.boot_s + look.params.boot.hold_energise_s - SLACK_S


Check = Callable[[Look, Command], bool]
INVARIANTS: dict[str, Check] = {
    "I1": _only_what_may_be_told,
    "I2": _forms_on_an_open_tie_only,
    "generator": _keeps_generator_and_grid_apart,
    "I3": _returns_after_the_whole_wait,
    "I3 grid": _relies_on_a_proven_grid,
    "I5": _gives_only_where_it_may,
    "I6": _waits_after_a_start,
    "reserve": _keeps_the_reserve,
}
