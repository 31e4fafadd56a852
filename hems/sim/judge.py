"""Whether a story went as it should, judged by what the building really did and by what hems said and sent."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from hems.control.params import Params
from hems.model import wiring
from hems.model.cause import Why
from hems.model.event import Event, EventKind
from hems.model.mode import ISLAND_MODES
from hems.model.site import Site
from hems.sim.case import TRANSFER_S, Case, Check, Verdict
from hems.sim.metered import METERED
from hems.sim.oracle import ORACLE
from hems.sim.record import Frame, Record
from hems.sim.scenario import Expectation, Scenario
from hems.sim.tally import jain

LOOK_S = 1.0
"""By so much a time read off two looks may be short."""
REFUSALS = frozenset({Why.ISLAND_REFUSED, Why.STORM_REFUSED, Why.HOLD_REFUSED, Why.OVERRIDE_REFUSED})


def judge(scenario: Scenario, site: Site, params: Params, record: Record) -> list[Verdict]:
    """Every expectation of a scenario."""
    case = Case(site, params, record)
    return [_verdict(case, expectation) for expectation in scenario.expectations]


def _verdict(case: Case, expectation: Expectation) -> Verdict:
    held, detail = CHECKS[expectation.check](case, **expectation.params)
    return Verdict(expectation.text, held, detail)


def _mode_by(case: Case, mode: str, by_s: float) -> tuple[bool, str]:
    reached = [t_s for t_s, one in case.record.modes() if one == mode]
    held = any(t_s <= by_s for t_s in reached)
    return held, f"{mode} at {reached[0]:.1f} s" if reached else f"{mode} never"


def _islanded_between(case: Case, from_s: float, to_s: float) -> tuple[bool, str]:
    inside = [frame for frame in case.record.frames if from_s <= frame.t_s <= to_s]
    wrong = [frame for frame in inside if frame.mode not in ISLAND_MODES]
    if wrong:
        return False, f"{wrong[0].mode} at {wrong[0].t_s:.1f} s"
    return bool(inside), f"{len(inside)} looks, all on the island"


def _sheds_within(case: Case, limit_s: float) -> tuple[bool, str]:
    """From the tie's contacts changing to each switch that was opened in the first seconds being open."""
    opened_s = case.record.tie_opened_s
    if opened_s is None:
        return False, "the tie never opened"
    first = {name for t_s, name, _ in case.record.switched(False) if t_s <= opened_s + 2.0}
    took = {name: case.record.opened_s[name] - opened_s for name in first if name in case.record.opened_s}
    if not first or len(took) < len(first):
        return False, f"{len(took)} of {len(first)} switched"
    slowest = max(took, key=lambda name: took[name])
    return took[slowest] <= limit_s, f"{len(took)} circuits, slowest {slowest} after {took[slowest]:.2f} s"


def _no_trip(case: Case) -> tuple[bool, str]:
    trips = max((frame.trips for frame in case.record.frames), default=0)
    return trips == 0, f"{trips} trips"


def _tiers_on(case: Case, tiers: Sequence[int]) -> tuple[bool, str]:
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


def _cars_above_floor(case: Case) -> tuple[bool, str]:
    floors = {str(bay.id): bay.floor_pct for bay in case.site.bays}
    lowest: dict[str, float] = {}
    for frame in case.record.frames:
        for bay, soc_pct in frame.car_soc_pct.items():
            lowest[bay] = min(soc_pct, lowest.get(bay, 100.0))
    low = [bay for bay, soc_pct in lowest.items() if soc_pct < floors.get(bay, 0.0)]
    detail = ", ".join(f"{bay} {soc_pct:.0f}% of {floors.get(bay, 0.0):.0f}% kept" for bay, soc_pct in lowest.items())
    return not low and bool(lowest), detail or "no car"


