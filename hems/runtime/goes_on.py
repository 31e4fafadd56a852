"""What a device that is taken out of service goes on with, told to whoever does that."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hems.control.mode import ON_GRID
from hems.control.sending import is_switch, standing
from hems.control.state import ControlState
from hems.control.tuning.acting import CommandParams
from hems.model.site import Site
from hems.model.units import DeviceId
from hems.model.wiring import TIE_PERMIT, Role, Wiring
from hems.ports.clock import Clock
from hems.wording.language import N_, say
from hems.wording.names import called, names_of
from hems.wording.quantities import kw_signed


@dataclass(frozen=True, slots=True)
class GoesOn:
    """What follows hems at present, and whether it may be handed back."""

    site: Site
    wiring: Wiring
    params: CommandParams
    clock: Clock
    state: Callable[[], ControlState]

    @property
    def may_be_handed_back(self) -> bool:
        """Whether the grid carries the building: else what is handed back would do as it likes on an island."""
        return self.state().mode.mode in ON_GRID

    def told(self, devices: Sequence[DeviceId], failed: Mapping[DeviceId, str], *, handed_back: bool) -> list[str]:
        """A sentence for each that goes on with something; `failed` are those not handed back all the same, and why."""
        return [line for one in devices for line in self._of(one, failed.get(one, ""), handed_back=handed_back)]

    def _of(self, device: DeviceId, why: str, *, handed_back: bool) -> Iterator[str]:
        follows = standing(self.state().sent, self.params, self.clock.mono_s())
        own = {role: value for role, value in follows.items() if self.wiring.writes[role].device == device}
        if handed_back and not why:
            own = {role: value for role, value in own.items() if _is_left(role, value)}
        if not own:
            return
        orders = ", ".join(self._words(role, value) for role, value in own.items())
        if why:
            told = N_("{device} could not be handed back ({why}) and goes on with what it was told last: {orders}.")
            yield say(told, device=device, why=why, orders=orders)
        else:
            yield say(N_("{device} goes on with what it was told last: {orders}."), device=device, orders=orders)

    def _words(self, role: Role, value: bool | float) -> str:
        if role == TIE_PERMIT:
            return say(N_("permission to reconnect given") if value else N_("permission to reconnect withheld"))
        name = called(role, names_of(self.site))
        if not is_switch(role):
            return say(N_("{name} {power}"), name=name, power=kw_signed(float(value)))
        return say(N_("{name} on") if value else N_("{name} off"), name=name)


def _is_left(role: Role, value: bool | float) -> bool:
    """Whether handing back leaves it as it is: a circuit that is off, or whether one may reconnect."""
    return is_switch(role) and (not value or role == TIE_PERMIT)
