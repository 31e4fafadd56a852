"""The statement of a month, car by car: what it took, what it gave, what that cost it and what its driver is credited.

By bay, because few chargers know which car they have.  Energies are those that the charger measures.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from hems.control.cars.ledger import EMPTY, NO_DATE, total, warranty_used
from hems.control.cars.memory import Ledger, Month
from hems.model.site import Bay, Site
from hems.model.units import HOUR_S, W_PER_KW, SourceId
from hems.report.sheet import Section, Sheet
from hems.wording.language import N_, say

COLUMNS = (
    "bay",
    "name",
    "month",
    "taken_kwh",
    "given_in_outages_kwh",
    "given_on_grid_kwh",
    "giving_h",
    "wear",
    "wear_share_pct",
    "credit",
    "currency",
)


PEOPLES = (
    *(N_("Bay"), N_("Took"), N_("Gave in power cuts"), N_("Gave on the grid")),
    *(N_("Wear"), N_("Of all wear"), N_("Credit")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One bay in one month; energies in kWh, money in the currency of the tariff."""

    bay: Bay
    taken: float
    outages: float
    grid: float
    giving_h: float
    wear: float
    wear_share: float
    """Part of the wear of all cars, 0 to 1."""
    credit: float

    @property
    def given(self) -> float:
        """To the building in all."""
        return self.outages + self.grid


def lines(site: Site, ledgers: Mapping[SourceId, Ledger], month: str) -> list[Line]:
    """Every bay of the site, in its order."""
    months = [(bay, ledgers.get(bay.id, EMPTY).months.get(month, Month())) for bay in site.bays]
    wears = [_given(one) * bay.wear_per_kwh for bay, one in months]
    return [
        Line(
            bay=bay,
            taken=one.taken_wh / W_PER_KW,
            outages=one.outage_wh / W_PER_KW,
            grid=one.grid_wh / W_PER_KW,
            giving_h=one.giving_s / HOUR_S,
            wear=wear,
            wear_share=wear / sum(wears) if sum(wears) > 0.0 else 0.0,
            credit=_given(one) * bay.credit_per_kwh,
        )
        for (bay, one), wear in zip(months, wears, strict=True)
    ]


def _given(month: Month) -> float:
    return (month.outage_wh + month.grid_wh) / W_PER_KW


def currency_of(site: Site) -> str:
    """In which wear and credit are told."""
    return site.tariff.currency if site.tariff is not None else "EUR"


def as_csv(site: Site, ledgers: Mapping[SourceId, Ledger], months: Sequence[str]) -> str:
    """One line for each bay and month, with a heading; points in numbers, commas between."""
    text = StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow(COLUMNS)
    for month in months:
        for one in lines(site, ledgers, month):
            energies = [f"{kwh:.3f}" for kwh in (one.taken, one.outages, one.grid, one.giving_h)]
            money = [f"{one.wear:.2f}", f"{100.0 * one.wear_share:.1f}", f"{one.credit:.2f}", currency_of(site)]
            sheet.writerow([one.bay.id, one.bay.name, month, *energies, *money])
    return text.getvalue()


def known_months(ledgers: Mapping[SourceId, Ledger]) -> list[str]:
    """Every month in which anything flowed."""
    return sorted({month for ledger in ledgers.values() for month in ledger.months})


def statement(site: Site, ledgers: Mapping[SourceId, Ledger], month: str) -> Sheet:
    """For people, as text or HTML."""
    found, currency = lines(site, ledgers, month), currency_of(site)
    undated = sum(_given(ledger.months.get(NO_DATE, Month())) for ledger in ledgers.values())
    told = say("{kwh:.1f} kWh more were given while nobody knew the date.", kwh=undated)
    words = [told] if undated > 0.0 else []
    return Sheet(
        title=say("{site}: cars in {month}", site=site.name, month=month),
        under=(
            say(
                "{taken:.1f} kWh taken, {given:.1f} kWh given. Credit {credit:.2f} {currency}.",
                taken=sum(one.taken for one in found),
                given=sum(one.given for one in found),
                credit=sum(one.credit for one in found),
                currency=currency,
            ),
        ),
        sections=(
            Section(
                heading=say("What each car took and gave"),
                words=words,
                columns=tuple(say(column) for column in PEOPLES),
                rows=[_row(one, currency) for one in found],
            ),
            Section(
                heading=say("Since it is counted, for the maker's warranty"),
                columns=(say("Bay"), say("Gave in all"), say("Hours of giving"), say("Warranty used")),
                rows=[_warranty(bay, ledgers.get(bay.id, EMPTY)) for bay in site.bays if bay.bidirectional],
                words=() if any(bay.bidirectional for bay in site.bays) else (say("No charger here can give."),),
            ),
        ),
    )


def _row(one: Line, currency: str) -> tuple[str, ...]:
    energies = (f"{kwh:.1f} kWh" for kwh in (one.taken, one.outages, one.grid))
    share = f"{100.0 * one.wear_share:.0f}%"
    return (one.bay.name, *energies, f"{one.wear:.2f} {currency}", share, f"{one.credit:.2f} {currency}")


def _warranty(bay: Bay, ledger: Ledger) -> tuple[str, ...]:
    whole = total(ledger)
    used = warranty_used(bay, ledger)
    hours = whole.giving_s / HOUR_S
    told = say("not set") if used is None else f"{100.0 * used:.0f}%"
    return bay.name, f"{_given(whole):.0f} kWh", f"{hours:.0f} h", told
