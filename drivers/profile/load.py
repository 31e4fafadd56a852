"""Reading a profile file: from TOML to a checked profile, with problems in sentences that name file, key and remedy."""

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from drivers.profile.params import Param, Scalar, choose, fill
from hems.model.errors import ConfigError
from hems.model.wiring import DeviceSpec

PROFILES = Path(__file__).parent.parent / "profiles"

ProfileT = TypeVar("ProfileT", bound=BaseModel)


def available(folder: Path = PROFILES) -> tuple[str, ...]:
    """Names of all products that come with hems."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


@cache
def load_raw(name: str, folder: Path = PROFILES) -> Mapping[str, Any]:
    """The file as TOML, unchecked.

    Raises:
        ConfigError: there is no such profile, or it is not TOML, or its id is not its file name.
    """
    path = folder / f"{name}.toml"
    if not path.is_file():
        near = difflib.get_close_matches(name, available(folder), 1)
        remedy = f"Did you mean '{near[0]}'?" if near else f"Known profiles: {', '.join(available(folder))}."
        raise ConfigError((f"profile '{name}' does not exist. {remedy}",))
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ConfigError((f"{path.name}: is not valid TOML: {wrong}. Correct the line.",)) from wrong
    if data.get("id") != name:
        told = f"{path.name}: id = {data.get('id')!r}: must be the name of the file. Write id = '{name}'."
        raise ConfigError((told,))
    return data


def profile_for(model: type[ProfileT], spec: DeviceSpec, folder: Path = PROFILES) -> ProfileT:
    """The profile of one device, its parameters filled in.

    Raises:
        ConfigError: profile or parameters are wrong; every problem at once, each naming the device.
    """
    try:
        data = load_raw(spec.profile, folder)
    except ConfigError as wrong:
        raise ConfigError(tuple(f"devices.{spec.id}.profile: {problem}" for problem in wrong.problems)) from wrong
    if data.get("engine") != spec.driver:
        told = f"devices.{spec.id}.driver = '{spec.driver}': profile '{spec.profile}' is for '{data.get('engine')}'."
        raise ConfigError((f"{told} Correct one of the two.",))
    chosen, problems = choose(_declared(data, spec.profile), spec.params)
    if problems:
        raise ConfigError(tuple(f"devices.{spec.id}.{problem}" for problem in problems))
    return parse(model, data, chosen)


def profile_alone(model: type[ProfileT], name: str, folder: Path = PROFILES) -> ProfileT:
    """A profile with the default, or else some permitted, value for each parameter: to check and document it.

    Raises:
        ConfigError: the profile is wrong.
    """
    data = load_raw(name, folder)
    return parse(model, data, {key: param.example() for key, param in _declared(data, name).items()})


def parse(model: type[ProfileT], data: Mapping[str, Any], values: Mapping[str, Scalar]) -> ProfileT:
    """`data` as a checked profile, with `values` for its placeholders.

    Raises:
        ConfigError: with one sentence for each problem.
    """
    filled = {key: item if key == "params" else fill(item, values) for key, item in data.items()}
    try:
        return model.model_validate(filled)
    except ValidationError as wrong:
        raise ConfigError(tuple(_sentence(str(data.get("id")), dict(error)) for error in wrong.errors())) from wrong


def _declared(data: Mapping[str, Any], name: str) -> dict[str, Param]:
    try:
        return {key: Param.model_validate(item) for key, item in data.get("params", {}).items()}
    except ValidationError as wrong:
        raise ConfigError(tuple(_sentence(name, dict(error), "params.") for error in wrong.errors())) from wrong


def _sentence(name: str, error: dict[str, Any], prefix: str = "") -> str:
    key = prefix + ".".join(str(part) for part in error["loc"])
    where = f"{name}.toml: {key}" if key else f"{name}.toml"
    match error["type"]:
        case "missing":
            return f"{where}: is required and missing. Add it."
        case "extra_forbidden":
            return f"{where} = {error['input']!r}: no such key. Remove it or correct its spelling."
        case "value_error":
            return f"{where}: {error['ctx']['error']}. Correct it."
        case _:
            told = error["msg"].removeprefix("Input ")
            return f"{where} = {error['input']!r}: {told}. Correct it."
