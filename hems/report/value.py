"""What batteries and prices were worth in a month, from the account of each day."""

from collections.abc import Sequence
from datetime import datetime

from hems.model.cause import Why
from hems.model.event import Event
from hems.model.site import Site
from hems.model.tariff import Tariff
from hems.model.units import DAY_S
from hems.report.figure import Line, svg
from hems.report.sheet import Section
from hems.report.streams import peak_saved, steps, streams_section, wear
from hems.wording import day, kw, kwh, percent
from hems.wording.language import N_, say

NOTHING = N_("No day was accounted for: that needs [tariff] in the site file and the time of day.")
BESIDE = N_(
    "Paid, beside what would have been paid with batteries at rest and everything else as it was.  Basic charges and "
    "what cars saved are not in it; that follows where there are cars."
)


def days_of(events: Sequence[Event]) -> list[dict[str, float]]:
    """The account of each day among the events, in order."""
    return [
        {key: float(value) for key, value in event.cause.facts.items() if isinstance(value, int | float)}
        for event in events
        if event.cause.why is Why.DAY_VALUE
    ]


def value_section(site: Site, events: Sequence[Event]) -> Section:
    """The part of a monthly report about money."""
    days, tariff = days_of(events), site.tariff
    if not days or tariff is None:
        return Section(heading=say("What it was worth"), words=(say(NOTHING),))
    points = [Line(say("saved"), [day["saved"] for day in days])]
    times = [_day(days[0]), "", _day(days[-1])]
    seen = sum(day["seen_s"] for day in days) / DAY_S
    return Section(
        heading=say("What it was worth"),
        words=(
            say(BESIDE),
            say("{days} days, of which {seen:.1f} were seen with a known price.", days=len(days), seen=seen),
        ),
        columns=(say("What"), say("As it was"), say("Batteries at rest"), say("Saved")),
        rows=_rows(site, tariff, days),
        figures=(svg(points, unit=say("{money} a day", money=tariff.currency), times=times),),
    )


def _rows(site: Site, tariff: Tariff, days: Sequence[dict[str, float]]) -> list[tuple[str, ...]]:
    money = tariff.currency
    peak_w, resting_w = max(day["peak_w"] for day in days), max(day["resting_peak_w"] for day in days)
    paid, resting = _sum(days, "paid"), _sum(days, "resting")
    at_peak = _saved(peak_saved(tariff, days, "resting_", ""), money) if tariff.demand else say("not paid for")
    worn = say("wear {amount:.2f} {money}", amount=wear(site, days), money=money)
    kept = all(day["above_pct"] >= 0.0 for day in days)
    reserve = say("never touched") if kept else say("TOUCHED: tell who looks after HEMS")
    return [
        (say("Paid for energy"), f"{paid:.2f} {money}", f"{resting:.2f} {money}", _saved(resting - paid, money)),
        (say("Highest quarter of an hour"), kw(peak_w), kw(resting_w), at_peak),
        (say("Used of what the sun gave"), _used(days), "", ""),
        (say("CO2 of what was bought"), _kg(days, "co2_g"), _kg(days, "resting_co2_g"), ""),
        (say("Given by batteries"), kwh(_sum(days, "given_wh")), "", worn),
        *_given_by_cars(days),
        (say("Reserve for power cuts"), reserve, "", ""),
    ]


def _given_by_cars(days: Sequence[dict[str, float]]) -> list[tuple[str, ...]]:
    known = any("cars_given_wh" in day for day in days)
    given_wh = sum(day.get("cars_given_wh", 0.0) for day in days)
    return [(say("Given by cars on the grid"), kwh(given_wh), "", "")] if known else []


def in_short(site: Site, events: Sequence[Event]) -> tuple[str, ...]:
    """What the month has saved in all, in one sentence; nothing where nobody knows."""
    days = days_of(events)
    if site.tariff is None or not days:
        return ()
    saved, money = sum(one.saved for one in steps(site, site.tariff, days)), site.tariff.currency
    if saved < 0.0:
        return (say("HEMS cost {amount:.2f} {money} more than it saved.", amount=-saved, money=money),)
    return (say("HEMS saved {amount:.2f} {money}.", amount=saved, money=money),)


def value_sections(site: Site, events: Sequence[Event]) -> tuple[Section, ...]:
    """The same, and where there are cars what they, too, have saved."""
    days = days_of(events)
    if site.tariff is None or not any("at_once" in day for day in days):
        return (value_section(site, events),)
    return value_section(site, events), streams_section(site, site.tariff, days)


def _saved(amount: float, money: str) -> str:
    return f"{amount:.2f} {money}" if amount >= 0.0 else say("{amount:.2f} {money} more", amount=-amount, money=money)


def _sum(days: Sequence[dict[str, float]], key: str) -> float:
    return sum(day[key] for day in days)


def _used(days: Sequence[dict[str, float]]) -> str:
    sun_wh = _sum(days, "sun_wh")
    return say("no sun") if sun_wh <= 0.0 else percent(100.0 * max(0.0, 1.0 - _sum(days, "sold_wh") / sun_wh))


def _kg(days: Sequence[dict[str, float]], key: str) -> str:
    return f"{_sum(days, key) / 1000.0:.0f} kg"


def _day(account: dict[str, float]) -> str:
    return day(datetime.fromordinal(int(account["day"])))
