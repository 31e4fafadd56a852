"""The buildings of the bench: what hems believes of each, and what each really is."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One building."""

    title: str
    site: Path
    """The site file that ships as an example; the demonstration works on a copy."""
    rig: Path
    scenario: Path


def place(name: str) -> Place:
    """The building of that name.  Raises: FileNotFoundError when the examples are not beside the packages."""
    hil = Path(str(files("hil")))
    site = hil.parent / "examples" / f"{name}.toml"
    if not site.exists():
        raise FileNotFoundError(site)
    titles = {
        "apartments": "Maple Court 12, an apartment house",
        "home": "A home with a car that can carry it",
        "hall": "A village hall with a generator, the shelter of its neighbourhood",
    }
    return Place(
        title=titles[name],
        site=site,
        rig=hil / "rigs" / f"{name}.toml",
        scenario=hil / "scenarios" / "evening_outage.toml",
    )
