"""Single instants for single rules: numbers that a reader can work out by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from hems.control.energy import Band
from hems.control.given import Given
from hems.control.memory.acting import Sent
from hems.control.memory.seeing import BusMemory, EvidenceMemory, GridMemory, ModeMemory, TieMemory
from hems.control.params import Params
from hems.control.sheddable import Outlook
from hems.control.state import ControlState, initial
from hems.model.cause import Cause, Why
from hems.model.instant import Instant
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.request import Standing, Task
from hems.model.site import Site, Tier
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId
from hems.model.wiring import Role
from tests.control.panel import snapshot

PARAMS = Params()
BECAUSE = Cause(Why.OVERLOAD)


def sent(value: bool | float, at_s: float = 0.0, **more: Any) -> Sent:
    """A command that was sent once."""
    return Sent(**{"value": value, "cause": BECAUSE, "sent_s": at_s, "last_s": at_s} | more)


def evidence(
    tie: TiePosition = TiePosition.OPEN, grid: Grid = Grid.DEAD, bus: Bus = Bus.LIVE, **more: Any
) -> EvidenceMemory:
    """Three axes, as they were judged."""
    axes = {"tie": TieMemory(value=tie), "grid": GridMemory(value=grid), "bus": BusMemory(value=bus)}
    return EvidenceMemory(**axes | more)


def state(mode: Mode = Mode.ISLANDED, *, since_s: float = 0.0, **more: Any) -> ControlState:
    """A controller in this mode, started long ago; on an open tie unless told otherwise."""
    known = {"mode": ModeMemory(mode=mode, since_s=since_s), "evidence": evidence()}
    return replace(initial(0.0), **known | more)


def standing(task: Task, begins_s: float = 0.0, ends_s: float = 9e9, **more: Any) -> dict[Task, Standing]:
    """An order that stands."""
    return {task: Standing(task=task, who="ana", reason="", begins_s=begins_s, ends_s=ends_s, **more)}


def given(
    site: Site,
    values: Mapping[Role, Any] | Snapshot,
    now_s: float = 0.0,
    *,
    params: Params = PARAMS,
    utc: datetime | None = None,
    **more: Any,
) -> Given:
    """What a tick is given."""
    seen = values if isinstance(values, Snapshot) else snapshot(site, values, now_s, **more)
    return Given(site, seen, params, Instant(now_s, utc))


def outlook(site: Site, watts: Mapping[str, float] | None = None, **more: Any) -> Outlook:
    """A calm island: `watts` by circuit, nothing for all others, a kilowatt on each phase of the former."""
    draws = {one.id: (watts or {}).get(one.id, 0.0) for one in site.circuits}
    known: dict[str, Any] = {
        "watts": draws,
        "phase_w": (1000.0,) * len(site.phases),
        "going_w": (0.0,) * len(site.phases),
        "band": Band.NORMAL,
        "least": Tier.NON_ESSENTIAL,
        "mode": Mode.ISLANDED,
        "mode_for_s": 100.0,
        "cars_phase_w": (0.0,) * len(site.phases),
        "sheds_settled": True,
    }
    return Outlook(**known | more)


def names(*circuits: str) -> tuple[CircuitId, ...]:
    """Circuits by name."""
    return tuple(CircuitId(one) for one in circuits)