def _qualified(case: Case) -> tuple[bool, str]:
    """From the grid's return to the permission to reconnect."""
    permits = [
        t_s
        for t_s, event in case.record.events
        if event.kind is EventKind.COMMAND
        and event.subject == wiring.TIE_PERMIT
        and event.cause.facts.get("value") is True
    ]
    if not permits:
        return False, "reconnection was never permitted"
    good_s = permits[0]
    for frame in reversed([frame for frame in case.record.frames if frame.t_s <= permits[0]]):
        if not frame.grid_good:
            break
        good_s = frame.t_s
    waited_s = permits[0] - good_s
    needed_s = case.params.grid.qualify_s
    return waited_s >= needed_s - 0.3, f"good for {waited_s:.1f} s, required {needed_s:.0f} s"


def _staggered(case: Case) -> tuple[bool, str]:
    times = sorted(t_s for t_s, _, _ in case.record.switched(True))
    if not times:
        return False, "nothing came back"
    gaps = [later - earlier for earlier, later in pairwise(times)]
    step_s = min(case.params.restore.step_grid_s, case.params.restore.step_island_s)
    closest = min(gaps, default=step_s)
    return closest >= step_s - 0.05, f"{len(times)} switched on, at least {closest:.1f} s apart"


def _off_below(case: Case, pct: float, tiers: Sequence[int], within_s: float) -> tuple[bool, str]:
    """Every circuit of these tiers that has a switch is off, soon after stored energy has fallen below `pct`."""
    names = {circuit.id for circuit in case.site.circuits if circuit.tier in tiers and circuit.sheddable}
    below_s = next((frame.t_s for frame in case.record.frames if frame.battery_pct < pct and frame.bus_live), None)
    if below_s is None:
        return False, f"stored energy never fell below {pct:g}%"
    late = [frame for frame in case.record.frames if frame.t_s >= below_s + within_s and names - frame.off]
    return not late, f"below {pct:g}% at {below_s:.0f} s, {len(names)} circuits" + (" not all off" if late else " off")


def _on_above(case: Case, pct: float, tiers: Sequence[int]) -> tuple[bool, str]:
    """No circuit of these tiers is off while more than `pct` is stored."""
    names = {circuit.id for circuit in case.site.circuits if circuit.tier in tiers}
    wrong = next((frame for frame in case.record.frames if frame.battery_pct > pct and names & frame.off), None)
    return wrong is None, f"{len(names)} circuits" if wrong is None else f"{sorted(names & wrong.off)[0]} off"


def _quiet_tie(case: Case, limit_w: float, for_s: float) -> tuple[bool, str]:
    """When the tie first opened, no more than `limit_w` had flowed through it for `for_s`."""
    frames = case.record.frames
    opened_s = next((frame.t_s for frame in frames if frame.tie_open), None)
    if opened_s is None:
        return False, "the tie never opened"
    flowed_w = [abs(frame.grid_w) for frame in frames if opened_s - for_s <= frame.t_s < opened_s]
    return bool(flowed_w) and max(flowed_w) <= limit_w, f"at most {max(flowed_w, default=0.0):.0f} W"


def _no_unknown_end(case: Case) -> tuple[bool, str]:
    """Every way from the island back to the grid leads through a tie and a grid that are known."""
    endings = [
        event
        for _, event in case.record.events
        if event.kind is EventKind.MODE and event.cause.why in (Why.TIE_CLOSED, Why.BUS_LIVE)
    ]
    unknown = [event for event in endings if "unknown" in event.cause.facts.values()]
    return bool(endings) and not unknown, f"{len(endings)} ended, each on a known tie, grid and bus"


def _all_on(case: Case) -> tuple[bool, str]:
    last = case.record.frames[-1] if case.record.frames else None
    if last is None:
        return False, "nothing was seen"
    return not last.off, f"still off: {', '.join(sorted(last.off))}" if last.off else "all on"


def _equals(case: Case, tier: int, rank: int) -> list[str]:
    return [str(one.id) for one in case.site.circuits if (one.tier, one.rank) == (tier, rank) and one.sheddable]


def _stretches(case: Case, name: str, from_s: float) -> list[tuple[bool, float]]:
    """Whether a circuit had power, and for how long, one stretch after the other."""
    found: list[tuple[bool, float]] = []
    for frame, after in pairwise(frame for frame in case.record.frames if frame.t_s >= from_s):
        on, for_s = frame.bus_live and name not in frame.off, after.t_s - frame.t_s
        found[-1:] = [(on, found[-1][1] + for_s)] if found and found[-1][0] is on else [*found[-1:], (on, for_s)]
    return found


