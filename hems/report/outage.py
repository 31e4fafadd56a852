"""The report of one outage: one page of plain text that a caretaker can file and an engineer can check."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby

from hems.model.event import Event
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Circuit, Site, Tier
from hems.report.course import Course, Spell, course_of
from hems.report.layout import WIDTH, hanging, heading, offset, sides
from hems.report.timeline import told
from hems.wording import called, duration, kw, mode_words, names_of, sentence, tier_name


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that was to hold, and whether it did."""

    text: str
    held: bool
    detail: str = ""
    """What was found, such as `slowest 0.31 s`."""


def outage_report(
    events: Sequence[Event],
    site: Site,
    *,
    expectations: Sequence[Expectation] = (),
    shortened: Mapping[str, tuple[float, float]] | None = None,
    setting: str = "",
    zone: tzinfo | None = None,
) -> str:
    """The first outage among `events`.

    Args:
        events: Everything that happened, in any order.
        site: The building.
        expectations: What was to hold in a demonstration or test.
        shortened: `control.params.differences`: every time that was shorter than on a real site.
        setting: What the building was, when it was not a real one, such as `simulated building, real sockets`.
        zone: Zone of the clock times; the machine's own by default.
    """
    names = names_of(site)
    course = course_of(events)
    lines = [sides(f"OUTAGE REPORT  {site.name}", setting), "=" * WIDTH]
    if course is None:
        lines += ["There was no power cut."]
    else:
        lines += _summary(course, site, zone)
        lines += [*heading("What was seen, counted from the beginning"), *_evidence(course, names)]
        lines += [*heading("What was switched off, why, and when it came back"), *_spells(course, site, names)]
        lines += [*heading("The way through"), *_modes(course)]
        lines += _alarms(course, names)
    lines += _expectations(expectations)
    lines += _shortened(shortened or {})
    return "\n".join(lines) + "\n"


def _summary(course: Course, site: Site, zone: tzinfo | None) -> Iterator[str]:
    lasted = "still lasting" if course.lasted_s is None else f"lasted {duration(course.lasted_s)}"
    begun = _clock(course.start, zone)
    what = "Off the grid on purpose" if course.on_purpose else "Power cut"
    yield f"{what} {begun + ', ' if begun else ''}{lasted}."
    off = {spell.circuit for spell in course.spells}
    kept = [circuit for circuit in site.circuits if f"circuits/{circuit.id}/closed" not in off]
    yield f"{len(site.circuits)} circuits: {len(kept)} stayed on throughout, {len(off)} were switched off for a while."
    yield from _vital(site, off)
    names = names_of(site)
    gave = [f"{called(role, names)} up to {kw(watts)}" for role, watts in course.gave_w.items()]
    if gave:
        yield from hanging("Asked to help: ", ", ".join(gave) + ".")


def _clock(instant: Instant, zone: tzinfo | None) -> str:
    return "" if instant.utc is None else f"on {instant.utc.astimezone(zone):%a %d %b %Y at %H:%M:%S}"


def _vital(site: Site, off: set[str]) -> Iterator[str]:
    """Whether anything of the two most important tiers was ever off."""
    vital = [circuit for circuit in site.circuits if circuit.tier <= Tier.CRITICAL]
    lost = [circuit.name for circuit in vital if f"circuits/{circuit.id}/closed" in off]
    groups = f"{tier_name(Tier.LIFE_SAFETY)} and {tier_name(Tier.CRITICAL).lower()} circuits"
    if vital:
        yield from hanging("", f"{groups}: {'never switched off' if not lost else 'SWITCHED OFF: ' + ', '.join(lost)}.")


def _evidence(course: Course, names: Mapping[str, str]) -> Iterator[str]:
    start_s = course.start.mono_s
    if not course.evidence:
        yield "Nothing was recorded."
    for event in course.evidence:
        yield from hanging(f"{offset(event.at.mono_s - start_s)}  ", told(event, names))


def _spells(course: Course, site: Site, names: Mapping[str, str]) -> Iterator[str]:
    """One line for each circuit, under the reason that sent it off."""
    if not course.spells:
        yield "Nothing."
        return
    circuits = {f"circuits/{circuit.id}/closed": circuit for circuit in site.circuits}
    yield f"{'off':>9}  {'circuit':<22}{'tier':<15}{'back':>9}   {'off for'}"
    for reason, spells in groupby(course.spells, key=lambda spell: sentence(spell.because)):
        yield from hanging("", reason)
        for spell in spells:
            yield _spell(spell, circuits.get(spell.circuit), course.start.mono_s, names)


def _spell(spell: Spell, circuit: Circuit | None, start_s: float, names: Mapping[str, str]) -> str:
    tier = tier_name(circuit.tier) if circuit is not None else ""
    name = called(spell.circuit, names)
    back = "still off" if spell.on_s is None else offset(spell.on_s - start_s)
    off_for = "" if spell.on_s is None else duration(spell.on_s - spell.off_s)
    return f"{offset(spell.off_s - start_s)}  {name[:21]:<22}{tier:<15}{back:>9}   {off_for}".rstrip()


def _modes(course: Course) -> Iterator[str]:
    for event in course.modes:
        words = mode_words(Mode(event.subject))
        yield from hanging(f"{offset(event.at.mono_s - course.start.mono_s)}  ", words[:1].upper() + words[1:])


def _alarms(course: Course, names: Mapping[str, str]) -> Iterator[str]:
    if course.alarms:
        yield from heading("Alarms")
    for event in course.alarms:
        yield from hanging(f"{offset(event.at.mono_s - course.start.mono_s)}  ", told(event, names))


def _expectations(expectations: Sequence[Expectation]) -> Iterator[str]:
    if not expectations:
        return
    held = sum(expectation.held for expectation in expectations)
    yield from heading(f"Expectations: {held} of {len(expectations)} held")
    for expectation in expectations:
        detail = f" ({expectation.detail})" if expectation.detail else ""
        yield from hanging("  held    " if expectation.held else "  MISSED  ", f"{expectation.text}{detail}")


def _shortened(values: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """Every value that a demonstration has shortened, two to a line."""
    if not values:
        return
    yield from heading("Shortened for this run, never with real equipment")
    cells = [f"{name} {_value(name, used)} (not {_value(name, normal)})" for name, (used, normal) in values.items()]
    half = WIDTH // 2
    for left, right in zip(cells[::2], [*cells[1::2], ""], strict=False):
        if len(left) < half and len(right) <= half:
            yield f"{left:<{half}}{right}".rstrip()
        else:
            yield from (cell for cell in (left, right) if cell)


def _value(name: str, value: float) -> str:
    return duration(value) if name.endswith("_s") else f"{value:g}"
