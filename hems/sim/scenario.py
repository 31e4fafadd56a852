"""A story and what is expected of it, from one TOML file; the same for fast-forward and for real sockets."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hems.model.errors import ConfigError
from hems.model.units import SourceId
from hems.sim.plant import Plant


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldAct:
    """Something the world does to the building."""

    t_s: float
    do: str
    """One of `DOES`."""
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One check with its parameters, and how a report calls it."""

    check: str
    text: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story."""

    title: str
    ends_s: float
    acts: tuple[WorldAct, ...]
    expectations: tuple[Expectation, ...]


DOES: Mapping[str, Callable[..., None]] = {
    "fail_grid": lambda plant: plant.fail_grid(),
    "return_grid": lambda plant: plant.return_grid(),
    "sag": lambda plant, pu: plant.sag(pu),
    "unplug": lambda plant, bay: plant.unplug(SourceId(bay)),
    "plug": lambda plant, bay, soc_pct: plant.plug(SourceId(bay), soc_pct=soc_pct),
}
"""Everything the world can do in a scenario; the wire bench takes the same words."""


def act_on(plant: Plant, act: WorldAct) -> None:
    """Do it."""
    DOES[act.do](plant, **act.args)


def plain_day(hours: float) -> Scenario:
    """Nothing happens but the loads, the sun and the cars."""
    return Scenario(title=f"{hours:g} hours on the grid", ends_s=hours * 3600.0, acts=(), expectations=())


def load_scenario(path: Path) -> Scenario:
    """The scenario at `path`.  Raises: ConfigError naming the file and what is wrong."""
    try:
        return _scenario(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError((f"{path}: cannot be read ({error.strerror}). Name an existing scenario.",)) from error
    except KeyError as error:
        raise ConfigError((f"{path}: {error} is missing or unknown. See hil/scenarios for examples.",)) from error
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise ConfigError((f"{path}: {error}. See hil/scenarios for examples.",)) from error


def _scenario(table: Mapping[str, Any]) -> Scenario:
    return Scenario(
        title=str(table["title"]),
        ends_s=float(table["ends_s"]),
        acts=tuple(_act(dict(entry)) for entry in table["at"]),
        expectations=tuple(_expectation(dict(entry)) for entry in table.get("expect", ())),
    )


def _act(entry: dict[str, Any]) -> WorldAct:
    t_s, do = float(entry.pop("t_s")), str(entry.pop("do"))
    if do not in DOES:
        raise KeyError(do)
    return WorldAct(t_s=t_s, do=do, args=entry)


def _expectation(entry: dict[str, Any]) -> Expectation:
    check, text = str(entry.pop("check")), str(entry.pop("text"))
    return Expectation(check=check, text=text, params=entry)
