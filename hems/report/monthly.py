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
from hems.report.value import value_section
from hems.wording import duration, kwh, names_of

ENERGIES = {"load_w": "Used", "pv_w": "From the sun", "grid_w": "From the grid, less what went there"}
QUIET = "Nothing: no power cut, and nothing asked for somebody."


def monthly(site: Site, begins: datetime, events: Sequence[Event], cuts: Sequence[Cut], curves: Curves) -> Sheet:
    """The whole report; `events` and `cuts` are those of the month."""
    names = names_of(site)
    raised = Counter(told(event, names) for event in events if event.kind is EventKind.ALARM_RAISED)
    asked = [event for event in events if event.kind is EventKind.REQUEST]
    failed = Counter(told(event, names) for event in events if event.kind is EventKind.OUTCOME)
    return Sheet(
        title=f"{site.name} in {begins:%B %Y}",
        under=(
            f"{len(cuts)} power cuts, {raised.total()} alarms, {len(asked)} requests of people, "
            f"{failed.total()} commands that failed.",
        ),
        sections=(
            Section(heading="What to improve", words=tuple(_better(site, cuts))),
            _cuts(cuts),
            _energy(begins, curves),
            value_section(site, events),
            _counted("Alarms", raised, "There was none."),
            Section(
                heading="What people asked for",
                words=() if asked else ("Nobody asked for anything.",),
                columns=("On", "What"),
                rows=[(f"{event.at.utc:%d %b %H:%M}", told(event, names)) for event in asked],
            ),
            _counted("Commands that failed", failed, "None: all did as told."),
        ),
    )


def _better(site: Site, cuts: Sequence[Cut]) -> list[str]:
    found: dict[str, None] = {}
    for cut in cuts:
        course = course_of(cut.events)
        if course is not None:
            found |= dict.fromkeys(improvements(site, course, cut.events, {}))
    return list(found) or [QUIET]


def _cuts(cuts: Sequence[Cut]) -> Section:
    rows = [
        (
            str(cut.number),
            f"{cut.start.utc:%d %b %H:%M}",
            "still lasting" if cut.end is None else duration(cut.end.since_s(cut.start.mono_s)),
            f"hems report outage {cut.number}",
        )
        for cut in cuts
    ]
    words = () if rows else ("There was none.",)
    return Section(heading="Power cuts", words=words, columns=("No.", "Began", "Lasted", "More"), rows=rows)


def _energy(begins: datetime, curves: Curves) -> Section:
    ends = next_month(begins)
    span_s, days = (ends - begins).total_seconds(), (ends - begins).days
    found = curves([*ENERGIES, "battery_soc_pct"], Instant(ends.timestamp(), ends), span_s, days)
    by_name = {one.series: one for one in found}
    rows = []
    for name, words in ENERGIES.items():
        known = [watts for watts in by_name[name].points if watts is not None]
        rows.append((words, kwh(sum(known) * 24.0) if known else "??", f"{len(known)} of {days} days recorded"))
    lines = [Line(words, [_kwh(w) for w in by_name[name].points]) for name, words in ENERGIES.items()]
    times = [f"{begins:%d %b}", f"{days // 2}", f"{days}"]
    return Section(
        heading="Energy",
        words=("By the mean of each day.",),
        columns=("What", "How much", "Of which"),
        rows=rows,
        figures=(svg(lines, unit="kWh a day", times=times),),
    )


def _kwh(watts: float | None) -> float | None:
    return None if watts is None else watts * 24.0 / 1000.0


def _counted(heading: str, counted: Counter[str], none: str) -> Section:
    rows = [(str(times), text) for text, times in counted.most_common()]
    return Section(heading=heading, words=() if rows else (none,), columns=("Times", "What"), rows=rows)
