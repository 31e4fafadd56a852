"""Where the savings of a month come from: cars that charge later, cars that give, batteries."""

from collections.abc import Sequence
from dataclasses import dataclass

from hems.model.site import Site
from hems.model.tariff import Tariff
from hems.model.units import W_PER_KW
from hems.report.sheet import Section
from hems.wording.language import N_, say

Days = Sequence[dict[str, float]]
"""The account of each day."""
ABOUT = N_(
    "Each line goes one step from a building in which every car charges at once what its driver wants, none gives "
    "anything and batteries rest, to this one. In {money}; minus is a cost. What cars have more than they would have "
    "then counts at the mean price of a kilowatt-hour, {price:.3f}, and so does what they have less."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One way in which money was saved, in the currency of the tariff."""

    name: str
    energy: float
    peak: float
    wear: float = 0.0
    stored: float = 0.0

    @property
    def saved(self) -> float:
        """In all."""
        return self.energy + self.peak - self.wear + self.stored


def steps(site: Site, tariff: Tariff, days: Days) -> tuple[Step, ...]:
    """What each has saved; days that were told before cars were accounted for count for batteries alone."""
    return (
        Step(
            name=say("Cars charge at better times"),
            energy=_paid(days, "at_once") - _paid(days, "charging"),
            peak=peak_saved(tariff, days, "at_once_", "charging_"),
            stored=_sum(days, "cars_more_wh") / W_PER_KW * mean_price(days),
        ),
        Step(
            name=say("Cars give to the building"),
            energy=_paid(days, "charging") - _paid(days, "resting"),
            peak=peak_saved(tariff, days, "charging_", "resting_"),
            wear=max((bay.wear_per_kwh for bay in site.bays), default=0.0) * _sum(days, "cars_given_wh") / W_PER_KW,
        ),
        Step(
            name=say("Batteries"),
            energy=_paid(days, "resting") - _sum(days, "paid"),
            peak=peak_saved(tariff, days, "resting_", ""),
            wear=wear(site, days),
        ),
    )


def streams_section(site: Site, tariff: Tariff, days: Days) -> Section:
    """For people."""
    found = steps(site, tariff, days)
    rows = [(one.name, *map(_amount, (one.energy, one.peak, -one.wear, one.stored, one.saved))) for one in found]
    return Section(
        heading=say("Where it comes from"),
        words=(say(ABOUT, money=tariff.currency, price=mean_price(days)),),
        columns=("", say("Energy"), say("Highest quarter of an hour"), say("Wear"), say("Left in cars"), say("Saved")),
        rows=[*rows, (say("All"), "", "", "", "", _amount(sum(one.saved for one in found)))],
    )


def peak_saved(tariff: Tariff, days: Days, before: str, after: str) -> float:
    """By lower peaks in the hours of each demand charge; of days that did not tell these, by the peak of all hours."""
    saved = 0.0
    for place, charge in enumerate(tariff.demand, 1):
        peaks_w = [max(_peak_w(day, one, place) for day in days) for one in (before, after)]
        saved += charge.per_kw * (peaks_w[0] - peaks_w[1]) / W_PER_KW
    return saved


def wear(site: Site, days: Days) -> float:
    """Of batteries, by what they gave."""
    return max((one.wear_per_kwh for one in site.batteries), default=0.0) * _sum(days, "given_wh") / W_PER_KW


def mean_price(days: Days) -> float:
    """What was paid for a kilowatt-hour from the grid, on average; 0 where none was bought."""
    bought_wh = _sum(days, "bought_wh")
    return max(0.0, _sum(days, "paid")) / bought_wh * W_PER_KW if bought_wh > 0.0 else 0.0


def _peak_w(day: dict[str, float], way: str, place: int) -> float:
    way = way if f"{way}peak_w" in day else "resting_"
    return day.get(f"{way}demand_{place}_w", day[f"{way}peak_w"])


def _paid(days: Days, way: str) -> float:
    return sum(day.get(way, day["resting"]) for day in days)


def _sum(days: Days, key: str) -> float:
    return sum(day.get(key, 0.0) for day in days)


def _amount(money: float) -> str:
    return f"{money + 0.0:.2f}" if abs(money) >= 0.005 else "0.00"
