"""The most that any policy could serve in an outage, had it known everything before: a linear program.

It forgets whatever makes life harder in the plant (switches that are on or off, phases, tapers, fixed losses, minimum
times), so that nothing the plant allows can do better.  Needs scipy, which only this bench does.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import ceil
from typing import Any

from hems.model.errors import HemsError
from hems.model.site import Tier
from hems.model.units import HOUR_S, SourceId
from hems.sim.start import Car
from hil.outage_house import WEIGHTS
from hil.outage_scenarios import BEFORE_S, SLOT_S, Outage

WINDOW_S = 900.0
STORE_LOSS = 0.05
"""One way, as in the plant: of the power at the bus."""
CAR_LOSS = 0.0738
"""One way, less than the plant's at any power: 120 W + 3 % + 4 W/kW² is least, relatively, at 5.5 kW."""
BRIEFLY_PU = 1.15
"""An inverter carries no more than this for a quarter of an hour without tripping, however its dose is spent."""
MISSING = "The outage bench needs scipy for its upper bound. Install it: pip install scipy."


@dataclass(frozen=True, slots=True)
class Best:
    """What the best possible policy serves, at most."""

    worth: float
    """Weighted Wh."""
    first_share: float
    """Part of the first tiers' demand in it."""


def solver() -> Callable[..., Any]:
    """The linear programs of scipy.  Raises: HemsError when it is not installed."""
    try:
        linprog: Callable[..., Any] = import_module("scipy.optimize").linprog
    except ImportError as error:
        raise HemsError(MISSING) from error
    return linprog


