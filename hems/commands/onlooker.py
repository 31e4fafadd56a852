"""Looking at a building whose daemon does not run."""

import asyncio

from hems.config.site_file import SiteFile
from hems.control.measure import Measure
from hems.control.state import ControlState
from hems.control.step import Step
from hems.control.tick import tick
from hems.model import wiring
from hems.model.request import Request
from hems.model.site import Circuit
from hems.ports.clock import Clock
from hems.runtime.board import Board
from hems.runtime.fleet import Fleet

PERIOD_S = 0.5
"""From one look to the next."""
LEAST_S = 2.0
"""So long it is looked at in any case: a tick believes nothing at first sight."""


class Onlooker:
    """Looks at the building by the same tick as always; what that would command is not sent."""

    def __init__(self, file: SiteFile, board: Board, fleet: Fleet, clock: Clock, state: ControlState) -> None:
        self.file, self.board, self.fleet, self.clock = file, board, fleet, clock
        self._measure = Measure(file.site)
        self.state = state

    def tick(self, *requests: Request) -> Step:
        """One look."""
        now = self.clock.now()
        snapshot = self._measure.snapshot(
            self.board.latest,
            devices=self.fleet.health(now.mono_s),
            requests=requests,
            faults={},
            outcomes=(),
            fired=(),
        )
        step = tick(self.file.site, self.state, snapshot, self.file.params, now)
        self.state = step.state
        return step

    async def looked(self, seconds: float) -> None:
        """Look for a moment, and on until every switch has answered, but no longer than that."""
        begun_s = self.clock.mono_s()
        switches = [one for one in self.file.site.circuits if one.switchable]
        while (for_s := self.clock.mono_s() - begun_s) < seconds:
            if for_s > LEAST_S and all(self.position(one) is not None for one in switches):
                return
            self.tick()
            await asyncio.sleep(PERIOD_S)

    def position(self, circuit: Circuit) -> bool | None:
        """Where its switch is seen."""
        reading = self.board.latest.get(wiring.circuit_closed(circuit.id))
        return None if reading is None else reading.known(self.clock.mono_s())

    def by_hand(self, circuit: Circuit) -> bool | None:
        """Whether its hand switch stands elsewhere than on AUTO; None where that is not wired or not known."""
        reading = self.board.latest.get(wiring.circuit_by_hand(circuit.id))
        return None if reading is None else reading.known(self.clock.mono_s())
