"""The building of the dispatch bench, one for every policy on the plant's equations, and what its bill comes to."""

from hems.control.params import Params
from hems.model.units import W_PER_KW
from hems.sim.bill import Bill, Way, price_of, wear_of
from hil.dispatch_limits import Judged
from hil.dispatch_weeks import BEFORE_S, QUARTER_S, Week

WEEKS_OF_MONTH = 30.4 / 7.0


def house(case: Week) -> Judged:
    """With a bill, and a judge of limits, that count from `begin` on."""
    bill = Bill(site=case.site, price=price_of(case.site, case.market), clock=case.utc(0.0))
    settle_s = Params().connection.settle_s
    return Judged(case.site, case.traces, start=case.start, bill=bill, settle_s=settle_s)


def begin(plant: Judged, case: Week) -> None:
    """Whatever happened before, every policy begins with the same charge."""
    for store in plant.batteries.values():
        store.soc_pct = case.start.battery_soc_pct
    plant.bill.begin(plant)


def cost(case: Week, bill: Bill) -> float:
    """Energy, the week's part of the demand charge, wear, and what stores have more or less, at what that costs."""
    tariff = case.site.tariff
    assert tariff is not None
    per_kw = sum(one.per_kw for one in tariff.demand) / WEEKS_OF_MONTH
    energy = sum(month.sides[Way.REAL].cost for month in bill.months.values())
    wear = sum(wear_of(case.site, month.given_wh) for month in bill.months.values())
    more_wh = bill.end_wh - bill.begin_wh + taken_wh(case, bill) - sum(visit.wh for visit in case.visits)
    return energy + per_kw * peak_w(bill) / W_PER_KW + wear - refill(case) * more_wh / W_PER_KW


def taken_wh(case: Week, bill: Bill) -> float:
    """By cars."""
    return sum(month.taken_wh.get(bay.id, 0.0) for month in bill.months.values() for bay in case.site.bays)


def given_wh(bill: Bill) -> float:
    """By the battery and by cars."""
    return sum(sum(month.given_wh.values()) for month in bill.months.values())


def peak_w(bill: Bill) -> float:
    """The highest quarter of an hour."""
    return max((month.sides[Way.REAL].peak_w for month in bill.months.values()), default=0.0)


def departures(case: Week, bill: Bill) -> tuple[float, float]:
    """What cars needed when they left, in all, and what of it they had, Wh in their batteries."""
    bays = {bay.id: bay for bay in case.site.bays}
    wanted = had = 0.0
    for visit, (bay, pct) in zip(case.visits, bill.left, strict=False):
        missing_wh = max(0.0, bays[bay].target_pct - pct) / 100.0 * bays[bay].capacity_wh
        wanted += visit.stored_wh
        had += max(0.0, visit.stored_wh - missing_wh)
    return wanted, had


def refill(case: Week) -> float:
    """What a kilowatt-hour in store counts at the end of the week: less than any usual purchase."""
    steps = [case.price(BEFORE_S + QUARTER_S * step).cost or 0.0 for step in range(96 * case.days)]
    return sorted(steps)[len(steps) // 4] * 0.9
