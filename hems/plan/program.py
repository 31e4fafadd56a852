"""The linear program of a problem: one course of the batteries for each kind of day, with the first peak in common.

For each quarter of an hour: what batteries take and give, what is bought and fed in, what is stored.  What a stored
kilowatt-hour is worth is the shadow price of the line that carries it from one quarter to the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hems.control.dispatch.worth import SLOT_H, Slot
from hems.model.errors import HemsError
from hems.model.plan import Plan, PlanStep
from hems.model.units import W_PER_KW
from hems.plan.problem import Problem

NO_SOLVER = "There is no solver: install hems with its extra `solver`."
TAKE, GIVE, BUY, SELL, STORED, COLUMNS = range(6)
"""Columns of each quarter of an hour; after the last stands the peak, then what each car takes while it is there."""


@dataclass(frozen=True, slots=True)
class Course:
    """One kind of day, solved; kW, and the worth of a kilowatt-hour."""

    worth: Sequence[float]
    battery_w: Sequence[float]
    peak_w: float
    cost: float
    """Of all, less what is left at the end."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A car that needs something before it leaves."""

    first: int
    """The first whole step in which it is there."""
    last: int
    """The first one in which it is not."""
    wh: float
    """At the socket."""
    most_w: float


def solved(problem: Problem) -> Plan:
    """The plan.  Raises: HemsError without a solver, or when the program has no solution."""
    look = problem.look
    courses = [course(problem, day) for day in look.days]
    middle = courses[len(courses) // 2]
    steps = tuple(
        PlanStep(
            worth=sum(one.worth[step] for one in courses) / len(courses),
            battery_w=middle.battery_w[step],
            net_w=slot.net_w,
        )
        for step, slot in enumerate(look.days[len(look.days) // 2])
    )
    target_w = max(one.peak_w for one in courses) if look.per_kw else None
    return Plan(begins_s=problem.begins_s, step_s=problem.step_s, steps=steps, target_w=target_w)


def course(problem: Problem, slots: Sequence[Slot], visits: Sequence[Visit] = ()) -> Course:
    """The cheapest course through one kind of day in which all cars get what they need.  Raises: HemsError."""
    try:
        optimize, sparse = import_module("scipy.optimize"), import_module("scipy.sparse")
    except ImportError as error:
        raise HemsError(NO_SOLVER) from error
    count, look = len(slots), problem.look
    entries, sides = _balances(problem, slots)
    charging = [(COLUMNS * count + 1 + place, step, car) for place, (car, step) in enumerate(_stays(visits))]
    width, height = COLUMNS * count + 1 + len(charging), 2 * count + len(visits)
    entries += [(step, column, -1.0) for column, step, _ in charging]
    entries += [(2 * count + car, column, SLOT_H) for column, _, car in charging]
    most_w = [0.0] * count
    for _, step, car in charging:
        most_w[step] += visits[car].most_w
    result = optimize.linprog(
        [*_costs(problem, slots), *[0.0] * len(charging)],
        A_eq=_matrix(sparse, entries, height, width),
        b_eq=[*sides, *(one.wh / W_PER_KW for one in visits)],
        A_ub=_matrix(sparse, _peaks(slots), count, width),
        b_ub=[0.0] * count,
        bounds=[*_bounds(problem, slots, most_w), *((0.0, visits[car].most_w / W_PER_KW) for _, _, car in charging)],
        method="highs",
    )
    if result.status != 0:
        raise HemsError(f"The plan has no solution: {result.message}")
    found = result.x
    return Course(
        worth=[-float(one) for one in result.eqlin.marginals[count : 2 * count]],
        battery_w=[
            W_PER_KW * float(found[COLUMNS * step + GIVE] - found[COLUMNS * step + TAKE]) for step in range(count)
        ],
        peak_w=max(look.least_target_w, W_PER_KW * float(found[COLUMNS * count])),
        cost=float(result.fun),
    )


def _costs(problem: Problem, slots: Sequence[Slot]) -> list[float]:
    costs: list[float] = []
    for slot in slots:
        gain = min(slot.gain, slot.cost)  # nobody buys in order to sell at one instant
        costs += [0.0, SLOT_H * problem.look.store.wear, SLOT_H * slot.cost, -SLOT_H * gain, 0.0]
    costs[-1] = -problem.end_worth
    return [*costs, problem.look.per_kw]


def _stays(visits: Sequence[Visit]) -> list[tuple[int, int]]:
    """Each car and step in which it can charge."""
    return [(car, step) for car, one in enumerate(visits) for step in range(one.first, one.last)]


def _bounds(problem: Problem, slots: Sequence[Slot], cars_w: Sequence[float]) -> list[tuple[float, float | None]]:
    look, bounds = problem.look, list[tuple[float, float | None]]()
    for slot, car_w in zip(slots, cars_w, strict=True):
        own_w = min(look.store.give_w, max(0.0, slot.net_w + car_w))  # what batteries give never feeds the grid
        bounds += [(0.0, look.store.take_w / W_PER_KW), (0.0, own_w / W_PER_KW), (0.0, None), (0.0, None)]
        bounds.append((0.0, look.store.full_wh / W_PER_KW))
    return [*bounds, (look.least_target_w / W_PER_KW, None)]


Entries = list[tuple[int, int, float]]
"""Line, column, value."""


def _balances(problem: Problem, slots: Sequence[Slot]) -> tuple[Entries, list[float]]:
    """First the lines of power, then those of what is stored."""
    store, count = problem.look.store, len(slots)
    entries: Entries = []
    power = [slot.net_w / W_PER_KW for slot in slots]
    stored = [0.0] * count
    stored[0] = store.have_wh / W_PER_KW
    for step in range(count):
        first = COLUMNS * step
        entries += [(step, first + BUY, 1.0), (step, first + SELL, -1.0)]
        entries += [(step, first + GIVE, 1.0), (step, first + TAKE, -1.0)]
        line = count + step
        entries += [(line, first + STORED, 1.0), (line, first + TAKE, -SLOT_H * store.charged)]
        entries.append((line, first + GIVE, SLOT_H / store.given))
        if step:
            entries.append((line, first - COLUMNS + STORED, -1.0))
    return entries, power + stored


def _peaks(slots: Sequence[Slot]) -> Entries:
    """What is bought in a quarter that counts is no more than the peak."""
    last, entries = COLUMNS * len(slots), Entries()
    for step, slot in enumerate(slots):
        if slot.counts:
            entries += [(step, COLUMNS * step + BUY, 1.0), (step, last, -1.0)]
    return entries


def _matrix(sparse: Any, entries: Entries, lines: int, columns: int) -> Any:  # noqa: ANN401  (scipy has no types)
    rows, places, values = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_array((values, (rows, places)), shape=(lines, columns))
