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
MOST_STARTS = 100
"""Remembered; one that cannot run begins every two seconds."""


class Starts:
    """Starts that have not ended in good order, in a small file; losing it is harmless."""

    def __init__(self, directory: Path, boot_id: str) -> None:
        self._file = directory / "starts.json"
        self._boot_id = boot_id
        self.in_a_day = 0
        """As many of the last day have failed, as of `begin`."""
        self.cut_off = False
        """Whether the gateway went out, or was reset, while hems ran, as of `begin`."""

    def begin(self, now_s: float) -> int:
        """Note this start.  How many of those in the last ten minutes have failed."""
        boot_id, starts_s = self._read()
        self.cut_off = bool(starts_s) and boot_id != self._boot_id
        mine = starts_s if boot_id == self._boot_id else []
        recent = [start_s for start_s in mine if 0.0 <= now_s - start_s <= DAY_S][-MOST_STARTS:]
        self._write([*recent, now_s])
        self.in_a_day = len(recent)
        return sum(now_s - start_s <= WITHIN_S for start_s in recent)

    def end(self) -> None:
        """This run has ended in good order, and so all is forgiven."""
        self._write([])

    def _read(self) -> tuple[str, list[float]]:
        """The boot that the file is of, and its starts."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            saved = json.loads(self._file.read_text(encoding="utf-8"))
            return str(saved["boot_id"]), [float(start_s) for start_s in saved["starts_s"]]
        return "", []

    def _write(self, starts_s: list[float]) -> None:
        with suppress(OSError):
            self._file.write_text(json.dumps({"boot_id": self._boot_id, "starts_s": starts_s}), encoding="utf-8")


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
