"""Reading a profile file: from TOML to a checked profile, with problems in sentences that name file, key and remedy."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from drivers.profile.expression import NAME
from drivers.profile.params import Param, Scalar, choose, fill
from drivers.profile.schema import Profile
from drivers.profile.variants import every_choice, laid_over, mistakes
from hems.model.errors import ConfigError
from hems.model.wiring import DeviceSpec

HEAD = frozenset({"id", "title", "sources", "notes", "params"})
"""Sections in which braces are only text."""
PROFILES = Path(__file__).parent.parent / "profiles"
PARSED = 256
"""Profiles with their parameters filled in that are kept; a site has a few dozen."""

ProfileT = TypeVar("ProfileT", bound=Profile[Any, Any, Any])

Asked = tuple[str, str, tuple[tuple[str, type, Scalar], ...]]
"""A profile as a device names it: engine, product, and parameters with their types."""
_believed: dict[Asked, Profile[Any, Any, Any]] = {}
"""Profiles that another process has checked."""


def asked(spec: DeviceSpec) -> Asked:
    """The profile that a device asks for."""
    return spec.driver, spec.profile, tuple((key, type(value), value) for key, value in sorted(spec.params.items()))


def believe(profiles: Mapping[Asked, Profile[Any, Any, Any]]) -> None:
    """Take profiles that another process has checked."""
    _believed.update(profiles)


def available(folder: Path = PROFILES) -> tuple[str, ...]:
    """Names of all products that come with hems."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


@cache
def load_raw(name: str, folder: Path = PROFILES) -> Mapping[str, Any]:
    """The file as TOML, unchecked.

    Raises:
        ConfigError: there is no such profile, or it is not TOML, or its id is not its file name.
    """
    import tomllib  # a daemon has its profiles read by another process, and only a search of the installer's reads more

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
    if folder is PROFILES and (believed := _believed.get(asked(spec))) is not None:
        known: ProfileT = believed  # type: ignore[assignment]  # its engine has one kind only
        return known
    try:
        data = load_raw(spec.profile, folder)
    except ConfigError as wrong:
        raise ConfigError(tuple(f"devices.{spec.id}.profile: {problem}" for problem in wrong.problems)) from wrong
    if data.get("engine") != spec.driver:
        told = f"devices.{spec.id}.driver = '{spec.driver}': profile '{spec.profile}' is for '{data.get('engine')}'."
        raise ConfigError((f"{told} Correct one of the two.",))
    chosen, problems = choose(declared_in(spec.profile, folder), spec.params)
    if problems:
        raise ConfigError(tuple(f"devices.{spec.id}.{problem}" for problem in problems))
    exactly = tuple((key, type(value), value) for key, value in chosen.items())
    profile: ProfileT = _parsed(model, spec.profile, folder, exactly)  # type: ignore[arg-type]  # classes have a hash
    return profile


@lru_cache(maxsize=PARSED)
def _parsed(model: type[ProfileT], name: str, folder: Path, chosen: tuple[tuple[str, type, Scalar], ...]) -> ProfileT:
    """Read once for all devices of one kind, and for all that is asked of them.  Raises: ConfigError."""
    return parse(model, load_raw(name, folder), {key: value for key, _, value in chosen})


def profile_alone(model: type[ProfileT], name: str, folder: Path = PROFILES) -> ProfileT:
    """A profile with the default, or else some permitted, value for each parameter: to check and document it.

    Raises:
        ConfigError: the profile is wrong.
    """
    return every_variant(model, name, folder)[0]


def every_variant(model: type[ProfileT], name: str, folder: Path = PROFILES) -> list[ProfileT]:
    """A profile as it is by default, and then once for each of its variants.

    Raises:
        ConfigError: the profile is wrong.
    """
    return [profile for _, profile in chosen_variants(model, name, folder)]


def chosen_variants(
    model: type[ProfileT], name: str, folder: Path = PROFILES
) -> list[tuple[Mapping[str, Scalar], ProfileT]]:
    """A profile as it is by default, without a choice, and then once for each of its variants with what chooses it.

    Raises:
        ConfigError: the profile is wrong.
    """
    data = load_raw(name, folder)
    plain, *others = every_choice(data, declared_in(name, folder))
    found = [({key: value for key, value in one.items() if value != plain[key]}, one) for one in (plain, *others)]
    return [(choice, parse(model, data, values)) for choice, values in found]


def parse(model: type[ProfileT], data: Mapping[str, Any], values: Mapping[str, Scalar]) -> ProfileT:
    """`data` as a checked profile, with `values` for its placeholders.

    Raises:
        ConfigError: with one sentence for each problem.
    """
    told = laid_over(data, values)
    filled = {key: item if key == "params" else fill(item, values) for key, item in told.items()}
    if problems := list(_unfilled(filled, model.PLACEHOLDERS)):
        raise ConfigError(tuple(f"{data.get('id')}.toml: {problem}" for problem in problems))
    from drivers.profile.checked import checked  # a daemon is handed what another process has checked

    return checked(model, model.spread(_changed_places(filled)), str(data.get("id")))


def declared_in(name: str, folder: Path = PROFILES) -> dict[str, Param]:
    """The parameters that a profile has.

    Raises:
        ConfigError: with one sentence for each problem.
    """
    from drivers.profile.checked import checked

    data = load_raw(name, folder)
    params = checked(dict[str, Param], data.get("params", {}), name, "params")
    if problems := mistakes(data, params):
        raise ConfigError(tuple(f"{name}.toml: {problem}" for problem in problems))
    return params


def _changed_places(data: dict[str, Any]) -> dict[str, Any]:
    """Exchange the lines of points whose `swap_if` holds."""
    read = data.get("read")
    if not isinstance(read, dict):
        return data
    placed = dict(read)
    for name, line in read.items():
        match line.get("swap_if") if isinstance(line, dict) else None:
            case [True, str(other)] if other in read:
                own = {key: item for key, item in line.items() if key != "swap_if"}
                placed[name], placed[other] = read[other], own
    return {**data, "read": placed}


def _unfilled(data: Mapping[str, Any], engines: Collection[str]) -> Iterator[str]:
    """Placeholders that stand for nothing: no parameter, no point, nothing the engine puts in."""
    params = data.get("params", {})
    points = {*data.get("read", {}), *data.get("derive", {})}
    for key, text in _texts({key: item for key, item in data.items() if key not in HEAD}):
        for name in NAME.findall(text):
            if name in params:
                yield f"{key} = '{text}': the parameter '{name}' has no value. Give it a default or make it required."
            elif name not in points and name not in engines:
                near = difflib.get_close_matches(name, [*params, *points, *engines], 1)
                hint = f"Did you mean '{near[0]}'?" if near else "Define it there or correct it."
                yield f"{key} = '{text}': there is no parameter or point '{name}'. {hint}"


def _texts(data: Any, key: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 TOML may hold anything
    """Every text in `data` and its key."""
    if isinstance(data, str):
        yield key, data
    elif isinstance(data, Mapping):
        for name, item in data.items():
            yield from _texts(item, f"{key}.{name}" if key else name)
    elif isinstance(data, list):
        for item in data:
            yield from _texts(item, key)
