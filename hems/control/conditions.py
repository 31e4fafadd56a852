"""The conditions of the rules in `mode`: what they may ask, and each question under its name."""

from collections.abc import Callable
from dataclasses import dataclass

from hems.control.regime import GONE, Regime, regime
from hems.model.mode import Bus, Grid, TiePosition
from hems.model.quick import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a rule may ask."""

    grid: Grid
    tie: TiePosition
    bus: Bus
    witnessed: bool
    """Some witness of tie or bus can be read."""
    island_calm: bool
    """No overload, and every shed is acknowledged or given up on."""
    restored: bool
    """Nothing that hems switched off is still off, apart from what has to wait for a person or lets its relay rest."""
    may_reconnect: bool
    """There is a permission to give, and no back-off or lock-out forbids another attempt."""
    acknowledged: bool
    """A person has looked into the contradiction."""
    contradiction: bool
    """FAULT_SAFE was entered on a contradiction."""
    maintenance: bool = False
    """People work on the plant."""
    opening_asked: bool = False
    """The certified device has been asked to open the tie."""
    island_asked: bool = False
    """Somebody wants the building to leave the grid now, and nothing speaks against it."""
    source_lost: bool = False
    """A source that helped to carry the island has gone at this instant."""
    on_purpose: bool = False
    """The building is off a grid that has not gone, because somebody wanted it so."""
    may_start: bool = False
    """The former may be asked to make voltage on the dead building."""

    @property
    def regime(self) -> Regime:
        """The row of the truth table."""
        return regime(self.tie, self.grid, self.bus)


When = Callable[[Facts], bool]


def regime_is(*regimes: Regime) -> When:
    """The row of the truth table is one of these."""
    return lambda facts: facts.regime in regimes


def tie_open(facts: Facts) -> bool:
    """Open with a bus that is not known dead: enough for every island action."""
    return facts.tie is TiePosition.OPEN and facts.bus is not Bus.DEAD


def left_on_purpose(facts: Facts) -> bool:
    """Opened because it was asked to, by a grid that nobody has seen go."""
    return tie_open(facts) and facts.opening_asked and facts.grid not in GONE


def nothing_seen(facts: Facts) -> bool:
    """No witness of tie or bus can be read."""
    return not facts.witnessed


def island_at_rest(facts: Facts) -> bool:
    """No overload, nothing still on its way off."""
    return facts.island_calm and tie_open(facts)


def grid_qualified(facts: Facts) -> bool:
    """The utility has been good for the whole qualification time, and nothing forbids another attempt."""
    return facts.regime is Regime.ISLAND_GRID_BACK and facts.grid is Grid.GOOD and facts.may_reconnect


def stays_apart(facts: Facts) -> bool:
    """The grid could be rejoined, and somebody wants to stay on own power."""
    return facts.regime is Regime.ISLAND_GRID_BACK and facts.island_asked


def grid_wavered(facts: Facts) -> bool:
    """Still there, but not without a break: the wait begins again, and the permission ends."""
    return facts.regime is Regime.ISLAND_GRID_BACK and facts.grid is not Grid.GOOD


def all_restored(facts: Facts) -> bool:
    """On a good grid with nothing left to switch on."""
    return facts.regime is Regime.CONNECTED and facts.restored


def still_restoring(facts: Facts) -> bool:
    """On a good grid with something left to switch on."""
    return facts.regime is Regime.CONNECTED and not facts.restored


def sure_again(facts: Facts) -> bool:
    """Nothing contradicts any more, and where something did, a person has looked."""
    return not unsure(facts) and (facts.acknowledged or not facts.contradiction)


def in_maintenance(facts: Facts) -> bool:
    """People work on the plant."""
    return facts.maintenance


def released(facts: Facts) -> bool:
    """Nobody works on the plant any more."""
    return not facts.maintenance


def island_asked(facts: Facts) -> bool:
    """Somebody wants to leave a good grid."""
    return facts.regime is Regime.CONNECTED and facts.island_asked


def island_still_asked(facts: Facts) -> bool:
    """The tie is still closed, whatever has been tried."""
    return facts.regime in (Regime.CONNECTED, Regime.RETURNING) and facts.island_asked


def island_called_off(facts: Facts) -> bool:
    """Nobody wants to leave the grid any more, or something speaks against it."""
    return facts.regime in (Regime.CONNECTED, Regime.RETURNING) and not facts.island_asked


def source_lost(facts: Facts) -> bool:
    """On its own power, and with less of it from now on."""
    return facts.source_lost and tie_open(facts)


def grid_stays(facts: Facts) -> bool:
    """The grid is seen that the building has left on purpose: it was never away."""
    return facts.regime is Regime.ISLAND_GRID_BACK and facts.on_purpose


def island_in_earnest(facts: Facts) -> bool:
    """The grid that the building has left on purpose has gone."""
    return facts.regime is Regime.ISLAND and facts.on_purpose and facts.grid in GONE


def may_start(facts: Facts) -> bool:
    """The building is dark, and its own source may be tried."""
    return facts.regime is Regime.BLACKOUT and facts.may_start


connected = regime_is(Regime.CONNECTED, Regime.RETURNING)
disturbed = regime_is(Regime.DISTURBED)
degraded = regime_is(Regime.DEGRADED)
island = regime_is(Regime.ISLAND)
grid_back = regime_is(Regime.ISLAND_GRID_BACK)
dark = regime_is(Regime.BLACKOUT, Regime.BLACKOUT_GRID_BACK)
on_own_power = regime_is(Regime.ISLAND, Regime.ISLAND_GRID_BACK)
dark_alone = regime_is(Regime.BLACKOUT)
dark_grid_back = regime_is(Regime.BLACKOUT_GRID_BACK)
contradiction = regime_is(Regime.CONTRADICTION)
tie_unknown = regime_is(Regime.TIE_UNKNOWN)
bus_unseen = regime_is(Regime.BUS_UNSEEN)
tie_unsure = regime_is(Regime.MOVING, Regime.TIE_UNKNOWN)
unsure = regime_is(Regime.CONTRADICTION, Regime.BUS_UNSEEN, Regime.MOVING, Regime.TIE_UNKNOWN)
