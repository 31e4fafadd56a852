"""The report after a power cut: what happened, what was not served, who did what, and what to do better."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from hems.model.cause import Why
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Circuit, Site, Tier
from hems.model.units import HOUR_S
from hems.report.course import Course, Spell, course_of
from hems.report.figure import Line, svg
from hems.report.past import USUAL_S, Curves, Cut
from hems.report.sheet import Section, Sheet
from hems.report.timeline import tag, told
from hems.wording import called, day, duration, kw, kw_signed, kwh, mode_words, names_of, sentence, tier_name, weekday
from hems.wording.language import N_, say

STEPS = 48
MINUTE_S = 60.0
ROWS = 12
POWERS = ("load_w", "pv_w", "battery_w", "cars_w", "grid_w")
NAMES = {
    "load_w": N_("Use"),
    "pv_w": N_("Sun power"),
    "battery_w": N_("Battery"),
    "cars_w": N_("Cars"),
    "grid_w": N_("Grid"),
}
SHOWN = frozenset({EventKind.EVIDENCE, EventKind.MODE, EventKind.COMMAND})
TOLD = {
    EventKind.REQUEST: (N_("What people asked for"), N_("Nobody asked for anything.")),
    EventKind.ALARM_RAISED: (N_("Alarms"), N_("There was none.")),
    EventKind.OUTCOME: (N_("Commands that failed"), N_("None: all did as told.")),
}
NONE = "-"
TITLE = N_("Power cut {number} of {site}")
ON_PURPOSE = N_("Power cut {number} of {site}, made on purpose")


def after_outage(site: Site, cut: Cut, curves: Curves, zone: tzinfo | None = None) -> Sheet:
    """The whole report."""
    course = course_of(cut.events)
    assert course is not None
    end_s = cut.events[-1].at.mono_s if cut.end is None else cut.end.mono_s
    unserved = unserved_wh(site, course, curves, end_s)
    return Sheet(
        title=say(ON_PURPOSE if course.on_purpose else TITLE, number=cut.number, site=site.name),
        under=tuple(_summary(site, cut, course, unserved, zone)),
        sections=(
            Section(heading=say("What to improve"), words=tuple(improvements(site, course, cut.events, unserved))),
            _curves(cut, curves, end_s, zone),
            _unserved(site, course, unserved, end_s),
            _spells(site, course, end_s, zone),
            _fairness(site, course, end_s),
            _timeline(site, cut, zone),
            *(_told(site, cut.events, kind, *words, zone) for kind, words in TOLD.items()),
        ),
    )


def off_s(spell: Spell, end_s: float) -> float:
    """How long a circuit was off for the power cut, not longer than that lasted or until it came back."""
    return max(0.0, (end_s if spell.on_s is None else spell.on_s) - spell.off_s)


def unserved_wh(site: Site, course: Course, curves: Curves, end_s: float) -> dict[str, float]:
    """What each circuit that was off would have used, by what it used on average the day before."""
    roles = {f"circuits/{one.id}/closed": one for one in site.circuits}
    spells = [spell for spell in course.spells if spell.circuit in roles]
    names = [f"circuits/{roles[spell.circuit].id}/power_w" for spell in spells]
    usual = {one.series: one.mean for one in curves(names, course.start, USUAL_S, 1)} if names else {}
    found: dict[str, float] = {}
    for spell, name in zip(spells, names, strict=True):
        circuit, mean_w = roles[spell.circuit], usual.get(name)
        watts = circuit.typical_w if mean_w is None else mean_w
        found[circuit.id] = found.get(circuit.id, 0.0) + watts * off_s(spell, end_s) / HOUR_S
    return found


def improvements(site: Site, course: Course, events: Sequence[Event], unserved: dict[str, float]) -> Iterator[str]:
    """What somebody should do before the next one; one sentence each."""
    found = [*_of_energy(site, course, unserved), *_of_faults(course, events), *_of_order(site, unserved)]
    yield from found or [say("Nothing: all went as it should.")]


def _of_energy(site: Site, course: Course, unserved: dict[str, float]) -> Iterator[str]:
    vital = [one.name for one in site.circuits if one.id in unserved and one.tier <= Tier.CRITICAL]
    if vital:
        names = ", ".join(vital)
        yield say("Critical circuits were off: {names}. Give them more storage, or less beside them.", names=names)
    if any(spell.because.facts.get("band") in ("floor", "shutdown") for spell in course.spells):
        yield say("Stored energy ran out. Agree with tenants what goes off earlier, or add storage or a generator.")
    if any(spell.because.why is Why.OVERLOAD for spell in course.spells):
        yield say("The inverter was overloaded. Look at what starts at once, and move it to a less important group.")


def _of_faults(course: Course, events: Sequence[Event]) -> Iterator[str]:
    counted = Counter(event.cause.why for event in events if event.kind is EventKind.ALARM_RAISED)
    if counted[Why.SHED_NOT_OBEYED] or counted[Why.UNEXPECTED_CLOSE]:
        yield say("A switch did not do as told. Have contactor, relay and hand switch looked at; prove it anew.")
    silent = {str(event.cause.facts.get("device")) for event in events if event.cause.why is Why.DEVICE_SILENT}
    if silent:
        names = ", ".join(sorted(silent))
        yield say("These devices fell silent: {names}. Put them on the protected supply.", names=names)
    if counted[Why.DEVICES_SILENT]:
        yield say(
            "Several devices fell silent together. Put the network switch that they share on the protected supply."
        )
    if any(event.subject in (Mode.BLACKOUT, Mode.BLACK_START) for event in course.modes):
        yield say("The building was dark for a while. Look why its own power did not hold.")
    if counted[Why.RECONNECT_GIVEN_UP]:
        yield say("The certified switch did not close when the grid was back. Have it looked at.")
    if any(event.kind is EventKind.OUTCOME for event in events):
        yield say("Commands failed, see below. Prove those devices again with `hems commission`.")


def _of_order(site: Site, unserved: dict[str, float]) -> Iterator[str]:
    comfort = any(one.tier >= Tier.COMFORT and one.id in unserved for one in site.circuits)
    if unserved and not comfort:
        yield say("Only important circuits were off. Look at the groups: something less important might go first.")


def _summary(site: Site, cut: Cut, course: Course, unserved: dict[str, float], zone: tzinfo | None) -> Iterator[str]:
    began = _clock(cut.start, zone)
    if cut.end is None:
        yield say("It began {began}; still lasting.", began=began)
    else:
        lasted = duration(cut.end.since_s(cut.start.mono_s))
        yield say("It began {began}; it lasted {lasted}.", began=began, lasted=lasted)
    kept = sum(1 for one in site.circuits if one.id not in unserved)
    yield say(
        "{kept} of {all} circuits stayed on throughout. Not served: {kwh}.",
        kept=kept,
        all=len(site.circuits),
        kwh=kwh(sum(unserved.values())),
    )
    named = {called(role, names_of(site)): kw(watts) for role, watts in course.gave_w.items()}
    gave = [say("{name} up to {kw}", name=name, kw=most) for name, most in named.items()]
    if gave:
        yield say("Asked to help: {names}.", names=", ".join(gave))


def _curves(cut: Cut, curves: Curves, end_s: float, zone: tzinfo | None) -> Section:
    """Stored energy and powers, as a table and as plots."""
    span_s = max(600.0, end_s - cut.start.mono_s)
    at = Instant(end_s, datetime.fromtimestamp(end_s, cut.start.utc.tzinfo if cut.start.utc else None))
    steps = min(STEPS, int(span_s // MINUTE_S))  # values are recorded by the minute
    found = {one.series: one for one in curves(["battery_soc_pct", *POWERS], at, span_s, steps)}
    times = [_time(end_s - span_s + span_s * (step + 0.5) / steps, zone) for step in range(steps)]
    soc = found["battery_soc_pct"]
    powers = [
        Line(say(NAMES[name]), [None if w is None else w / 1000.0 for w in found[name].points]) for name in POWERS
    ]
    rows = [
        (times[step], _pct(soc.points[step]), *(kw_signed(found[name].points[step]) for name in POWERS))
        for step in range(0, steps, max(1, steps // ROWS))
    ]
    return Section(
        heading=say("Stored energy and power"),
        words=(say("Battery and cars are above 0 when they give, the grid when it is drawn from."),),
        columns=(say("At"), say("Stored"), *(say(NAMES[name]) for name in POWERS)),
        rows=rows,
        figures=(svg([Line(say("Stored"), soc.points)], unit="%", times=times), svg(powers, unit="kW", times=times)),
    )


def _unserved(site: Site, course: Course, unserved: dict[str, float], end_s: float) -> Section:
    rows = []
    for tier in Tier:
        circuits = [one for one in site.circuits if one.tier is tier and one.id in unserved]
        if circuits:
            rows.append((tier_name(tier), say("all together"), "", kwh(sum(unserved[one.id] for one in circuits))))
        rows += [("", one.name, duration(_off_for(one, course, end_s)), kwh(unserved[one.id])) for one in circuits]
    words = say("By what each circuit used on average the day before.") if rows else say("Everything was served.")
    return Section(
        heading=say("What was not served"),
        words=(words,),
        columns=(say("Group"), say("Circuit"), say("Off for"), say("Not served")),
        rows=rows,
    )


def _off_for(circuit: Circuit, course: Course, end_s: float) -> float:
    return sum(off_s(spell, end_s) for spell in course.spells if spell.circuit == f"circuits/{circuit.id}/closed")


def _spells(site: Site, course: Course, end_s: float, zone: tzinfo | None) -> Section:
    names = names_of(site)
    rows = [
        (
            _time(spell.off_s, zone),
            called(spell.circuit, names),
            NONE if spell.on_s is None else _time(spell.on_s, zone),
            sentence(spell.because),
            NONE if spell.back_because is None else sentence(spell.back_because),
        )
        for spell in course.spells
    ]
    words = () if rows else (say("No circuit was switched off."),)
    return Section(
        heading=say("What was switched off, and why"),
        words=words,
        columns=(say("Off"), say("Circuit"), say("Back"), say("Why off"), say("Why back")),
        rows=rows,
    )


def _fairness(site: Site, course: Course, end_s: float) -> Section:
    """Whether circuits of the same group went without for the same time."""
    rows = []
    for tier in Tier:
        times = {one.name: _off_for(one, course, end_s) for one in site.circuits if one.tier is tier and one.sheddable}
        if len(times) > 1 and any(times.values()):
            least, most = min(times, key=lambda name: times[name]), max(times, key=lambda name: times[name])
            rows.append((tier_name(tier), f"{least}, {duration(times[least])}", f"{most}, {duration(times[most])}"))
    words = () if rows else (say("No group has two circuits of which one went without."),)
    return Section(
        heading=say("Fairness within each group"),
        words=words,
        columns=(say("Group"), say("Least off"), say("Longest off")),
        rows=rows,
    )


def _timeline(site: Site, cut: Cut, zone: tzinfo | None) -> Section:
    names = names_of(site)
    rows = []
    for event in cut.events:
        if event.kind in SHOWN:
            mode = event.kind is EventKind.MODE
            text = mode_words(Mode(event.subject)) if mode else told(event, names)
            rows.append((_time(event.at.mono_s, zone), tag(event), text[:1].upper() + text[1:]))
    return Section(heading=say("Timeline, with the evidence"), columns=(say("At"), "", say("What")), rows=rows)


def _told(
    site: Site, events: Sequence[Event], kind: EventKind, heading: str, none: str, zone: tzinfo | None
) -> Section:
    names = names_of(site)
    rows = [(_time(event.at.mono_s, zone), told(event, names)) for event in events if event.kind is kind]
    return Section(
        heading=say(heading), words=() if rows else (say(none),), columns=(say("At"), say("What")), rows=rows
    )


def _clock(at: Instant, zone: tzinfo | None) -> str:
    if at.utc is None:
        return NONE
    local = at.utc.astimezone(zone)
    return say("on {day} at {time:%H:%M:%S}", day=_day(local), time=local)


def _time(epoch_s: float, zone: tzinfo | None) -> str:
    at = datetime.fromtimestamp(epoch_s, zone) if zone else datetime.fromtimestamp(epoch_s).astimezone()
    return f"{weekday(at)} {at:%H:%M:%S}"


def _day(at: datetime) -> str:
    return f"{weekday(at)} {day(at)} {at.year}"


def _pct(value: float | None) -> str:
    return "??" if value is None else f"{value:.0f}%"