def _fair(case: Case, tier: int, rank: int, at_least: float, from_s: float) -> tuple[bool, str]:
    """Equals of a tier had power for as long as each other, by Jain's index."""
    names = _equals(case, tier, rank)
    on_s = [sum(for_s for on, for_s in _stretches(case, name, from_s) if on) for name in names]
    index = jain(on_s)
    held = len(names) > 1 and max(on_s) > 0.0 and index >= at_least
    return held, f"{index:.3f}; {min(on_s):.0f} to {max(on_s):.0f} s each"


def _takes_turns(case: Case, tier: int, rank: int, at_most: int, from_s: float) -> tuple[bool, str]:
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


NOTHING_MORE: Mapping[str, object] = {}
Fact = Sequence[object]
"""A field of `Frame`, a relation, and a value: ["dose", "at_most", 0.9] or ["off", "lacks", "freezers"]."""
RELATIONS: Mapping[str, Callable[[object, object], bool]] = {
    "is": lambda seen, wanted: seen == wanted,
    "is_not": lambda seen, wanted: seen != wanted,
    "in": lambda seen, wanted: seen in wanted,  # type: ignore[operator]
    "at_least": lambda seen, wanted: seen >= wanted,  # type: ignore[operator]
    "at_most": lambda seen, wanted: seen <= wanted,  # type: ignore[operator]
    "between": lambda seen, wanted: wanted[0] <= seen <= wanted[1],  # type: ignore[index]
    "has": lambda seen, wanted: wanted in seen,  # type: ignore[operator]
    "lacks": lambda seen, wanted: wanted not in seen,  # type: ignore[operator]
}


def _holds(frame: Frame, that: Fact) -> bool:
    name, relation, wanted = that
    seen = getattr(frame, str(name))
    if isinstance(seen, frozenset) and isinstance(wanted, list):
        wanted = frozenset(wanted)
    return RELATIONS[str(relation)](seen, wanted)


def _between(case: Case, that: Fact, from_s: float = 0.0, to_s: float = float("inf")) -> tuple[bool, str]:
    """All the time from `from_s` to `to_s`; without either, always."""
    inside = [frame for frame in case.record.frames if from_s <= frame.t_s <= to_s]
    wrong = next((frame for frame in inside if not _holds(frame, that)), None)
    if wrong is not None:
        return False, f"{that[0]} was {_shown(getattr(wrong, str(that[0])))} at {wrong.t_s:.1f} s"
    return bool(inside), f"{len(inside)} looks"


def _by(case: Case, that: Fact, by_s: float, from_s: float = 0.0) -> tuple[bool, str]:
    """At some time, no later than `by_s`."""
    first = next((frame.t_s for frame in case.record.frames if frame.t_s >= from_s and _holds(frame, that)), None)
    if first is None:
        return False, "never"
    return first <= by_s, f"at {first:.1f} s"


def _never(case: Case, that: Fact) -> tuple[bool, str]:
    """At no time."""
    first = next((frame.t_s for frame in case.record.frames if _holds(frame, that)), None)
    return (first is None and bool(case.record.frames)), "never" if first is None else f"at {first:.1f} s"


def _silent_between(case: Case, from_s: float, to_s: float) -> tuple[bool, str]:
    """No command at all is decided in this time."""
    told = [event for t_s, event in case.record.events if event.kind is EventKind.COMMAND and from_s <= t_s <= to_s]
    return not told, f"{len(told)} commands" + (f", first to {told[0].subject}" if told else "")


def _shown(value: object) -> str:
    return ", ".join(sorted(str(one) for one in value)) if isinstance(value, frozenset) else str(value)


def _alarm(case: Case, about: str, by_s: float, from_s: float = 0.0) -> tuple[bool, str]:
    """An alarm whose key begins with `about` is raised in time."""
    raised = [
        (t_s, event.subject)
        for t_s, event in case.record.events
        if event.kind is EventKind.ALARM_RAISED and event.subject.startswith(about) and t_s >= from_s
    ]
    return bool(raised) and raised[0][0] <= by_s, f"{raised[0][1]} at {raised[0][0]:.1f} s" if raised else "no alarm"


