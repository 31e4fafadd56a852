"""The buildings of the bench: what hems believes of each, and what each really is."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from hems.config.problem import Problem, nearest, one_of, shown, wrong
from hems.sim.names import Built


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One building."""

    title: str
    site: Path
    """The site file that ships as an example; the demonstration works on a copy."""
    rig: Path
    scenario: Path


TITLES = {
    "apartments": "Maple Court 12, an apartment house",
    "home": "A home with a car that can carry it",
    "hall": "A village hall with a generator, the shelter of its neighbourhood",
}


def place(name: str) -> Place:
    """The building of that name.

    Raises:
        KeyError: there is none.
        FileNotFoundError: the examples are not beside the packages.
    """
    title = TITLES[name]
    hil = Path(str(files("hil")))
    site = hil.parent / "examples" / f"{name}.toml"
    if not site.exists():
        raise FileNotFoundError(site)
    return Place(
        title=title,
        site=site,
        rig=hil / "rigs" / f"{name}.toml",
        scenario=hil / "scenarios" / "evening_outage.toml",
    )


@cache
def ground(name: str) -> Built | Problem | None:
    """The place that a story names, or what is wrong with its name; None when it is left open."""
    if name in TITLES:
        return Built.read(place(name).rig, place(name).site)
    if not name:
        return None
    near = nearest(name, TITLES)
    remedy = f"write {shown(near)}" if near else f"use {one_of(tuple(TITLES))}"
    return wrong(("place",), name, "is no building of the bench", remedy)
