"""What goes off on the grid when a limit cannot be met otherwise: flexible circuits, and no others.

A panel whose fuses its circuits overload is a limit like that of the connection, for the circuits behind it.  First
batteries give and cars pause; what is still too much then is taken from flexible circuits, the least important
first.  They come back one by one once there is room for what they draw.  What a person keeps on stays on: such a limit
is no protection, so it is not taken, and not taken again at every look, which would never end.
"""

from collections.abc import Mapping

from hems.control.dispatch import able, panels
from hems.control.dispatch.envelope import envelope
from hems.control.dispatch.excess import SLACK, SLACK_W
from hems.control.dispatch.flows import flows
from hems.control.dispatch.storage import steered
from hems.control.given import Given
from hems.control.memory.using import FRESH
from hems.control.sheddable import candidates, expendable
from hems.control.state import ControlState
from hems.control.stored import NO_BATTERY
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.site import Circuit, Panel, Site, Tier
from hems.model.units import CircuitId

LIMITED = (
    Why.LIMIT_AGREED,
    Why.LIMIT_FLEXIBLE,
    Why.LIMIT_FAILSAFE,
    Why.LIMIT_REDUCED,
    Why.LIMIT_HOURS,
    Why.LIMIT_SERVICE,
)
"""Limits for whose sake circuits go off; a quarter of an hour that costs more is none."""
FOR_A_LIMIT = frozenset({*LIMITED, Why.LIMIT_PANEL})
"""The same, and those of a sub-panel: such circuits may be off for as long as the limit lasts."""

STANDS_S = 3.0
"""So long a panel is overloaded before circuits go off for it: by then it is no car that has just stopped."""


def sheds(given: Given, state: ControlState, watts: Mapping[CircuitId, float]) -> dict[CircuitId, Cause]:
    """The flexible circuits that go off now, and whose limit it is."""
    if state.mode.mode is not Mode.GRID_CONNECTED:
        return {}
    found = _for_connection(given, state, watts) if state.connection.standing else {}
    for panel, since_s in state.connection.panels_over_s.items():
        if not found and given.now_s >= since_s + STANDS_S:
            found = _for_panel(given.site.panel(panel), given, state, watts)
    return found


def _for_panel(
    panel: Panel, given: Given, state: ControlState, watts: Mapping[CircuitId, float]
) -> dict[CircuitId, Cause]:
    """Flexible circuits behind a panel, on its overloaded phases; while its meter is silent nobody can tell."""
    site = given.site
    left_w = panels.left_w(site, panel, state.connection.panels)
    found: dict[CircuitId, Cause] = {}
    for circuit in expendable(candidates(site, state, given.snapshot, given.now_s), state):
        mine = site.per_phase(watts[circuit.id], circuit.phases)
        helps = any(left < 0.0 < share for left, share in zip(left_w, mine, strict=True))
        if circuit.tier is Tier.FLEXIBLE and panel.id in panels.way(site, circuit.panel) and helps:
            found[circuit.id] = Cause(Why.LIMIT_PANEL, {"panel": panel.name})
            left_w = [left + share for left, share in zip(left_w, mine, strict=True)]
    return found


def _for_connection(given: Given, state: ControlState, watts: Mapping[CircuitId, float]) -> dict[CircuitId, Cause]:
    site, now_s = given.site, given.now_s
    bounds = envelope(site, state.connection, given.snapshot, now_s)
    if bounds.import_by.why not in LIMITED or _surely_w(state) <= bounds.import_w:
        return {}
    over_w = _left_over_w(given, state, bounds.import_w)
    found: dict[CircuitId, Cause] = {}
    if over_w <= max(SLACK_W, SLACK * bounds.import_w):
        return found
    for circuit in expendable(candidates(site, state, given.snapshot, now_s), state):
        if circuit.tier is Tier.FLEXIBLE and over_w > 0.0 and watts[circuit.id] > 0.0:
            found[circuit.id] = bounds.import_by
            over_w -= watts[circuit.id]
    return found


def obstacle(circuit: Circuit, given: Given, state: ControlState, draws_w: float) -> Cause | None:
    """The limit for which a circuit has to wait, because what it draws would not fit yet; None if it need not.

    A flexible one that went off for something else waits where it would go off again for a limit.
    """
    because = state.loads.get(circuit.id, FRESH).shed_because
    if because is None or state.mode.mode.on_island:
        return None
    if because.why is Why.LIMIT_PANEL:
        return None if _fits_panels(circuit, given.site, state, draws_w) else because
    bounds = envelope(given.site, state.connection, given.snapshot, given.now_s)
    if because.why in LIMITED:
        silent = flows(given.site, given.snapshot, given.now_s) is None
        return because if silent or _house_w(state) + draws_w > bounds.import_w else None
    if circuit.tier is not Tier.FLEXIBLE or bounds.import_by.why not in LIMITED:
        return None
    goes_again = _left_over_w(given, state, bounds.import_w - draws_w) > max(SLACK_W, SLACK * bounds.import_w)
    return bounds.import_by if goes_again else None


def _fits_panels(circuit: Circuit, site: Site, state: ControlState, draws_w: float) -> bool:
    """Whether every panel that it hangs on carries it beside what is drawn; not while a meter is silent."""
    mine = site.per_phase(draws_w, circuit.phases)
    behind = [site.panel(panel) for panel in panels.way(site, circuit.panel)]
    left = [panels.left_w(site, panel, state.connection.panels) for panel in behind]
    return all(room >= share for one in left for room, share in zip(one, mine, strict=True))


def _left_over_w(given: Given, state: ControlState, import_w: float) -> float:
    """W above the limit that remain when all batteries give what they can and no car charges."""
    if flows(given.site, given.snapshot, given.now_s) is None:
        return 0.0
    given_w = 0.0
    for one in steered(given.site):
        soc_pct = given.snapshot.batteries.get(one.id, NO_BATTERY).soc_pct.known(given.now_s)
        given_w += able.gives_w(one, state) if soc_pct is not None and soc_pct > (one.reserve_pct or 0.0) else 0.0
    return _surely_w(state) - given_w - import_w


def _surely_w(state: ControlState) -> float:
    """What circuits draw whatever cars are about to do: nothing goes off for what a car draws."""
    circuits_w = state.connection.steady.circuits_w
    return _house_w(state) if circuits_w is None else min(_house_w(state), circuits_w)


def _house_w(state: ControlState) -> float:
    return sum(one.watts for one in state.connection.standing)