class Program:
    """A linear program written line by line; every variable is at least 0."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.highs: list[float] = []
        self._equal: list[tuple[dict[int, float], float]] = []
        self._most: list[tuple[dict[int, float], float]] = []

    def variable(self, high: float, *, worth: float = 0.0) -> int:
        """A new one from 0 to `high`, each unit of which is worth so much."""
        self.costs.append(-worth)
        self.highs.append(max(0.0, high))
        return len(self.costs) - 1

    def equal(self, terms: Mapping[int, float], value: float) -> None:
        """The sum of `terms` is `value`."""
        self._equal.append((dict(terms), value))

    def at_most(self, terms: Mapping[int, float], value: float) -> None:
        """The sum of `terms` is no more than `value`."""
        self._most.append((dict(terms), value))

    def solved(self) -> Sequence[float]:
        """The best values.  Raises: HemsError when there are none."""
        result = solver()(
            self.costs,
            A_ub=self._matrix(self._most),
            b_ub=[value for _, value in self._most] or None,
            A_eq=self._matrix(self._equal),
            b_eq=[value for _, value in self._equal] or None,
            bounds=[(0.0, high) for high in self.highs],
            method="highs",
        )
        if result.x is None:
            raise HemsError(f"The upper bound could not be computed: {result.message} Report this with the seed.")
        return [float(value) for value in result.x]

    def _matrix(self, lines: Sequence[tuple[dict[int, float], float]]) -> object:
        if not lines:
            return None
        cells = [(row, column, value) for row, (terms, _) in enumerate(lines) for column, value in terms.items()]
        rows, columns, values = zip(*cells, strict=True)
        return import_module("scipy.sparse").csr_array((values, (rows, columns)), shape=(len(lines), len(self.costs)))


@dataclass(frozen=True, slots=True)
class Visit:
    """A car at a bay from `from_s` until `until_s`."""

    bay: SourceId
    car: Car
    from_s: float
    until_s: float


def visits(outage: Outage) -> list[Visit]:
    """Every car that is there during the outage, in order of departure."""
    here: dict[SourceId, tuple[Car, float]] = {bay: (car, BEFORE_S) for bay, car in outage.start.cars.items()}
    found, at_s = [], -1.0
    while (event := outage.traces.next_car(at_s)) is not None and event.t_s < outage.ends_s:
        at_s = event.t_s
        if event.bay in here:
            car, from_s = here.pop(event.bay)
            found.append(Visit(event.bay, car, from_s, at_s))
        if event.car is not None:
            here[event.bay] = (event.car, max(BEFORE_S, at_s))
    found += [Visit(bay, car, from_s, outage.ends_s) for bay, (car, from_s) in here.items()]
    return [one for one in found if one.until_s > BEFORE_S]


def best(outage: Outage) -> Best:
    """The optimum of the relaxed problem, in windows of a quarter of an hour."""
    program, windows = Program(), _windows(outage)
    balance: list[dict[int, float]] = [{} for _ in windows]
    loads = _loads(program, outage, windows, balance)
    _sun(program, outage, windows, balance)
    _battery(program, outage, windows, balance)
    for visit in visits(outage):
        _car(program, outage, visit, windows, balance)
    for terms in balance:
        program.equal(terms, 0.0)
    values = program.solved()
    first = [name for (_, tier), name in loads.items() if tier <= Tier.CRITICAL]
    wanted_wh = sum(program.highs[name] for name in first)
    return Best(
        worth=sum(WEIGHTS[tier] * values[name] for (_, tier), name in loads.items()),
        first_share=sum(values[name] for name in first) / wanted_wh if wanted_wh else 1.0,
    )


def _windows(outage: Outage) -> list[tuple[float, float]]:
    count = ceil((outage.ends_s - BEFORE_S) / WINDOW_S)
    starts = [BEFORE_S + index * WINDOW_S for index in range(count)]
    return [(start_s, min(start_s + WINDOW_S, outage.ends_s)) for start_s in starts]


def _slots(window: tuple[float, float]) -> list[tuple[float, float]]:
    """Instants that stand for the slots in a window, and how many hours each lasts."""
    found, at_s = [], window[0]
    while at_s < window[1] - 1e-6:
        till_s = min((at_s // SLOT_S + 1) * SLOT_S, window[1])
        found.append((at_s, (till_s - at_s) / HOUR_S))
        at_s = till_s
    return found


def _loads(
    program: Program, outage: Outage, windows: Sequence[tuple[float, float]], balance: list[dict[int, float]]
) -> dict[tuple[int, Tier], int]:
    """Wh served per window and tier: those of one tier are worth the same, so they need not be told apart."""
    found = {}
    for index, window in enumerate(windows):
        wanted_wh: dict[Tier, float] = defaultdict(float)
        for at_s, hours in _slots(window):
            for one in outage.site.circuits:
                wanted_wh[one.tier] += outage.traces.load_w(one.id, at_s) * hours
        for tier, high_wh in wanted_wh.items():
            name = found[index, tier] = program.variable(high_wh, worth=WEIGHTS[tier])
            balance[index][name] = -1.0
    return found


def _sun(
    program: Program, outage: Outage, windows: Sequence[tuple[float, float]], balance: list[dict[int, float]]
) -> None:
    rated_w = sum(pv.rated_w for pv in outage.site.pvs)
    for index, window in enumerate(windows):
        given_wh = sum(rated_w * outage.traces.sun_pu(at_s) * hours for at_s, hours in _slots(window))
        balance[index][program.variable(given_wh)] = 1.0


def _battery(
    program: Program, outage: Outage, windows: Sequence[tuple[float, float]], balance: list[dict[int, float]]
) -> None:
    physics, former = outage.start.physics, outage.site.former
    for spec in outage.site.batteries:
        high_w = BRIEFLY_PU * min(sum(former.phase_va), spec.discharge_max_w)
        charge_w = min(spec.charge_max_w, high_w)
        low_wh = physics.empty_pct / 100.0 * spec.capacity_wh
        stored_wh = outage.start.battery_soc_pct / 100.0 * spec.capacity_wh
        _store(
            program, windows, balance, stored_wh=stored_wh - low_wh, room_wh=spec.capacity_wh - low_wh,
            give_w=high_w, take_w=charge_w, loss=STORE_LOSS, there=(BEFORE_S, outage.ends_s),
        )  # fmt: skip


def _car(
    program: Program,
    outage: Outage,
    visit: Visit,
    windows: Sequence[tuple[float, float]],
    balance: list[dict[int, float]],
) -> None:
    bay = next(one for one in outage.site.bays if one.id == visit.bay)
    floor_wh = max(bay.floor_pct, bay.maker_floor_pct) / 100.0 * visit.car.capacity_wh
    stored_wh = visit.car.soc_pct / 100.0 * visit.car.capacity_wh
    low_wh = min(floor_wh, stored_wh)  # one that arrives below its floor may at least be filled and emptied again
    _store(
        program, windows, balance, stored_wh=stored_wh - low_wh, room_wh=visit.car.capacity_wh - low_wh,
        give_w=bay.discharge_max_w if visit.car.gives else 0.0, take_w=bay.charge_max_w, loss=CAR_LOSS,
        there=(visit.from_s, visit.until_s),
    )  # fmt: skip


def _store(
    program: Program,
    windows: Sequence[tuple[float, float]],
    balance: list[dict[int, float]],
    *,
    stored_wh: float,
    room_wh: float,
    give_w: float,
    take_w: float,
    loss: float,
    there: tuple[float, float],
) -> None:
    """Energy that comes and goes at the bus; what is stored after each window stays between nothing and `room_wh`."""
    before: int | None = None
    for index, (from_s, until_s) in enumerate(windows):
        hours = max(0.0, min(until_s, there[1]) - max(from_s, there[0])) / HOUR_S
        if hours <= 0.0:
            continue
        give, take = program.variable(give_w * hours), program.variable(take_w * hours)
        after = program.variable(room_wh)
        balance[index][give], balance[index][take] = 1.0, -1.0
        terms = {after: 1.0, give: 1.0 + loss, take: loss - 1.0}
        if before is not None:
            terms[before] = -1.0
        program.equal(terms, stored_wh if before is None else 0.0)
        before = after
