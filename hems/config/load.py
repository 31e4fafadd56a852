"""From the path of a site file to checked, frozen values, or to everything that is wrong with it at once."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hems.config import actuation, notices, rules
from hems.config.build import site_of, wiring_of
from hems.config.explain import explain
from hems.config.installed import known_drivers, lacking, profile_problems, specs, vocabularies, wrong_ports
from hems.config.params import tuned
from hems.config.problem import Path as KeyPath
from hems.config.problem import Problem, wrong
from hems.config.schema import SettingsTable, SiteTable
from hems.config.shape import without
from hems.config.site_file import KeepDays, Settings, SiteFile
from hems.config.source import read
from hems.config.wires import Wire, wires
from hems.control.params import Params, shortened
from hems.model.errors import ConfigError
from hems.model.site import Site
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverFactory

MOST_REPAIRS = 5
"""Each repair can uncover one deeper table; the file's tables are three deep."""


def load(path: Path, factories: Mapping[str, DriverFactory]) -> SiteFile:
    """The site file at `path`, checked against the installed drivers.

    Raises: ConfigError with every mistake, one sentence each, in the order of the file.
    """
    source = read(path)
    table, problems = _believed(source.table)
    if table is None:
        raise ConfigError(source.sentences(problems))
    mistaken = frozenset(key for problem in problems for key in (problem.where, *problem.involves))
    normal, found = tuned(table.params, table.grid.code, table.tie.waits_s)
    wired = list(wires(table))
    devices = specs(table.devices)
    found += [*rules.broken(table, normal.band), *_device_problems(devices, wired, factories, mistaken)]
    problems += [problem for problem in found if not problem.follows_from(mistaken)]
    times = {} if problems else actuation.worst_times(devices, factories)
    problems += actuation.too_slow(table, times)
    if problems:
        raise ConfigError(source.sentences(problems))
    normal = actuation.reckoned_with(normal, actuation.slowest_shed_s(table, times))
    params = shortened(normal) if table.times == "short" else normal
    told = [
        *notices.worth_knowing(table, wired, devices, params, normal),
        *notices.slow_witnesses(wired, table, devices, factories),
        *lacking(devices, factories),
    ]
    return SiteFile(
        path=path,
        site=actuation.with_slow_bays(site_of(table), actuation.slow_bays(table, times)),
        wiring=wiring_of(table, wired),
        params=params,
        normal_params=normal,
        shortened=table.times == "short",
        settings=_settings(table.settings),
        digest=source.digest,
        actuation_s=times,
        sees_s=notices.sees_tie_s(wired, table, devices, factories),
        notices=source.sentences(told),
    )


def building(path: Path) -> tuple[Site, Params]:
    """What is installed at the site file at `path`, and how it is tuned; devices and wires are not looked at.

    Raises: ConfigError with every mistake in the rest, one sentence each.
    """
    source = read(path)
    table, problems = _believed(source.table)
    if table is None:
        raise ConfigError(source.sentences(problems))
    params, found = tuned(table.params, table.grid.code, table.tie.waits_s)
    if problems or found:
        raise ConfigError(source.sentences([*problems, *found]))
    return site_of(table), shortened(params) if table.times == "short" else params


def _believed(raw: Mapping[str, Any]) -> tuple[SiteTable | None, list[Problem]]:
    """The tables, with stand-ins for what is mistaken, so that all other keys can be checked against each other."""
    problems: list[Problem] = []
    for _ in range(MOST_REPAIRS):
        try:
            return SiteTable.model_validate(raw), problems
        except ValidationError as error:
            found = explain(error, raw)
            problems = problems or found
            raw = without(raw, [problem.where for problem in found])
    return None, problems


def _device_problems(
    devices: Sequence[DeviceSpec],
    wired: Sequence[Wire],
    factories: Mapping[str, DriverFactory],
    mistaken: frozenset[KeyPath],
) -> Iterator[Problem]:
    whole = [spec for spec in devices if not any(where[:2] == ("devices", spec.id) for where in mistaken)]
    words = vocabularies(whole, factories)
    said = list(profile_problems(whole, factories))
    yield from known_drivers(devices, factories, said)
    yield from said
    for spec in whole:
        if spec.driver in factories and spec.id not in words and not said:
            why = f"cannot be read by driver {spec.driver}"
            yield wrong(("devices", spec.id, "profile"), spec.profile, why, "correct the profile or its params")
    yield from wrong_ports(wired, {spec.id for spec in devices}, words)


def _settings(table: SettingsTable) -> Settings:
    return Settings(
        state_dir=Path(table.state_dir),
        run_dir=Path(table.run_dir),
        log_level=table.log_level,
        timezone=table.timezone,
        keep=KeepDays(**table.keep.model_dump()),
    )
