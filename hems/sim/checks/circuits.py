"""Checks of which circuits had power, when they came back, and whether equals had as much of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from hems.sim.checks.case import TRANSFER_S, Case, Check, Finding
from hems.sim.record import Record
from hems.sim.tally import jain

LOOK_S = 1.0
"""By so much a time read off two looks may be short."""


def tiers_on(case: Case, tiers: Sequence[int]) -> Finding:
    """No circuit of these tiers was off at any look, nor without voltage for longer than a changeover takes."""
    kept = {circuit.id for circuit in case.site.circuits if circuit.tier in tiers}
    off = {name for frame in case.record.frames for name in frame.off} & kept
    dark_s = _longest_dark_s(case.record)
    if off or dark_s > TRANSFER_S:
        return False, f"off: {', '.join(sorted(off)) or 'none'}; dark for {dark_s:.1f} s"
    return True, f"{len(kept)} circuits always on"


def _longest_dark_s(record: Record) -> float:
    """The longest time without voltage on the bus."""
    longest_s, began_s = 0.0, None
    for frame in record.frames:
        began_s = None if frame.bus_live else frame.t_s if began_s is None else began_s
        longest_s = max(longest_s, 0.0 if began_s is None else frame.t_s - began_s)
    return longest_s


def off_below(case: Case, pct: float, tiers: Sequence[int], within_s: float) -> Finding:
    """Every circuit of these tiers that has a switch is off, soon after stored energy has fallen below `pct`."""
    names = {circuit.id for circuit in case.site.circuits if circuit.tier in tiers and circuit.sheddable}
    below_s = next((frame.t_s for frame in case.record.frames if frame.battery_pct < pct and frame.bus_live), None)
    if below_s is None:
        return False, f"stored energy never fell below {pct:g}%"
    late = [frame for frame in case.record.frames if frame.t_s >= below_s + within_s and names - frame.off]
    return not late, f"below {pct:g}% at {below_s:.0f} s, {len(names)} circuits" + (" not all off" if late else " off")


def on_above(case: Case, pct: float, tiers: Sequence[int]) -> Finding:
    """No circuit of these tiers is off while more than `pct` is stored."""
    names = {circuit.id for circuit in case.site.circuits if circuit.tier in tiers}
    wrong = next((frame for frame in case.record.frames if frame.battery_pct > pct and names & frame.off), None)
    return wrong is None, f"{len(names)} circuits" if wrong is None else f"{sorted(names & wrong.off)[0]} off"


def staggered(case: Case) -> Finding:
    """No two circuits were switched on sooner after one another than the shorter of the two steps; one was."""
    times = sorted(t_s for t_s, _, _ in case.record.switched(True))
    if not times:
        return False, "nothing came back"
    gaps = [later - earlier for earlier, later in pairwise(times)]
    step_s = min(case.params.restore.step_grid_s, case.params.restore.step_island_s)
    closest = min(gaps, default=step_s)
    return closest >= step_s - 0.05, f"{len(times)} switched on, at least {closest:.1f} s apart"


def all_on(case: Case) -> Finding:
    """At the end nothing is off."""
    last = case.record.frames[-1] if case.record.frames else None
    if last is None:
        return False, "nothing was seen"
    return not last.off, f"still off: {', '.join(sorted(last.off))}" if last.off else "all on"


def fair(case: Case, tier: int, rank: int, at_least: float, from_s: float) -> Finding:
    """Equals of a tier had power for as long as each other, by Jain's index."""
    names = _equals(case, tier, rank)
    on_s = [sum(for_s for on, for_s in _stretches(case, name, from_s) if on) for name in names]
    index = jain(on_s)
    held = len(names) > 1 and max(on_s) > 0.0 and index >= at_least
    return held, f"{index:.3f}; {min(on_s):.0f} to {max(on_s):.0f} s each"


def takes_turns(case: Case, tier: int, rank: int, at_most: int, from_s: float) -> Finding:
    """Each turn of equals is as long as it must be, each rest as long as the switch's own, and switches move seldom."""
    rests_s = {
        str(one.id): one.min_off_s * case.params.restore.pause_factor
        for one in case.site.circuits
        if str(one.id) in _equals(case, tier, rank)
    }
    moves = 0
    for name, rest_s in rests_s.items():
        stretches = _stretches(case, name, from_s)
        moves = max(moves, len(stretches) - 1)
        for on, for_s in stretches[1:-1]:
            if for_s < (case.params.band.turn_s if on else rest_s) - LOOK_S:
                return False, f"{name} was {'on' if on else 'off'} for {for_s:.0f} s only"
    return 0 < moves <= at_most, f"at most {moves} moves"


def _equals(case: Case, tier: int, rank: int) -> list[str]:
    return [str(one.id) for one in case.site.circuits if (one.tier, one.rank) == (tier, rank) and one.sheddable]


def _stretches(case: Case, name: str, from_s: float) -> list[tuple[bool, float]]:
    """Whether a circuit had power, and for how long, one stretch after the other."""
    found: list[tuple[bool, float]] = []
    for frame, after in pairwise(frame for frame in case.record.frames if frame.t_s >= from_s):
        on, for_s = frame.bus_live and name not in frame.off, after.t_s - frame.t_s
        found[-1:] = [(on, found[-1][1] + for_s)] if found and found[-1][0] is on else [*found[-1:], (on, for_s)]
    return found


CIRCUITS: Mapping[str, Check] = {
    "tiers_on": tiers_on,
    "off_below": off_below,
    "on_above": on_above,
    "staggered": staggered,
    "all_on": all_on,
    "fair": fair,
    "takes_turns": takes_turns,
}
