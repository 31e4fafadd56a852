"""What must hold whatever happens: the checks by which a story is judged that nobody has thought out.

Windows, `[[from_s, to_s], ..]`, are times in which something is broken that no controller can make up for; what begins
in one of them is nobody's fault.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from hems.control.energy import floor_pct
from hems.control.stored import above_pct, forming_car
from hems.model import wiring
from hems.model.cause import Why
from hems.model.event import EventKind
from hems.model.mode import Mode
from hems.model.site import Tier
from hems.model.units import HOUR_S
from hems.sim.checks.case import TRANSFER_S, Case, Check, Finding
from hems.sim.engine import EngineStage
from hems.sim.record import Frame

Windows = Sequence[Sequence[float]]
OWN_FAULTS = ("invariant/", "decision/")
"""Alarms by which hems says that it has been about to do something wrong, or that a part of it does not work."""
PLUGGED_PCT = 3.0
"""A charge that falls by more at one look is another car."""
SLACK_PCT, SLACK_S = 0.3, 0.6
HAIR_S = 1e-3
"""A look at the very instant of an act is not before it, whatever the last digits of its time say."""
LEAVES_S = 3.0
"""From the tie's opening to a mode that says so, at most; and so long may a mode outlive what it says."""
DARK_BELOW_PCT = 10.0
"""Below this stored energy critical circuits may go off."""
FULL_PCT = 90.0
"""From this stored energy on cars may take the sun that is left."""
ALONE = frozenset({Mode.ISLANDED_STABILIZING, Mode.ISLANDED})
WAITS = frozenset({*ALONE, Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTING, Mode.RECONNECTED_RESTORING})
"""In which an end is not yet the end."""
STANDS = frozenset({EngineStage.STOPPED, EngineStage.FAILED, "none"})
RETURNS_S = 600.0
"""After a generator has come to rest, until the grid carries the building and all circuits are on again."""
CARRIED = frozenset({Mode.GRID_CONNECTED, Mode.RECONNECTED_RESTORING})


def orderly(case: Case) -> Finding:
    """Hems never finds itself about to break one of its own rules, and no part of it fails."""
    return _none((t_s, key) for t_s, key in case.record.raised() if key.startswith(OWN_FAULTS))


def never_parallel(case: Case) -> Finding:
    """No generator feeds a building whose tie is closed."""
    return _none((frame.t_s, "in parallel") for frame in case.record.frames if frame.paralleled)


def permits_proven(case: Case) -> Finding:
    """Whenever reconnection is first permitted, the grid has really been good for as long as the grid code asks."""
    needed_s = case.params.grid.qualify_s
    return _none(
        (t_s, f"permitted after {good_s:.1f} s")
        for t_s in case.record.commanded(wiring.TIE_PERMIT, True)
        if (good_s := _good_for_s(case.record.frames, t_s)) is not None and good_s < needed_s - SLACK_S
    )


def _good_for_s(frames: Sequence[Frame], at_s: float) -> float | None:
    """How long the grid had been good; None where that was so from the beginning, or the tie was not open."""
    before = [frame for frame in frames if frame.t_s <= at_s]
    bad_s = next((frame.t_s for frame in reversed(before) if not frame.grid_good), None)
    return None if bad_s is None or not before[-1].tie_open else at_s - bad_s


def island_is_real(case: Case, but: Windows = ()) -> Finding:
    """No mode says that the building feeds itself while its tie has been closed for some time."""
    open_s, wrong = -1.0, list[tuple[float, str]]()
    for frame in case.record.frames:
        open_s = frame.t_s if frame.tie_open else open_s
        if frame.mode in ALONE and frame.t_s - open_s > LEAVES_S and not _inside(frame.t_s, but):
            wrong.append((frame.t_s, frame.mode))
    return _none(wrong)


def floors_kept(case: Case) -> Finding:
    """No car that is plugged in is emptied below what its driver keeps.

    One that was there already may carry the building where its charger makes the island: nobody else does.
    """
    floors = {str(bay.id): bay.floor_pct - SLACK_PCT for bay in case.site.bays}
    forms = str(case.site.former.source)
    return _none(
        (after.t_s, f"{bay} at {soc_pct:.1f} %")
        for before, after in pairwise(case.record.frames)
        for bay, soc_pct in after.car_soc_pct.items()
        if 0.0 < (had_pct := before.car_soc_pct.get(bay, 0.0)) - soc_pct < PLUGGED_PCT
        and soc_pct < floors.get(bay, 0.0)
        and (bay != forms or had_pct >= floors[bay])
    )


def rests_on_island(case: Case, but: Sequence[str] = ()) -> Finding:
    """No car begins to charge once the building feeds itself, unless that can store no more of the sun.

    Cars that begin by themselves, `but`, are their drivers' affair.
    """
    wrong, open_s, still_s = list[tuple[float, str]](), 0.0, dict[str, float]()
    for before, after in pairwise(case.record.frames):
        open_s = after.t_s if not after.tie_open else open_s
        for bay, soc_pct in after.car_soc_pct.items():
            more_pct = soc_pct - before.car_soc_pct.get(bay, soc_pct)
            if not 0.0 < more_pct < PLUGGED_PCT:
                still_s.setdefault(bay, before.t_s)
            else:
                stood_s = before.t_s - still_s.pop(bay, before.t_s)
                alone = after.t_s - open_s > LEAVES_S and after.battery_pct < FULL_PCT
                wrong += [(after.t_s, f"{bay} charges")] if alone and stood_s > LEAVES_S and bay not in but else []
    return _none(wrong)


