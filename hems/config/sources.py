"""What must hold between the keys of one source: a battery, a bay with its car, a generator."""

from collections.abc import Iterator

from hems.config.problem import Problem, absent, wrong
from hems.config.schema import SiteTable


def own_names(site: SiteTable) -> Iterator[Problem]:
    """No two sources have the same name, of whatever kind they are."""
    first: dict[str, str] = {}
    for table, entries in (("batteries", site.batteries), ("pvs", site.pvs), ("bays", site.bays)):
        for name in entries:
            if first.setdefault(name, table) != table:
                why = f" has the same name as {first[name]}.{name}"
                yield Problem((table, name), f"{why}; give each source a name of its own.")


def fuel(site: SiteTable) -> Iterator[Problem]:
    """A level of fuel goes with the size of its tank."""
    given = {} if site.generator is None else {"fuel": site.generator.fuel, "tank_kwh": site.generator.tank_kwh}
    lacking = [key for key, value in given.items() if value is None]
    if len(lacking) == 1:
        there = next(key for key in given if key not in lacking)
        remedy = "give both or neither; a level says how long fuel lasts only of a tank that is known"
        yield absent(("generator", lacking[0]), remedy, ("generator", there))


def floors(site: SiteTable) -> Iterator[Problem]:
    """A driver keeps no less than the car's maker does."""
    for name, bay in site.bays.items():
        where, other = ("bays", name, "floor_pct"), ("bays", name, "maker_floor_pct")
        if bay.floor_pct < bay.maker_floor_pct:
            why = f"is below maker_floor_pct = {bay.maker_floor_pct:g}"
            yield wrong(where, bay.floor_pct, why, "a driver cannot keep less than the car's maker does", other)


def bays(site: SiteTable) -> Iterator[Problem]:
    """Powers of a charger rise, and what gives tells its charge."""
    for name, bay in site.bays.items():
        where = ("bays", name)
        if bay.charge_min_kw > bay.charge_max_kw:
            why = f"is above charge_max_kw = {bay.charge_max_kw:g}"
            yield wrong((*where, "charge_min_kw"), bay.charge_min_kw, why, "lower it", (*where, "charge_max_kw"))
        if not bay.discharge_max_kw:
            continue
        if bay.layer_0:
            why = "drops this charger when the tie opens, and discharge_max_kw counts on its car in a power cut"
            remedy = "leave the contactor out, or set discharge_max_kw to 0"
            yield wrong((*where, "layer_0"), True, why, remedy, (*where, "discharge_max_kw"))
        if bay.discharge_min_kw > bay.discharge_max_kw:
            why = f"is above discharge_max_kw = {bay.discharge_max_kw:g}"
            limit = (*where, "discharge_max_kw")
            yield wrong((*where, "discharge_min_kw"), bay.discharge_min_kw, why, "lower it", limit)
        if bay.soc is None:
            remedy = "name the point, or set discharge_max_kw to 0; a car whose charge is not known is never discharged"
            yield absent((*where, "soc"), remedy, (*where, "discharge_max_kw"))
