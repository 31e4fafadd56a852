"""The building of the dispatch bench, with a book of what it paid: one for every policy, on the plant's equations."""

from dataclasses import dataclass, field

from hems.model.units import HOUR_S, W_PER_KW
from hems.sim.plant import Plant
from hil.dispatch_weeks import BEFORE_S, QUARTER_S, Week

WEEKS_OF_MONTH = 30.4 / 7.0


@dataclass
class Book:
    """What a week came to; money in the currency of the tariff."""

    bought: float = 0.0
    sold: float = 0.0
    given_wh: float = 0.0
    """By the battery."""
    bought_wh: float = 0.0
    sold_wh: float = 0.0
    co2_g: float = 0.0
    made_wh: float = 0.0
    """By the sun."""
    quarters_w: dict[int, float] = field(default_factory=dict)
    """Mean import of each quarter of an hour."""
    least_pct: float = 100.0
    stored_wh: float = 0.0
    """At the end, less at the beginning."""

    @property
    def peak_w(self) -> float:
        """The highest quarter of an hour."""
        return max(self.quarters_w.values(), default=0.0)

    @property
    def self_used(self) -> float:
        """Part of what the sun made that was not fed in."""
        return 1.0 - self.sold_wh / self.made_wh if self.made_wh else 1.0


def cost(case: Week, book: Book) -> float:
    """Energy, the week's part of the demand charge, wear, and what was taken from store at what it costs to refill."""
    tariff, battery = case.site.tariff, case.site.batteries[0]
    assert tariff is not None
    per_kw = sum(one.per_kw for one in tariff.demand) / WEEKS_OF_MONTH
    wear = battery.wear_per_kwh * book.given_wh / W_PER_KW
    return book.bought - book.sold + per_kw * book.peak_w / W_PER_KW + wear - refill(case) * book.stored_wh / W_PER_KW


def refill(case: Week) -> float:
    """What a kilowatt-hour in store counts at the end of the week: less than any usual purchase."""
    steps = [case.price(BEFORE_S + QUARTER_S * step).cost or 0.0 for step in range(96 * case.days)]
    return sorted(steps)[len(steps) // 4] * 0.9


class House(Plant):
    """A plant that keeps the book."""

    def __init__(self, case: Week) -> None:
        self.book = Book()
        self._case = case
        self._begin_wh: float | None = None
        super().__init__(case.site, case.traces, start=case.start)

    @property
    def _stored_wh(self) -> float:
        return sum(store.soc_pct / 100.0 * store.capacity_wh for store in self.batteries.values())

    def begin(self) -> None:
        """Whatever happened before, every policy begins with the same charge."""
        for store in self.batteries.values():
            store.soc_pct = self._case.start.battery_soc_pct
        self._begin_wh = self._stored_wh

    def _advance(self, dt_s: float) -> None:
        if self._begin_wh is not None:
            self._write(dt_s)
        super()._advance(dt_s)
        if self._begin_wh is not None:
            self.book.stored_wh = self._stored_wh - self._begin_wh
            self.book.least_pct = min(self.book.least_pct, *(store.soc_pct for store in self.batteries.values()))

    def _write(self, dt_s: float) -> None:
        book, price, hours = self.book, self._case.price(self.t_s), dt_s / HOUR_S
        wh = self.grid_w * hours
        if wh > 0.0:
            book.bought_wh += wh
            book.bought += wh / W_PER_KW * (price.cost or 0.0)
            quarter = int((self.t_s - BEFORE_S) // QUARTER_S)
            book.quarters_w[quarter] = book.quarters_w.get(quarter, 0.0) + wh * HOUR_S / QUARTER_S
        else:
            book.sold_wh -= wh
            book.sold -= wh / W_PER_KW * (price.gain or 0.0)
        book.co2_g += max(0.0, wh) / W_PER_KW * (price.co2_g or 0.0)
        book.given_wh += sum(max(0.0, store.power_w) for store in self.batteries.values()) * hours
        book.made_wh += sum(pv.power_w for pv in self.pvs.values()) * hours