def trips_excused(case: Case, but: Windows = ()) -> Finding:
    """The former never trips, except while something is broken without which nobody could have helped it."""
    return _none(
        (after.t_s, f"trip {after.trips}")
        for before, after in pairwise(case.record.frames)
        if after.trips > before.trips and not _inside(after.t_s, but)
    )


def vital_on(case: Case, but: Windows = ()) -> Finding:
    """Life safety and critical circuits have power, except for what began while something was broken, or for want."""
    vital = {str(circuit.id) for circuit in case.site.circuits if circuit.tier <= Tier.CRITICAL}
    wrong, since = list[tuple[float, str]](), dict[str, float]()
    for frame in case.record.frames:
        gone = (frame.off & vital) | (frozenset() if frame.bus_live else {"the bus"})
        since = {name: since.get(name, frame.t_s) for name in gone}
        poor = _stored_pct(case, frame) < DARK_BELOW_PCT
        wrong += [
            (frame.t_s, f"{name} off since {began_s:.1f} s")
            for name, began_s in since.items()
            if frame.t_s - began_s > TRANSFER_S and not poor and not _inside(began_s, but)
        ]
    return _none(wrong)


def _stored_pct(case: Case, frame: Frame) -> float:
    """Charge of what the former draws on: of a car that makes the island, above its floor."""
    forms = forming_car(case.site)
    if forms is None:
        return frame.battery_pct if case.site.batteries else FULL_PCT
    return above_pct(frame.car_soc_pct.get(str(forms.id), 0.0), floor_pct(forms, case.params.car))


def spares_switches(case: Case) -> Finding:
    """No circuit is given power again more often in an hour than its switch may move."""
    most = int(case.params.restore.moves_hour)
    times: Mapping[str, list[float]] = {str(circuit.id): [] for circuit in case.site.circuits}
    for t_s, name, why in case.record.switched(True):
        if why is not Why.OVERRIDE:
            times[name].append(t_s)
    return _none(
        (late, f"{name} {most} times in the hour before")
        for name, all_s in times.items()
        for early, late in zip(all_s, all_s[most:], strict=False)
        if late - early < HOUR_S
    )


def ends_well(case: Case, but: Sequence[str] = ()) -> Finding:
    """At the end the grid carries the building, and every circuit is on of which no alarm says why it is not.

    What somebody else has switched off, `but`, may stay so: hems leaves alone what it has not switched off itself.
    Nobody is let back to the grid while a generator runs the least time that it has to, once it was started.
    """
    last = case.record.frames[-1] if case.record.frames else None
    if last is None:
        return False, "nothing was seen"
    if last.mode in WAITS and _generator_runs(case):
        return True, "a generator runs its least time"
    off = sorted(last.off - _waiting(case) - set(but))
    found = [f"{', '.join(off)} off"] if off else []
    found += [] if last.mode in CARRIED else [f"mode {last.mode}"]
    found += ["the tie is open"] if last.tie_open else []
    return not found, "; ".join(found) or "as before"


def _generator_runs(case: Case) -> bool:
    """Whether in the end one runs that was asked to, and no longer than it has to, or has a moment ago."""
    own, frames = case.params.generator, case.record.frames
    ran = [frame.t_s for frame in frames if frame.generator not in STANDS]
    if not ran or frames[-1].t_s - ran[-1] > RETURNS_S:
        return False
    began_s = max((frame.t_s for frame in frames if frame.generator in STANDS and frame.t_s < ran[-1]), default=0.0)
    return ran[-1] - began_s <= own.start_s + own.warmup_s + own.min_run_s + own.cooldown_s


def _waiting(case: Case) -> set[str]:
    """Circuits about which an alarm stands in the end: a relay that rests, a load that is too much each time."""
    standing = set[str]()
    for _, event in case.record.events:
        if event.kind is EventKind.ALARM_RAISED:
            standing.add(event.subject)
        elif event.kind is EventKind.ALARM_CLEARED:
            standing.discard(event.subject)
    return {key.split("/")[1] for key in standing if key.startswith("circuits/")}


def _inside(t_s: float, windows: Windows) -> bool:
    return any(from_s - HAIR_S <= t_s <= to_s for from_s, to_s in windows)


def _none(wrong: Sequence[tuple[float, str]] | Iterator[tuple[float, str]]) -> Finding:
    """Held if there is nothing; else the first."""
    first = min(wrong, default=None)
    return first is None, "never" if first is None else f"{first[1]}, at {first[0]:.1f} s"


ORACLE: Mapping[str, Check] = {
    "orderly": orderly,
    "never_parallel": never_parallel,
    "permits_proven": permits_proven,
    "island_is_real": island_is_real,
    "floors_kept": floors_kept,
    "rests_on_island": rests_on_island,
    "trips_excused": trips_excused,
    "vital_on": vital_on,
    "spares_switches": spares_switches,
    "ends_well": ends_well,
}
"""Every check that holds for any story."""
