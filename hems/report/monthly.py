"""The report of a month: power cuts, alarms, what people asked for, energy, and what to do better."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.site import Site
from hems.report.after import improvements
from hems.report.course import course_of
from hems.report.figure import Line, svg
from hems.report.past import Curves, Cut, next_month
from hems.report.sheet import Section, Sheet
from hems.report.timeline import told
from hems.report.value import in_short, value_sections
from hems.wording import day, duration, kwh, month_name, names_of
from hems.wording.language import N_, say

ENERGIES = {
    "load_w": N_("Used"),
    "pv_w": N_("From the sun"),
    "grid_w": N_("From the grid, less what went there"),
}
QUIET = N_("Nothing: no power cut, and nothing asked for somebody.")


def monthly(site: Site, begins: datetime, events: Sequence[Event], cuts: Sequence[Cut], curves: Curves) -> Sheet:
    """The whole report; `events` and `cuts` are those of the month."""
    names = names_of(site)
    raised = Counter(told(event, names) for event in events if event.kind is EventKind.ALARM_RAISED)
    asked = [event for event in events if event.kind is EventKind.REQUEST]
    failed = Counter(told(event, names) for event in events if event.kind is EventKind.OUTCOME)
    return Sheet(
        title=say("{site} in {month} {year}", site=site.name, month=month_name(begins), year=begins.year),
        under=(
            say(
                "Power cuts: {cuts}. Alarms: {alarms}. Requests of people: {asked}. Commands that failed: {failed}.",
                cuts=len(cuts),
                alarms=raised.total(),
                asked=len(asked),
                failed=failed.total(),
            ),
            *in_short(site, events),
        ),
        sections=(
            Section(heading=say("What to improve"), words=tuple(_better(site, cuts))),
            _cuts(cuts),
            _energy(begins, curves),
            *value_sections(site, events),
            _counted(say("Alarms"), raised, say("There was none.")),
            Section(
                heading=say("What people asked for"),
                words=() if asked else (say("Nobody asked for anything."),),
                columns=(say("On"), say("What")),
                rows=[(_moment(event.at.utc), told(event, names)) for event in asked],
            ),
            _counted(say("Commands that failed"), failed, say("None: all did as told.")),
        ),
    )


def _better(site: Site, cuts: Sequence[Cut]) -> list[str]:
    found: dict[str, None] = {}
    for cut in cuts:
        course = course_of(cut.events)
        if course is not None:
            found |= dict.fromkeys(improvements(site, course, cut.events, {}))
    return list(found) or [say(QUIET)]


def _cuts(cuts: Sequence[Cut]) -> Section:
    rows = [
        (
            str(cut.number),
            _moment(cut.start.utc),
            say("still lasting") if cut.end is None else duration(cut.end.since_s(cut.start.mono_s)),
            f"hems report outage {cut.number}",
        )
        for cut in cuts
    ]
    words = () if rows else (say("There was none."),)
    return Section(
        heading=say("Power cuts"),
        words=words,
        columns=(say("No."), say("Began"), say("Lasted"), say("More")),
        rows=rows,
    )


def _energy(begins: datetime, curves: Curves) -> Section:
    ends = next_month(begins)
    span_s, days = (ends - begins).total_seconds(), (ends - begins).days
    found = curves([*ENERGIES, "battery_soc_pct"], Instant(ends.timestamp(), ends), span_s, days)
    by_name = {one.series: one for one in found}
    rows = []
    for name, words in ENERGIES.items():
        known = [watts for watts in by_name[name].points if watts is not None]
        seen = say("{seen} of {days} days recorded", seen=len(known), days=days)
        rows.append((say(words), kwh(sum(known) * 24.0) if known else "??", seen))
    lines = [Line(say(words), [_kwh(w) for w in by_name[name].points]) for name, words in ENERGIES.items()]
    times = [day(begins), f"{days // 2}", f"{days}"]
    return Section(
        heading=say("Energy"),
        words=(say("By the mean of each day."),),
        columns=(say("What"), say("How much"), say("Of which")),
        rows=rows,
        figures=(svg(lines, unit=say("kWh a day"), times=times),),
    )


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{day(at)} {at:%H:%M}"


def _kwh(watts: float | None) -> float | None:
    return None if watts is None else watts * 24.0 / 1000.0


def _counted(heading: str, counted: Counter[str], none: str) -> Section:
    rows = [(str(times), text) for text, times in counted.most_common()]
    return Section(heading=heading, words=() if rows else (none,), columns=(say("Times"), say("What")), rows=rows)
