"""The latest reading of every role, and the reflex that acts on a raw one before any tick."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hems.control.reflex import crossed, sets_off
from hems.control.step import Armed, Trigger
from hems.model.command import Command
from hems.model.reading import Reading
from hems.model.units import DeviceId
from hems.model.wiring import Port, Role, Wiring
from hems.ports.clock import Clock
from hems.runtime.leaps import Doubt

NO_DOUBTS: Mapping[Role, Doubt] = {}


class Board:
    """Where drivers deliver.  An armed list is used once; a tick that is due at once is called for."""

    def __init__(
        self,
        wiring: Wiring,
        clock: Clock,
        *,
        ready: Callable[[Sequence[Command]], Callable[[], None]],
        wake: Callable[[], None],
        doubts: Mapping[Role, Doubt] = NO_DOUBTS,
    ) -> None:
        """`doubts` say what is not to be believed at once."""
        self.latest: dict[Role, Reading[Any]] = {}
        self.points: dict[Port, Reading[Any]] = {}
        """The same by place, and also what no quantity of the building is read from."""
        self._fired: list[Command] = []
        self._clock = clock
        self._ready = ready
        self._wake = wake
        self._doubts = doubts
        self._armed: list[tuple[Armed, Callable[[], None]]] = []
        """Each with what sheds it, made ready."""
        self._watch: tuple[Trigger, ...] = ()
        self._stirring: frozenset[Role] = frozenset()
        """Quantities that any trigger looks at; of all others a reading is only kept."""
        self._roles: dict[Port, list[Role]] = defaultdict(list)
        for role, port in wiring.reads.items():
            self._roles[port].append(role)

    def __call__(self, device: DeviceId, readings: Mapping[str, Reading[Any]]) -> None:
        """Take what one answer or message held, by point."""
        now_s = self._clock.mono_s()
        for point, reading in readings.items():
            port = Port(device, point)
            self.points[port] = reading
            for role in self._roles.get(port, ()):
                before, told = self.latest.get(role), reading
                if role in self._doubts:
                    told = self._doubts[role].believed(reading)
                self.latest[role] = told
                if role in self._stirring:
                    self._react(role, before, told, now_s)

    def roles_at(self, port: Port) -> Sequence[Role]:
        """Quantities of the building that are read at a place."""
        return self._roles.get(port, ())

    def arm(self, armed: Sequence[Armed], watch: tuple[Trigger, ...]) -> None:
        """What the last tick made ready, and what it wants to be woken for."""
        self._armed = [(one, self._made_ready(one)) for one in armed]
        self._watch = watch
        triggers = (trigger for one in armed for trigger in one.triggers)
        self._stirring = frozenset(trigger.role for trigger in (*watch, *triggers))

    def take_fired(self) -> tuple[Command, ...]:
        """What the reflex has sent since this was last asked."""
        fired, self._fired = tuple(self._fired), []
        return fired

    def _react(self, role: Role, before: Reading[Any] | None, reading: Reading[Any], now_s: float) -> None:
        for ready in [one for one in self._armed if sets_off(one[0], role, reading, now_s)]:
            armed, shed = ready
            shed()
            self._armed.remove(ready)
            self._fired += armed.commands
            self._wake()
        if crossed(self._watch, role, before, reading, now_s):
            self._wake()

    def _made_ready(self, armed: Armed) -> Callable[[], None]:
        """As a rule what sheds a list was made for the tick before."""
        kept = (shed for one, shed in self._armed if one.name == armed.name and one.commands == armed.commands)
        return next(kept, None) or self._ready(armed.commands)
