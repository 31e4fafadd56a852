"""What must hold for the limits of the connection and the batteries that keep it inside them."""

from collections.abc import Iterator

from hems.config.problem import Path, Problem, absent, dotted, wrong
from hems.config.schema import SiteTable
from hems.model.site import CONTINUOUS
from hems.model.units import W_PER_KW


def connection(site: SiteTable) -> Iterator[Problem]:
    """Limits need a meter that shows them kept, and a reserve a battery that obeys."""
    grid = site.grid
    if grid.power is None and (metered := _metered(site)):
        remedy = f"{dotted(metered[0])} needs a meter that shows the power drawn"
        yield absent(("grid", "power"), remedy, metered[0])
    if grid.frequency is not None:
        yield from _frequency(site)
    yield from _panels(site)
    yield from _schedule(site)
    flexible = grid.flexible
    if flexible is not None:
        if not (flexible.import_limit or flexible.export_limit or flexible.reduced):
            why = "neither import_limit nor export_limit nor reduced, so nobody could change a limit"
            yield Problem(("grid", "flexible"), f" has {why}; name the point that tells it.")
        if grid.import_kw is not None and flexible.failsafe_import_kw > grid.import_kw:
            why = f"is above grid.import_kw = {grid.import_kw:g}"
            key = ("grid", "flexible", "failsafe_import_kw")
            yield wrong(key, flexible.failsafe_import_kw, why, "lower it", ("grid", "import_kw"))
    steered = any(one.reserve_pct is not None for one in site.batteries.values())
    if site.reserve is not None and not steered and not any(bay.gives_on_grid for bay in site.bays.values()):
        yield Problem(("reserve",), " needs somebody who could touch it: a battery with reserve_pct, or remove it.")
    for name, battery in site.batteries.items():
        where = ("batteries", name)
        if battery.reserve_pct is None:
            continue
        if battery.setpoint is None:
            remedy = "a reserve is kept by commands; name the command for its power, or remove reserve_pct"
            yield absent((*where, "setpoint"), remedy, (*where, "reserve_pct"))
        elif battery.power is None or grid.power is None:
            missing: Path = (*where, "power") if battery.power is None else ("grid", "power")
            yield absent(missing, "a battery with reserve_pct is steered by what it measures", (*where, "reserve_pct"))


def _schedule(site: SiteTable) -> Iterator[Problem]:
    """Hours limit something, for some time, and to less than is agreed anyway."""
    for name, one in site.grid.schedule.items():
        where: Path = ("grid", "schedule", name)
        if one.import_kw is None and one.export_kw is None:
            yield Problem(where, " has neither import_kw nor export_kw, so it limits nothing; write one, or remove it.")
        for key in ("import_kw", "export_kw"):
            here, always = getattr(one, key), getattr(site.grid, key)
            if here is not None and always is not None and here > always:
                why = f"is above grid.{key} = {always:g}, which holds at all hours"
                yield wrong((*where, key), here, why, "lower it, or remove it", ("grid", key))


def _known(site: SiteTable) -> str:
    return ", ".join(site.panels) or "there is none yet"


def _panels(site: SiteTable) -> Iterator[Problem]:
    """A panel hangs on one that is there, and on itself by no way."""
    hanging: list[tuple[Path, str | None]] = [(("bays", name, "panel"), bay.panel) for name, bay in site.bays.items()]
    hanging += [(("circuits", name, "panel"), one.panel) for name, one in site.circuits.items()]
    hanging += [(("panels", name, "parent"), panel.parent) for name, panel in site.panels.items()]
    for where, panel in hanging:
        if panel is not None and panel not in site.panels:
            yield wrong(where, panel, "is no panel of this site", f"name one of [panels.NAME]: {_known(site)}")
    for name in site.panels:
        seen, parent = {name}, site.panels[name].parent
        while parent in site.panels and parent not in seen:
            seen.add(parent)
            parent = site.panels[parent].parent
        if parent == name:
            where = ("panels", name, "parent")
            yield wrong(where, site.panels[name].parent, "hangs on this panel itself", "name the board that feeds it")
        else:
            yield from _fed_back(site, name)


def _fed_back(site: SiteTable, name: str) -> Iterator[Problem]:
    """What cars behind a panel can give together flows back through its fuses, which carry it for hours."""
    giving = [(bay, one) for bay, one in site.bays.items() if one.discharge_max_kw and name in _way(site, one.panel)]
    phases = {phase for _, one in giving for phase in one.phases}
    most_kw = max(
        (sum(one.discharge_max_kw / len(one.phases) for _, one in giving if phase in one.phases) for phase in phases),
        default=0.0,
    )
    carries_kw = CONTINUOUS * site.panels[name].rated_a * site.grid.nominal_v / W_PER_KW
    if most_kw > carries_kw:
        bay, one = giving[-1]
        why = f"lets cars give {most_kw:.1f} kW on a phase through a panel that carries {carries_kw:.1f} kW for hours"
        yield wrong(
            ("bays", bay, "discharge_max_kw"), one.discharge_max_kw, why, "lower it", ("panels", name, "rated_a")
        )


def _way(site: SiteTable, panel: str | None) -> Iterator[str]:
    """A panel and those that it hangs on."""
    seen = set[str]()
    while panel in site.panels and panel not in seen:
        seen.add(panel)
        yield panel
        panel = site.panels[panel].parent


def _frequency(site: SiteTable) -> Iterator[Problem]:
    """A service needs a battery that obeys, and somebody who measures the frequency."""
    own = site.grid.frequency
    where: Path = ("grid", "frequency")
    if all(battery.reserve_pct is None for battery in site.batteries.values()):
        yield Problem(where, " needs a battery with reserve_pct and setpoint; name them, or remove it.")
    if all(point.hz is None for point in site.voltage_points.values()):
        yield Problem(where, " needs a voltage point with hz; name one, or remove it.")
    if own is not None and own.full_hz <= own.dead_hz:
        why = f"is not above dead_hz = {own.dead_hz:g}"
        yield wrong((*where, "full_hz"), own.full_hz, why, "raise it", (*where, "dead_hz"))


def _metered(site: SiteTable) -> list[Path]:
    """The keys that are given and mean nothing without a meter of what is drawn."""
    limits = ("import_kw", "demand_kw", "flexible")
    given: list[Path] = [("grid", name) for name in limits if getattr(site.grid, name) is not None]
    given += [("grid", "schedule", name) for name in site.grid.schedule]
    return [*given, ("tariff", "demand")] if site.tariff is not None and site.tariff.demand else given
