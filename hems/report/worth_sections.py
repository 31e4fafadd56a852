"""What hems was worth in a simulation, for people: sections of a page."""

from collections.abc import Iterator, Sequence

from hems.model.site import Tier
from hems.model.units import DAY_S, W_PER_KW
from hems.report.cars import currency_of
from hems.report.figure import Line, svg
from hems.report.sheet import Section
from hems.report.worth import Worth, by_hour, flow, given, lasts_s, moved_wh, self_used, sum_of
from hems.sim.bill import PRIORITY, Month, Way, demand_cost
from hems.wording import duration, kw, kwh

BESIDE = (
    "Beside the same building without HEMS on the grid: every car charges at once to what its driver wants, no car "
    "gives anything back, and batteries are kept full for power cuts. In a power cut HEMS runs that building too."
)


def sections(worth: Worth) -> Iterator[Section]:
    """For people."""
    yield Section(
        heading="What it was worth", words=_in_short(worth), columns=("", "With HEMS", "Without"), rows=_both(worth)
    )
    if worth.priced:
        yield _streams(worth)
    if len(worth.real.months) > 1 and worth.priced:
        yield _by_month(worth)
    if any(by_hour(worth.base)):
        yield _by_hour(worth)
    if worth.cuts:
        yield _cuts(worth)


def _in_short(worth: Worth) -> Sequence[str]:
    money = currency_of(worth.site)
    said = []
    if worth.priced:
        paid = sum_of(worth.base, worth.site).total
        share = f", {100.0 * worth.saved / paid:.1f} % of the bill" if paid > 0.0 else ""
        word = "saved" if worth.saved >= 0.0 else "cost"
        said.append(f"HEMS {word} {abs(worth.saved):.2f} {money}{share}.")
    elif worth.site.tariff is not None:
        said.append("No price was ever known, so nothing is said of money: give prices with --prices.")
    if worth.cuts:
        said.append(
            f"Power cuts: {len(worth.cuts)}. In {worth.served_as_well} of them life safety and critical circuits had "
            "at least as much power as with a battery always kept full."
        )
    if worth.real.left:
        said.append(
            f"{worth.ready} of {len(worth.real.left)} cars left as full as they should be, or as they would have."
        )
    kept = worth.real.least_above_pct >= -0.1
    said.append(
        f"What batteries keep for power cuts was {'never sold' if kept else 'TOUCHED: tell who looks after HEMS'}."
    )
    return (" ".join(said), BESIDE)


def _both(worth: Worth) -> list[tuple[str, ...]]:
    money, sides = currency_of(worth.site), (worth.real, worth.base)
    paid = [sum_of(bill, worth.site) for bill in sides]
    rows: list[tuple[str, ...]] = []
    if worth.priced:
        rows += [
            ("Paid for energy", *(f"{one.energy:.2f} {money}" for one in paid)),
            ("Paid for the highest quarter of an hour", *(f"{one.demand:.2f} {money}" for one in paid)),
            ("Wear of batteries and cars", *(f"{one.wear:.2f} {money}" for one in paid)),
        ]
    rows += [
        ("Bought", *(kwh(flow(bill, "bought_wh")) for bill in sides)),
        ("Fed in", *(kwh(flow(bill, "sold_wh")) for bill in sides)),
        ("Highest quarter of an hour", *(kw(flow(bill, "peak_w")) for bill in sides)),
        ("Used of the sun in the building", *(_percent(self_used(bill)) for bill in sides)),
        ("CO2 of what was bought", *(f"{flow(bill, 'co2_g') / 1000.0:.0f} kg" for bill in sides)),
    ]
    names = {one.id: one.name for one in worth.site.batteries}
    names |= {one.id: one.name for one in worth.site.bays}
    for one in sorted({*given(worth.real), *given(worth.base)}):
        rows.append((f"Given by {names[one]}", *(kwh(given(bill).get(one, 0.0)) for bill in sides)))
    return rows


def _percent(share: float | None) -> str:
    return "no sun" if share is None else f"{100.0 * share:.0f} %"


def _streams(worth: Worth) -> Section:
    money = currency_of(worth.site)
    rows = [
        (one.name, *(f"{value:.2f}" for value in (one.energy, one.demand, one.wear, one.refill, one.total)))
        for one in worth.streams
    ]
    return Section(
        heading="Where it comes from",
        words=(
            f"In {money}, minus is a cost; each line goes one step from the building without HEMS to the one with it. "
            "What batteries or cars have less than without HEMS counts at the mean price, "
            f"{worth.base.mean_price:.3f} {money} a kWh; what they have more, at the lowest price, "
            f"{worth.base.least_price:.3f}.",
        ),
        columns=("", "Energy", "Highest quarter", "Wear", "Left in store", "Saved"),
        rows=[*rows, ("All", *[""] * 4, f"{worth.saved:.2f}")],
    )


def _by_month(worth: Worth) -> Section:
    site = worth.site
    saved, rows = [], []
    for name, real in worth.real.months.items():
        base = worth.base.months.get(name, Month())
        paid = [month.sides[Way.REAL].cost + demand_cost(site.tariff, month, Way.REAL) for month in (real, base)]
        saved.append(paid[1] - paid[0])
        peaks = (kw(month.sides[Way.REAL].peak_w) for month in (real, base))
        rows.append((name, *(f"{one:.2f}" for one in (*paid, saved[-1])), *peaks))
    names = [row[0] for row in rows]
    return Section(
        heading="Month by month",
        words=(
            "Energy and highest quarter of an hour, which is paid for a whole month even where only days of it were "
            "simulated; wear and what is left in store are not in it.",
        ),
        columns=("Month", "Paid with HEMS", "Without", "Saved", "Peak with HEMS", "Without"),
        rows=rows,
        figures=(svg([Line("saved", saved)], unit=f"{currency_of(site)} a month", times=names),),
    )


def _by_hour(worth: Worth) -> Section:
    """When cars charge."""
    days = max(1.0, worth.base.counted_s / DAY_S)
    sun = (sum(month.cars_sun_wh for month in bill.months.values()) for bill in (worth.real, worth.base))
    curves = [
        Line(name, [wh / W_PER_KW / days for wh in by_hour(bill)])
        for name, bill in (("with HEMS", worth.real), ("without", worth.base))
    ]
    return Section(
        heading="When cars charge",
        words=(
            f"On average {moved_wh(worth) / W_PER_KW / days:.1f} kWh a day are drawn at other hours than without HEMS. "
            f"From the sun's surplus cars took {' instead of '.join(kwh(wh) for wh in sun)}.",
        ),
        figures=(svg(curves, unit="kWh an hour", times=("0:00", "12:00", "23:00")),),
    )


def _cuts(worth: Worth) -> Section:
    rows = []
    for number, (real, base) in enumerate(worth.cuts, start=1):
        began = worth.real.at(real.begins_s)
        shares = (
            f"{100.0 * cut.served(tiers):.1f} %"
            for tiers in (PRIORITY, (Tier.ESSENTIAL,), tuple(Tier))
            for cut in (real, base)
        )
        rows.append((str(number), f"{began:%d %b %H:%M}", duration(lasts_s(real)), *shares))
    return Section(
        heading="Power cuts",
        words=(
            "What must have power is life safety and critical circuits. Full battery means one that is always kept "
            "full, with no car helping; HEMS chooses there too what else is served.",
        ),
        columns=(
            "No.", "Began", "Lasted",
            "Must have it: served", "full battery", "Essential", "full battery", "All", "full battery",
        ),
        rows=rows,
    )  # fmt: skip
