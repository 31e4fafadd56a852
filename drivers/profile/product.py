"""A profile in the words of the person who buys, installs and proves the device."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from drivers.profile.command import LapsesTo, Verify, WriteSpec
from drivers.profile.params import Param
from drivers.profile.point import ReadSpec, Scalar
from drivers.profile.schema import PollClass, Profile, Watchdog
from drivers.profile.words import as_toml, bound, limits, named, span
from hems.model.point import unit_of
from hems.ports.device import Product, ProductStatus

AnyProfile = Profile[Any, Any, Any]

ENDS_AT: Mapping[LapsesTo, str] = {
    "open": "the load goes off",
    "closed": "the load goes on",
    "zero": "it stops: no power",
    "held": "it stays as last told",
    "default": "it goes back to its own rules",
    "uncapped": "nothing limits it any more",
}


Choice = Mapping[str, Scalar]


def product_of(variants: Sequence[tuple[Choice, AnyProfile]], driver: str) -> Product:
    """The page of one product: the common variant first, then the others with the parameter that chooses them."""
    (_, profile), *others = variants
    choosing = {name for choice, _ in others for name in choice}
    sections = {
        "Measured": _measured(profile),
        "Commanded": [_commanded(name, line) for name, line in profile.write.items()],
        "If HEMS falls silent": list(_silence(profile)) if profile.write else [],
        "Reported faults": _faults(profile),
        "Variants": [line for choice, other in others for line in _differences(profile, choice, other)],
        "Set on the device": profile.control.setup,
        "In the site file": [*_site_lines(profile, driver), *_choices(profile.params, choosing)],
        "Good to know": profile.notes,
        "Sources": profile.sources,
    }
    return Product(
        id=profile.id,
        title=profile.title,
        kind=profile.class_,
        driver=driver,
        status=ProductStatus(profile.status),
        fails_safe=fails_safe(profile),
        page={heading: tuple(lines) for heading, lines in sections.items() if lines},
    )


def fails_safe(profile: AnyProfile) -> str:
    """What happens when hems falls silent, in a few words for a table."""
    if not profile.write:
        return "only read"
    watchdog = profile.control.watchdog
    after_s = watchdog.timeout_s if watchdog and watchdog.kind != "none" else None
    after = f" after {span(after_s)}" if after_s else ""
    ends = dict.fromkeys(line.lapses_to for line in profile.write.values())
    return " or ".join(ENDS_AT[end] + ("" if end == "held" else after) for end in ends)


# ---- what is measured and commanded


def _measured(profile: AnyProfile) -> list[str]:
    groups: dict[str, list[str]] = {}
    periods = {name: kind.every_ms or float("inf") for name, kind in profile.poll.items()}
    for name, line in sorted(profile.read.items(), key=lambda item: periods.get(item[1].poll or "", 0.0)):
        if not name.startswith("_"):
            groups.setdefault(_when(profile.poll, line.poll), []).append(_point(name, line))
    computed = [named(name) for name in profile.derive if not name.startswith("_")]
    lines = [f"{when}: {', '.join(points)}" for when, points in groups.items()]
    lines += [f"computed from these: {', '.join(computed)}"] if computed else []
    return lines + [f"fit to tell an outage within {span}: {', '.join(names)}" for span, names in _witnesses(profile)]


def _witnesses(profile: AnyProfile) -> Iterable[tuple[str, list[str]]]:
    found: dict[float, list[str]] = {}
    for name in _public(profile):
        time_ms = profile.witness_ms(name)
        if time_ms is not None:
            found.setdefault(time_ms, []).append(f"`{name}`")
    return ((span(time_ms / 1000), names) for time_ms, names in sorted(found.items()))


def _when(classes: Mapping[str, PollClass], name: str | None) -> str:
    if name is None or name not in classes:
        return "as the device tells"
    kind = classes[name]
    often = f"every {span(kind.every_ms / 1000)}" if kind.every_ms else "once"
    return often + (", not during an outage" if kind.islanded == "skip" else "")


def _point(name: str, line: ReadSpec) -> str:
    return named(name) + (" where fitted" if line.optional else "")


def _commanded(name: str, line: WriteSpec) -> str:
    return f"`{name}`: " + "; ".join(_terms(name, line))


def _terms(name: str, line: WriteSpec) -> Iterator[str]:
    unit = unit_of(name)
    if line.kind == "bool":
        yield "on or off"
    elif line.range is None:
        yield f"any value in {unit}" if unit else "any value"
    else:
        yield f"{bound(line.range[0])} to {bound(line.range[1])} {unit}".rstrip()
    if line.dead_zone:
        yield f"less than {bound(line.dead_zone)} is sent as 0"
    yield from (_guarded(guard.needs, guard.if_above, guard.if_below) for guard in line.guard)
    yield _seen(line.verify) if line.verify else "not read back"
    if line.settle_s:
        yield f"takes effect within {span(line.settle_s)}"
    if line.min_interval_ms:
        sooner = "" if line.min_interval_hard else ", sooner only for safety or a limit"
        yield f"at most every {span(line.min_interval_ms / 1000)}{sooner}"
    if line.persistent:
        yield "the device wears with each change, so only changes are sent"


def _seen(verify: Verify) -> str:
    where = "read back" if verify.read.startswith("_") else f"seen in `{verify.read}`"
    return f"{where} within {span(verify.after_ms / 1000)}"


def _guarded(needs: str, above: float | None, below: float | None) -> str:
    needs = needs.lstrip("_")
    if above is not None:
        return f"above {above:g} only while `{needs}`"
    return f"below {below:g} only while `{needs}`" if below is not None else f"only while `{needs}`"


def _faults(profile: AnyProfile) -> list[str]:
    return [
        f"{group.severity}: {', '.join((*group.bits.values(), *group.map.values()))}"
        for group in profile.alarms.values()
    ]


def _differences(common: AnyProfile, choice: Choice, other: AnyProfile) -> Iterator[str]:
    """What a variant measures, commands and ends at otherwise; nothing where it lies elsewhere only."""
    said = ", ".join(f"`{name} = {as_toml(value)}`" for name, value in choice.items())
    more = [named(name) for name in _public(other) if name not in _public(common)]
    less = [f"`{name}`" for name in _public(common) if name not in _public(other)]
    commands = [(name, _commanded(name, line)) for name, line in other.write.items()]
    changed = [
        told for name, told in commands if name not in common.write or told != _commanded(name, common.write[name])
    ]
    gone = [f"`{name}`" for name in common.write if name not in other.write]
    told = [
        *([f"also measures {', '.join(more)}"] if more else []),
        *([f"does not measure {', '.join(less)}"] if less else []),
        *(f"commands {line}" for line in changed),
        *([f"does not command {', '.join(gone)}"] if gone else []),
    ]
    if fails_safe(other) != fails_safe(common):
        told.append(f"if HEMS falls silent: {fails_safe(other)}")
    yield f"{said}: {'; '.join(told) or 'the same, found in other places'}"


def _public(profile: AnyProfile) -> list[str]:
    return [name for name in (*profile.read, *profile.derive) if not name.startswith("_")]


# ---- when nobody commands it any more


def _silence(profile: AnyProfile) -> Iterator[str]:
    watchdog = profile.control.watchdog
    for ends, names in _by_end(profile.write).items():
        yield f"{ends} ({', '.join(f'`{name}`' for name in names)})"
    yield _by_itself(watchdog, ends=any(line.lapses_to != "held" for line in profile.write.values()))
    if watchdog is not None and watchdog.hold_max_s:
        yield (
            "if the control of HEMS hangs while its reading goes on, HEMS puts the device in its safe state (no power, "
            f"or its own rules) after {span(watchdog.hold_max_s)} without a fresh command"
        )
    if profile.control.release:
        yield "on an orderly end, on the grid, control is handed back"


def _by_end(commands: Mapping[str, WriteSpec]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, line in commands.items():
        found.setdefault(ENDS_AT[line.lapses_to], []).append(name)
    return found


def _by_itself(watchdog: Watchdog[Any] | None, *, ends: bool) -> str:
    after = f"after {span(watchdog.timeout_s)} " if watchdog and watchdog.timeout_s else ""
    renewed = f" (renewed every {span(watchdog.renew_s)})" if watchdog and watchdog.renew_s else ""
    match watchdog.kind if watchdog else "none":
        case "any_traffic":
            return f"the device itself ends a command {after}without any request, also a read one"
        case "rewrite":
            return f"the device itself ends a command {after}unless it is sent again{renewed}"
        case "lease":
            return f"each command carries its own end{', ' + after.rstrip() if after else ''}{renewed}"
        case "none":
            return "the device has no timer of its own"
        case _ if not ends:
            return f"the device notices {after}without a sign of life{renewed}, which alone ends no command"
        case _:
            return f"the device itself ends a command {after}without a sign of life{renewed}"


# ---- what an installer writes


def _site_lines(profile: AnyProfile, driver: str) -> Iterator[str]:
    yield f'`driver = "{driver}"`, `profile = "{profile.id}"`'
    yield from (f'`link = "{link}"`' for link in profile.reached_by())


def _choices(params: Mapping[str, Param], choosing: Collection[str]) -> Iterator[str]:
    for name, param in params.items():
        known = ", ".join((*limits(param), *(["chooses the variant"] if name in choosing else [])))
        yield f"`{name}`" + (f" ({known})" if known else "") + (f": {param.about}" if param.about else "")