def _told(
    case: Case, why: str, by_s: float, from_s: float = 0.0, about: str = "", facts: Mapping[str, object] = NOTHING_MORE
) -> tuple[bool, str]:
    """Something is said, commanded or refused for this reason, with these facts, in time."""
    times = [
        t_s
        for t_s, event in case.record.events
        if event.cause.why == Why(why)
        and event.subject.startswith(about)
        and t_s >= from_s
        and all(event.cause.facts.get(name) == value for name, value in facts.items())
    ]
    return bool(times) and times[0] <= by_s, f"at {times[0]:.1f} s" if times else "never"


def _refused(case: Case, about: str, by_s: float, from_s: float = 0.0) -> tuple[bool, str]:
    """What is asked is not done, and who asks hears so in time: at once, or with what is told a moment later."""
    told = [
        (t_s, str(event.cause.why))
        for t_s, event in case.record.events
        if event.kind is EventKind.REQUEST and event.cause.why in REFUSALS and event.subject.startswith(about)
    ]
    told += [(t_s, words) for t_s, subject, words in case.record.refused if subject.startswith(about)]
    times = sorted(one for one in told if one[0] >= from_s)
    return bool(times) and times[0][0] <= by_s, f"at {times[0][0]:.1f} s: {times[0][1]}" if times else "never"


def _untold(
    case: Case, why: str, from_s: float = 0.0, about: str = "", facts: Mapping[str, object] = NOTHING_MORE
) -> tuple[bool, str]:
    """Nothing is said, commanded or refused for this reason, or not with these facts."""
    held, detail = _told(case, why, float("inf"), from_s, about, facts)
    return not held, detail


def _few_alarms(case: Case, at_most: int, within_s: float = 600.0) -> tuple[bool, str]:
    """What a caretaker is told in the first minutes of trouble must not be a flood."""
    raised = [
        event.subject for t_s, event in case.record.events if event.kind is EventKind.ALARM_RAISED and t_s <= within_s
    ]
    return len(raised) <= at_most, f"{len(raised)}: {', '.join(raised) or 'none'}"


def _commanded(case: Case, role: str, value: bool | float, at_most: int, from_s: float = 0.0) -> tuple[bool, str]:
    """No more than so many first commands of `value` to `role` from then on."""
    times = [
        t_s
        for t_s, event in case.record.events
        if event.kind is EventKind.COMMAND
        and event.subject == role
        and event.cause.facts.get("value") == value
        and t_s >= from_s
    ]
    return len(times) <= at_most, f"{len(times)} times"


CHECKS: Mapping[str, Check] = {
    "always": _between,
    "between": _between,
    "by": _by,
    "never": _never,
    "alarm": _alarm,
    "few_alarms": _few_alarms,
    "silent_between": _silent_between,
    "told": _told,
    "never_told": _untold,
    "refused": _refused,
    "commanded_at_most": _commanded,
    "mode_by": _mode_by,
    "islanded_between": _islanded_between,
    "sheds_within": _sheds_within,
    "no_trip": _no_trip,
    "tiers_on": _tiers_on,
    "cars_above_floor": _cars_above_floor,
    "qualified": _qualified,
    "off_below": _off_below,
    "on_above": _on_above,
    "quiet_tie": _quiet_tie,
    "staggered": _staggered,
    "fair": _fair,
    "takes_turns": _takes_turns,
    "no_unknown_end": _no_unknown_end,
    "all_on": _all_on,
    **METERED,
    **ORACLE,
}
"""Every check a scenario may name."""


def sequence(events: Iterable[tuple[float, Event]]) -> list[tuple[float, str, str, Why]]:
    """Modes and switchings with their causes: what must be the same in fast-forward and on the wires."""
    found: list[tuple[float, str, str, Why]] = []
    for t_s, event in events:
        if event.kind is EventKind.MODE:
            found.append((t_s, "mode", event.subject, event.cause.why))
        elif event.kind is EventKind.COMMAND:
            value = event.cause.facts.get("value")
            found.append((t_s, event.subject, str(bool(value)), event.cause.why))
    return found
