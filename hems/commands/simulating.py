"""What `hems simulate` is asked for, played: a story, tables or days, and power cuts at random times."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from hems.commands.progress import Progress
from hems.model.units import DAY_S, HOUR_S
from hems.sim.baseline import Compared
from hems.sim.checks.case import Verdict
from hems.sim.exchange import KINDS, Exchange, market_of
from hems.sim.judge import judge
from hems.sim.lot import cuts
from hems.sim.plant import Plant
from hems.sim.play import NOON, SETTLED_WITHIN_S, play
from hems.sim.run import Act, FastForward, Ticked
from hems.sim.scenario import WORLD, Scenario, WorldAct, act_on
from hems.sim.survive import SETTLE_S, Survived, survive
from hems.sim.tables import Tables, prices, read_tables
from hems.sim.tally import Tally
from hems.sim.traces import ShiftedTraces
from hems.sim.world import World

WEEK_S = 7.0 * DAY_S


@dataclass(frozen=True, slots=True)
class Pace:
    """How closely time is looked at."""

    near_s: float
    """So long after an event every second is."""
    watch_s: float
    """On an island so often."""
    far_s: float
    """Where nothing happens, so often."""


CLOSE, WIDE = Pace(60.0, 10.0, 300.0), Pace(3.0, 60.0, 900.0)
"""Hours, and days: then loads and sun keep still for a quarter of an hour, and so does hems."""


def by_story(world: World, scenario: Scenario, tally: Tally) -> tuple[list[Verdict], Compared]:
    """A story; its clock begins at noon, as everywhere it is played."""
    world, progress = replace(world, clock=NOON), Progress("simulating")
    plant = world.plant()
    compared = world.compared(plant, None, scenario.ends_s + SETTLED_WITHIN_S)

    def look(t_s: float, ticked: Ticked, _: Plant) -> None:
        tally.look(t_s, ticked, plant)
        begin_s = plant.t_s - t_s
        compared.look(ticked, [_of_the_world(act, begin_s) for act in scenario.acts if act.do in WORLD])
        progress.show(t_s / scenario.ends_s)

    record = play(world.site, world.params, plant, scenario, world.wiring, look)
    progress.end()
    return judge(scenario, world.site, world.params, record), compared


def _of_the_world(act: WorldAct, begin_s: float) -> Act:
    return Act(begin_s + act.t_s, lambda plant: act_on(plant, act), act.do, fails_grid=act.do == "fail_grid")


def by_days(args: argparse.Namespace, world: World, tally: Tally) -> tuple[float, Compared]:
    """Through tables or days, after a quarter of an hour on their first row; returns the hours."""
    paths = {name: getattr(args, name) for name in ("loads", "pv", "evs", "grid")}
    market = None if args.prices is None else market_of(prices(args.prices, KINDS), world.clock)
    world = replace(world, clock=world.clock - timedelta(seconds=SETTLE_S), market=market)
    found: Tables = read_tables(world.site, ShiftedTraces(world.traces, -SETTLE_S), SETTLE_S, **paths)
    lasts_s = _lasts_s(args, found)
    plant = world.plant(found)
    forward = _forward(world, plant, CLOSE if args.days is None else WIDE)
    acts = [*found.acts(), *cuts(args.outages, lasts_s / HOUR_S, args.seed or 1, SETTLE_S)]
    compared = world.compared(plant, found, SETTLE_S + lasts_s)
    exchange, progress = Exchange(market, world.clock), Progress("simulating")
    for ticked in forward.run(SETTLE_S + lasts_s, acts):
        forward.requests.extend(exchange.tells(ticked.t_s))
        if ticked.t_s >= SETTLE_S:
            tally.look(ticked.t_s - SETTLE_S, ticked, plant)
            compared.look(ticked, acts)
            progress.show((ticked.t_s - SETTLE_S) / lasts_s)
    progress.end()
    return lasts_s / HOUR_S, compared


def _lasts_s(args: argparse.Namespace, found: Tables) -> float:
    """As asked for; else as long as the tables, or a day."""
    if args.days:
        return float(args.days * DAY_S)
    return float(args.hours * HOUR_S) if args.hours else found.ends_s or DAY_S


def _forward(world: World, plant: Plant, pace: Pace) -> FastForward:
    return FastForward(
        world.site,
        world.params,
        plant,
        wall_clock=world.clock,
        near_s=pace.near_s,
        watch_s=pace.watch_s,
        far_s=pace.far_s,
    )


def survived(args: argparse.Namespace, world: World) -> Iterator[Survived]:
    """Power cuts at random times of a week of such days."""
    rng = Random(args.seed or 1)
    starts_s = [rng.uniform(0.0, WEEK_S) for _ in range(args.starts)]

    def plant_at(begins_s: float) -> Plant:
        return Plant(world.real, ShiftedTraces(world.traces, begins_s), start=world.start)

    progress = Progress("surviving")
    runs = survive(
        world.site,
        world.params,
        plant_at,
        starts_s,
        hours=args.lasts,
        clock_at=lambda begins_s: world.clock + timedelta(seconds=begins_s),
    )
    for done, one in enumerate(runs, start=1):
        progress.show(done / args.starts)
        yield one
    progress.end()
