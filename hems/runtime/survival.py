"""Falling over again and again must not keep the building dark.

After three crashes in ten minutes only the essentials run; after six not even what was saved is believed.
"""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hems.control import override
from hems.control.memory.using import LoadMemory
from hems.control.resume import resumed, surviving
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.codec import from_plain
from hems.model.left import Left
from hems.model.request import Override, Request
from hems.model.site import Circuit, Site
from hems.model.units import DAY_S

log = logging.getLogger(__name__)

CRASHES = 3
"""As many failed starts lead to survival; twice as many to leaving the saved state aside."""
WITHIN_S = 600.0
NAME = "starts.json"
MOST_STARTS = 100
"""Remembered; one that cannot run begins every two seconds."""


class Starts:
    """Starts that have not ended in good order, in a small file; losing it is harmless.

    It also lies in the run directory: a full or failing disk may be the very reason why start after start fails.
    """

    def __init__(self, directory: Path, boot_id: str, *, beside: Path | None = None) -> None:
        self._files = [place / NAME for place in (beside, directory) if place is not None]
        self._boot_id = boot_id
        self.in_a_day = 0
        """As many of the last day have failed, as of `begin`."""
        self.cut_off = False
        """Whether the gateway went out, or was reset, while hems ran, as of `begin`."""

    def begin(self, now_s: float) -> int:
        """Note this start.  How many of those in the last ten minutes have failed."""
        found = [told for file in self._files if (told := _read(file)) is not None]
        mine = [starts_s for boot_id, starts_s in found if boot_id == self._boot_id]
        self.cut_off = not mine and any(starts_s for _, starts_s in found)
        recent = [start_s for start_s in (mine or [[]])[0] if 0.0 <= now_s - start_s <= DAY_S][-MOST_STARTS:]
        self._write([*recent, now_s])
        self.in_a_day = len(recent)
        return sum(now_s - start_s <= WITHIN_S for start_s in recent)

    def end(self) -> None:
        """This run has ended in good order, and so all is forgiven."""
        self._write([])

    def _write(self, starts_s: list[float]) -> None:
        for file in self._files:
            with suppress(OSError):
                fresh = file.with_suffix(".new")
                fresh.write_text(json.dumps({"boot_id": self._boot_id, "starts_s": starts_s}), encoding="utf-8")
                fresh.replace(file)


def _read(file: Path) -> tuple[str, list[float]] | None:
    """The boot that a file is of, and its starts; None where nothing can be read."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        saved = json.loads(file.read_text(encoding="utf-8"))
        return str(saved["boot_id"]), [float(start_s) for start_s in saved["starts_s"]]
    return None


def first_state(site: Site, left: Left, *, now_s: float, failures: int, cut_off: bool) -> ControlState:
    """What an earlier run left, for the present site; else a state that knows nothing.

    After too many `failures` less is begun with; `cut_off` is whether the earlier run ended with the gateway's power.
    """
    state = initial(now_s)
    if left.blob is not None and failures < 2 * CRASHES:
        try:
            saved = fitting(site, from_plain(ControlState, json.loads(left.blob)))
            told = _ours(site, left.told)
            state = resumed(saved, shift_s=left.shift_s, now_s=now_s, told=told, cut_off=cut_off)
        except (ValueError, TypeError, KeyError) as error:
            log.error("The saved state cannot be read and is left aside: %s", error)
    if failures < CRASHES:
        return state
    log.error(
        "%d starts have failed within ten minutes: only overload, energy bands and floors are watched now.", failures
    )
    return surviving(state)


def _ours(site: Site, told: Mapping[wiring.Role, bool | float]) -> dict[wiring.Role, bool | float]:
    """What the journal says of circuits that are still there."""
    known = {wiring.circuit_closed(one.id) for one in site.circuits if one.switchable}
    return {role: value for role, value in told.items() if role in known}


def fitting(site: Site, state: ControlState) -> ControlState:
    """Without what belongs to nothing here: the site file may have been changed, or be that of another building."""
    circuits = {circuit.id: circuit for circuit in site.circuits}
    bays = {bay.id for bay in site.bays}
    roles = {wiring.circuit_closed(one.id) for one in site.circuits if one.switchable}
    roles |= {wiring.TIE_PERMIT, *map(wiring.bay_power, bays)}
    return replace(
        state,
        dose=state.dose if len(state.dose) == len(site.phases) else (),
        loads={name: _load(circuits[name], memory) for name, memory in state.loads.items() if name in circuits},
        bays={bay: memory for bay, memory in state.bays.items() if bay in bays},
        drivers={bay: memory for bay, memory in state.drivers.items() if bay in bays},
        sent={role: entry for role, entry in state.sent.items() if role in roles},
        overrides=tuple(one for one in state.overrides if override.refusal(_asked(one), site) is None),
        by_hand=state.by_hand and site.has_red_button,
    )


def _load(circuit: Circuit, memory: LoadMemory) -> LoadMemory:
    return memory if circuit.switchable else replace(memory, shed_because=None, shed_since_s=None)


def _asked(one: Override) -> Request:
    return Request(circuit=one.circuit, want=one.want, who=one.who, role=one.role, reason=one.reason)
