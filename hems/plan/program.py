"""The linear program of a problem: a course of batteries and cars for each kind of day, with the first peak in common.

For each quarter of an hour: what batteries and each car take and give, what is bought and fed in, what is stored.  What
a stored kilowatt-hour is worth is the shadow price of the line that carries it from one quarter to the next.  Cars may
take any power here: the least current, and who goes first, are the tick's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import inf
from typing import Any

from hems.control.dispatch.departure import SLOT_S
from hems.control.dispatch.shared import ARRIVES, STAYS_S
from hems.control.dispatch.visit import Visit
from hems.control.dispatch.worth import SLOT_H, Slot
from hems.model.errors import HemsError
from hems.model.plan import Plan, PlanStep
from hems.model.units import W_PER_KW, SourceId
from hems.plan.problem import Problem

NO_SOLVER = "There is no solver: install hems with its extra `solver`."
MISSED = 100.0
"""So many times the highest price costs what is drawn beyond a limit, what a car lacks when it leaves, and what the
reserve lacks for an hour."""
SOONER = 1e-6
"""Of two quarters of an hour that cost the same, cars take the first: what is done cannot come too late."""


@dataclass(frozen=True, slots=True)
class Course:
    """One kind of day, solved; kW, and the worth of a kilowatt-hour."""

    worth: Sequence[float]
    battery_w: Sequence[float]
    cars_w: Sequence[float]
    cars_worth: Sequence[Mapping[SourceId, float]]
    """In the cells of each car, as long as it is here."""
    peak_w: float
    cost: float
    """Of all, less what is left at the end."""


def solved(problem: Problem) -> Plan:
    """The plan.  Raises: HemsError without a solver, or when the program has no solution."""
    look = problem.look
    courses = [course(problem, day) for day in look.days]
    middle = courses[len(courses) // 2]
    steps = tuple(
        PlanStep(
            worth=_mean([one.worth[step] for one in courses]),
            battery_w=middle.battery_w[step],
            net_w=slot.net_w,
            cars={bay: _mean([one.cars_worth[step][bay] for one in courses]) for bay in middle.cars_worth[step]},
            cars_w=middle.cars_w[step],
        )
        for step, slot in enumerate(look.days[len(look.days) // 2])
    )
    target_w = max(one.peak_w for one in courses) if look.per_kw else None
    return Plan(begins_s=problem.begins_s, step_s=problem.step_s, steps=steps, target_w=target_w)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def course(problem: Problem, slots: Sequence[Slot]) -> Course:
    """The cheapest course through one kind of day in which all cars get what they need.  Raises: HemsError."""
    try:
        optimize, sparse = import_module("scipy.optimize"), import_module("scipy.sparse")
    except ImportError as error:
        raise HemsError(NO_SOLVER) from error
    made = _Program(problem, slots)
    result = optimize.linprog(
        made.costs,
        A_eq=_matrix(sparse, made.equal, len(made.sides), len(made.costs)),
        b_eq=made.sides,
        A_ub=_matrix(sparse, made.least, len(made.limits), len(made.costs)),
        b_ub=made.limits,
        bounds=made.bounds,
        method="highs",
    )
    if result.status != 0:
        raise HemsError(f"The plan has no solution: {result.message}")
    return made.course(result.x, result.eqlin.marginals, float(result.fun))


Entries = list[tuple[int, int, float]]
"""Line, column, value."""


class _Program:
    """Its columns and lines, in kW and kWh; a place in a list is a column or a line."""

    def __init__(self, problem: Problem, slots: Sequence[Slot]) -> None:
        self._problem, self._slots = problem, slots
        self._visits = [one for one in problem.look.visits if one.first < len(slots)]
        self._missed = MISSED * max(0.01, *(abs(one.cost) for one in slots))
        self.costs: list[float] = []
        self.bounds: list[tuple[float | None, float | None]] = []
        self.equal, self.least = Entries(), Entries()
        self.sides: list[float] = [slot.net_w / W_PER_KW for slot in slots]
        """Of the lines that must be met: first the power of each quarter, then what is stored."""
        self.limits: list[float] = []
        """Of those that must not be exceeded: the peak, the reserve."""
        self._peak = self._column(problem.look.per_kw, problem.look.least_target_w / W_PER_KW, None)
        self._bought = [self._flows(step, slot) for step, slot in enumerate(slots)]
        self._stored = self._battery()
        self._cars = [self._car(one) for one in self._visits]
        self._peaks()
        self._reserve()

    def _column(self, cost: float, low: float, high: float | None) -> int:
        self.costs.append(cost)
        self.bounds.append((low, high))
        return len(self.costs) - 1

    def _flows(self, step: int, slot: Slot) -> tuple[int, ...]:
        """What is bought and fed in: only the sun is fed in, and nobody buys in order to sell at one instant.

        What circuits draw beyond the limit is dear as nothing else, so that stores are there for it.
        """
        carries_kw = slot.import_w / W_PER_KW
        bought = self._column(SLOT_H * slot.cost, 0.0, None if carries_kw == inf else carries_kw)
        sold = self._column(-SLOT_H * min(slot.gain, slot.cost), 0.0, max(0.0, -slot.net_w) / W_PER_KW)
        self.equal += [(step, bought, 1.0), (step, sold, -1.0)]
        if slot.net_w > slot.import_w:
            over = self._column(SLOT_H * self._missed, 0.0, (slot.net_w - slot.import_w) / W_PER_KW)
            self.equal.append((step, over, 1.0))
            return bought, over
        return (bought,)

    def _store(
        self, step: int, before: int | None, have_kwh: float, ways: tuple[int, int, int], parts: tuple[float, float]
    ) -> int:
        """The line that carries what is stored through one quarter; `ways` are the columns of take, give and stored."""
        (take, give, stored), (charged, given) = ways, parts
        self.equal += [(step, take, -1.0), (step, give, 1.0)]
        line = len(self.sides)
        self.sides.append(have_kwh if before is None else 0.0)
        self.equal += [(line, stored, 1.0), (line, take, -SLOT_H * charged), (line, give, SLOT_H / given)]
        if before is not None:
            self.equal.append((line, before, -1.0))
        return line

    def _battery(self) -> list[tuple[int, int, int, int]]:
        """Take, give, stored and line of each quarter."""
        store, found = self._problem.look.store, list[tuple[int, int, int, int]]()
        for step, slot in enumerate(self._slots):
            own_w = inf if self._problem.charges_cars else max(0.0, slot.net_w)
            take = self._column(0.0, 0.0, store.take_w / W_PER_KW)
            give = self._column(SLOT_H * store.wear, 0.0, min(store.give_w, own_w) / W_PER_KW)
            worth = -self._problem.end_worth if step == len(self._slots) - 1 else 0.0
            stored = self._column(worth, 0.0, store.full_wh / W_PER_KW)
            before = found[-1][2] if found else None
            parts = store.charged, store.given
            line = self._store(step, before, store.have_wh / W_PER_KW, (take, give, stored), parts)
            found.append((take, give, stored, line))
        return found

    def _car(self, visit: Visit) -> Mapping[int, tuple[int, int, int, int]]:
        """The same for a car, by quarters; what it lacks in the end is dear."""
        found = dict[int, tuple[int, int, int, int]]()
        full_kwh, before = max(visit.have_wh, visit.leaves_wh) / W_PER_KW, None
        for step in range(visit.first, min(visit.last, len(self._slots))):
            take = self._column(SOONER * (step - visit.first), 0.0, visit.most_w / W_PER_KW)
            give = self._column(SLOT_H * visit.wear, 0.0, visit.gives_w / W_PER_KW)
            last = step == visit.last - 1
            stored = self._column(*self._left_in(visit, step), full_kwh)
            parts = visit.charged, visit.given
            line = self._store(step, before, visit.have_wh / W_PER_KW, (take, give, stored), parts)
            if last:
                self.equal.append((line, self._column(self._missed, 0.0, None), -1.0))
            found[step] = take, give, stored, line
            before = stored
        return found

    def _left_in(self, visit: Visit, step: int) -> tuple[float, float]:
        """What it costs to have something stored after a quarter, and how much it must be at least.

        Where prices end before a car leaves it keeps what it has, and what it gets counts at the middle of them.
        """
        if step == visit.last - 1:
            return 0.0, visit.leaves_wh / W_PER_KW
        if step < len(self._slots) - 1:
            return 0.0, 0.0 if visit.gives_w else -inf  # a bound that cannot be reached leaves the worth undecided
        prices = sorted(one.cost for one in self._slots)
        return -visit.charged * prices[len(prices) // 2], min(visit.have_wh, visit.leaves_wh) / W_PER_KW

    def _peaks(self) -> None:
        """What is bought in a quarter that counts is no more than the peak."""
        for bought, slot in zip(self._bought, self._slots, strict=True):
            if slot.counts:
                self.least += [(len(self.limits), one, 1.0) for one in bought]
                self.least.append((len(self.limits), self._peak, -1.0))
                self.limits.append(0.0)

    def _reserve(self) -> None:
        """What cars hold of it now, they or batteries hold later too; a car that is about to leave holds nothing."""
        held_kwh = ARRIVES * sum(one.have_wh for one in self._visits if one.holds) / W_PER_KW
        if not self._problem.look.shares_reserve or held_kwh <= 0.0:
            return
        for step in range(len(self._slots)):
            line = len(self.limits)
            self.least += [(line, self._stored[step][2], -1.0), (line, self._column(self._missed, 0.0, None), -1.0)]
            for visit, ways in zip(self._visits, self._cars, strict=True):
                if visit.holds and step + STAYS_S / SLOT_S < visit.last and step in ways:
                    self.least.append((line, ways[step][2], -ARRIVES))
            self.limits.append(-held_kwh)

    def course(self, found: Sequence[float], marginals: Sequence[float], cost: float) -> Course:
        """What a solution says; a shadow price is what a kilowatt-hour more would save."""
        return Course(
            worth=[-float(marginals[line]) for *_, line in self._stored],
            battery_w=[W_PER_KW * float(found[give] - found[take]) for take, give, *_ in self._stored],
            cars_w=[
                W_PER_KW
                * float(sum(found[ways[step][1]] - found[ways[step][0]] for ways in self._cars if step in ways))
                for step in range(len(self._slots))
            ],
            cars_worth=[
                {
                    visit.bay: -float(marginals[ways[step][3]])
                    for visit, ways in zip(self._visits, self._cars, strict=True)
                    if step in ways
                }
                for step in range(len(self._slots))
            ],
            peak_w=max(self._problem.look.least_target_w, W_PER_KW * float(found[self._peak])),
            cost=cost,
        )


def _matrix(sparse: Any, entries: Entries, lines: int, columns: int) -> Any:  # noqa: ANN401  (scipy has no types)
    rows, places, values = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_array((values, (rows, places)), shape=(lines, columns))
