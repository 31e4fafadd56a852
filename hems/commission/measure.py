"""Before and after: what changed, on which phase, and whether that is more than the building does by itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from hems.model import wiring
from hems.model.proof import Verdict
from hems.model.site import Circuit, Site
from hems.model.wiring import Port, Wiring
from hems.wording import listed
from hems.wording.language import N_, say

Value = bool | int | float | str
Look = Mapping[str, Value]
"""Everything that is believable at one moment, by role and by `device/point`."""

LEAST_W = 100.0
"""Below this nothing counts as a change: an idle load proves nothing."""
NOISE = 1.5
"""A change must exceed the building's own movement during the looks by this factor."""
SHARE = 0.3
"""A phase took part if it moved by this share of what its part would be if all moved alike."""
LEFT = 0.3
"""What a circuit's own meter may still show of what it showed before, once the circuit is off."""


ROSE = N_("{seen} rose where {wanted} should have ({told})")
FELL = N_("{seen} fell where {wanted} should have ({told})")


@dataclass(frozen=True, slots=True)
class Level:
    """Some looks taken together."""

    mean: Mapping[str, float]
    spread: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the numbers say; None where a person has to."""

    verdict: Verdict | None
    note: str


def series(look: Look, site: Site, wires: Wiring) -> dict[str, float]:
    """The building's load by phase, `L1` and so on, as far as it can be measured, and in all: `total`."""
    passes = _passes_on(look, site)
    by_phase = [_phase_w(index, look, wires, passes=passes) for index in range(len(site.phases))]
    found = {phase.value: watts for phase, watts in zip(site.phases, by_phase, strict=True) if watts is not None}
    grid = () if passes else (wiring.GRID_POWER,)
    known = _numbers(look, *grid, *(wiring.former_phase_w(index) for index in range(len(site.phases))))
    if known:
        found["total"] = sum(known)
    return found


def _passes_on(look: Look, site: Site) -> bool:
    """Whether what the former shows holds what the grid delivers, as many an inverter tells of its backup port.

    Then the sum of both would count that twice.  It does where grid and source explain it better than the source alone.
    """
    phases = [wiring.former_phase_w(index) for index in range(len(site.phases))]
    suns = [wiring.pv_power(pv.id) for pv in site.pvs if pv.direct]
    shown, grid = _numbers(look, *phases), _numbers(look, wiring.GRID_POWER)
    source = _numbers(look, wiring.battery_power(site.former.source), wiring.bay_power(site.former.source))
    if len(shown) < len(phases) or not grid or not source:
        return False
    rest_w = sum(shown) - sum(source) - sum(_numbers(look, *suns))
    return abs(rest_w - grid[0]) < abs(rest_w)


def _numbers(look: Look, *roles: str) -> list[float]:
    """What is known of these."""
    return [float(value) for role in roles if isinstance(value := look.get(role), int | float)]


def _phase_w(index: int, look: Look, wires: Wiring, *, passes: bool) -> float | None:
    """What comes from the grid and from the former on one phase; both carry the load, in whatever shares."""
    role = wiring.former_phase_w(index)
    from_former = look.get(role)
    if passes:
        return float(from_former) if isinstance(from_former, int | float) else None
    grid = wires.reads.get(wiring.GRID_POWER)
    from_grid = look.get(str(Port(grid.device, f"l{index + 1}_w"))) if grid is not None else None
    if not isinstance(from_grid, int | float):
        return None
    if role in wires.reads and not isinstance(from_former, int | float):
        return None
    return float(from_grid) + (float(from_former) if isinstance(from_former, int | float) else 0.0)


def level(looks: Sequence[Mapping[str, float]]) -> Level:
    """Mean and spread of what was in every look."""
    names = set.intersection(*(set(look) for look in looks)) if looks else set()
    mean = {name: fmean(look[name] for look in looks) for name in sorted(names)}
    return Level(mean, {name: max(look[name] for look in looks) - min(look[name] for look in looks) for name in names})


def moved(before: Level, after: Level, names: Iterable[str]) -> dict[str, float]:
    """By how much each series moved, for those that moved more than they do by themselves."""
    found = {}
    for name in names:
        if name in before.mean and name in after.mean:
            change = after.mean[name] - before.mean[name]
            if abs(change) > max(LEAST_W, NOISE * max(before.spread[name], after.spread[name])):
                found[name] = change
    return found


def judge_switch(circuit: Circuit, site: Site, before: Level, after: Level, *, on: bool) -> Judged:
    """What a circuit that was switched has shown: the right phases, in the right direction, and its own meter."""
    sign = 1.0 if on else -1.0
    own = str(wiring.circuit_power(circuit.id))
    if own in before.mean and own in after.mean:
        low, high = (before, after) if on else (after, before)
        if high.mean[own] >= LEAST_W and low.mean[own] > LEFT * high.mean[own]:
            return Judged(
                Verdict.FAILED, say("its own meter still shows {watts:.0f} W when it is off", watts=low.mean[own])
            )
    phases = [phase.value for phase in site.phases]
    changes = moved(before, after, phases)
    expected = [phase.value for phase in circuit.phases]
    told = ", ".join(f"{name} {change:+.0f} W" for name, change in changes.items())
    right = [name for name, change in changes.items() if change * sign > 0.0]
    if not right:
        nothing = say("nothing measurable rose") if on else say("nothing measurable fell")
        return Judged(None, nothing + (say(" ({told}: the wrong way)", told=told) if told else ""))
    largest = max(abs(changes[name]) for name in right)
    took_part = [name for name in right if abs(changes[name]) >= SHARE * largest]
    if set(took_part) <= set(expected):
        return _covered(took_part, expected, told)
    way = ROSE if on else FELL
    return Judged(Verdict.FAILED, say(way, seen=listed(took_part), wanted=listed(expected), told=told))


def _covered(took_part: Sequence[str], expected: Sequence[str], told: str) -> Judged:
    missing = [name for name in expected if name not in took_part]
    note = told if not missing else say("{told}; nothing seen on {missing}", told=told, missing=listed(missing))
    return Judged(Verdict.PROVEN, note)


def judge_power(asked_w: float, before: Level, after: Level, role: str) -> Judged:
    """Whether a source did what it was asked, in sign and roughly in size."""
    if role not in before.mean or role not in after.mean:
        return Judged(None, say("its power cannot be read"))
    change = after.mean[role] - before.mean[role]
    told = say("asked for {asked:+.0f} W, measured {seen:+.0f} W", asked=asked_w, seen=after.mean[role])
    if abs(change) < max(LEAST_W, 0.3 * abs(asked_w)):
        return Judged(None, say("{told}: nothing moved", told=told))
    if abs(after.mean[role] - asked_w) > max(2.0 * LEAST_W, 0.3 * abs(asked_w)):
        return Judged(Verdict.FAILED, told)
    return Judged(Verdict.PROVEN, told)
