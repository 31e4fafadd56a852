"""From a profile of engine `sunspec` and the models that were found to the layout the engine works with."""

from collections.abc import Mapping, Sequence

from drivers.modbus.frame import Space
from drivers.modbus.layout import Layout, PlacedCommand, PlacedPoint, PlacedStep, Register
from drivers.profile.point import ReadSpec
from drivers.sunspec.models import MODELS, TYPES, PointDef, split
from drivers.sunspec.schema import SunSpecProfile, SunSpecRead, SunSpecStep, SunSpecWrite

Found = Mapping[int, int]
"""Model to the address of its ID register."""


def layout_of(profile: SunSpecProfile, found: Found) -> Layout:
    """Every point and step whose model the inverter has."""
    points: dict[str, PlacedPoint] = {}
    absent: list[str] = []
    for name, line in profile.read.items():
        here = next((full for full in line.any if split(full)[0] in found), None)
        if here is None:
            absent.append(name)
        else:
            _place(points, name, line, here, found)
    commands = {name: placed for name, line in profile.write.items() if (placed := _command(line, found))}
    control = profile.control
    layout = Layout(
        points=points,
        absent=tuple(absent),
        commands=commands,
        acquire=_steps(control.acquire, found),
        release=_steps(control.release, found),
        safe=_steps(control.safe, found),
        renew=_steps(control.watchdog.renew, found) if control.watchdog else (),
        barriers=tuple(found.values()),
    )
    _read_exponents_of_steps(points, layout, profile, found)
    return layout


def _place(points: dict[str, PlacedPoint], name: str, line: SunSpecRead, full: str, found: Found) -> None:
    model, point = split(full)
    definition = MODELS[model][point]
    poll = line.poll or ""
    points[name] = PlacedPoint(
        name=name,
        spec=_with_sentinels(line, definition),
        register=_register(found[model], definition),
        poll=poll,
        exponent_from=_exponent(points, model, definition, poll, found),
    )


def _with_sentinels(line: ReadSpec, definition: PointDef) -> ReadSpec:
    """`nan` in a profile would be at the mercy of the model that is found; the model knows."""
    return line.model_copy(update={"nan": TYPES[definition.type][1]})


def _register(start: int, definition: PointDef) -> Register:
    return Register(Space.HOLDING, start + definition.offset, definition.coding())


def _exponent(points: dict[str, PlacedPoint], model: int, definition: PointDef, poll: str, found: Found) -> str | None:
    """The private point with the power of ten, read in the same poll class as what it scales."""
    if definition.exponent is None:
        return None
    name = f"_{model}.{definition.exponent}"
    if name not in points:
        place = _register(found[model], MODELS[model][definition.exponent])
        points[name] = PlacedPoint(name=name, spec=ReadSpec(nan=(0x8000,)), register=place, poll=poll)
    return name


def _command(line: SunSpecWrite, found: Found) -> PlacedCommand | None:
    way = next((way for way in line.way if way.needs in found), None)
    return PlacedCommand(line, _steps(way.steps, found)) if way else None


def _steps(steps: Sequence[SunSpecStep], found: Found) -> tuple[PlacedStep, ...]:
    return tuple(_step(step, found) for step in steps if split(step.set)[0] in found)


def _step(step: SunSpecStep, found: Found) -> PlacedStep:
    model, point = split(step.set)
    definition = MODELS[model][point]
    return PlacedStep(
        register=_register(found[model], definition),
        to=step.to,
        when=step.when,
        wait_s=step.wait_ms / 1000,
        optional=step.optional,
        exponent_from=f"_{model}.{definition.exponent}" if definition.exponent else None,
    )


def _read_exponents_of_steps(
    points: dict[str, PlacedPoint], layout: Layout, profile: SunSpecProfile, found: Found
) -> None:
    poll = profile.defaults.poll or next(iter(profile.poll))
    needed = [step for command in layout.commands.values() for step in command.steps]
    for step in (*needed, *layout.acquire, *layout.release, *layout.safe, *layout.renew):
        if step.exponent_from is not None and step.exponent_from not in points:
            model, _, exponent = step.exponent_from.lstrip("_").partition(".")
            place = _register(found[int(model)], MODELS[int(model)][exponent])
            spec = ReadSpec(nan=(0x8000,))
            points[step.exponent_from] = PlacedPoint(name=step.exponent_from, spec=spec, register=place, poll=poll)
