"""From a profile of engine `modbus` to the layout the engine works with: addresses are in the file already."""

from collections.abc import Sequence

from drivers.modbus.frame import Space
from drivers.modbus.layout import Layout, PlacedCommand, PlacedPoint, PlacedStep, Register
from drivers.modbus.schema import ModbusProfile, ModbusRead, ModbusWrite, Step


def layout_of(profile: ModbusProfile) -> Layout:
    """Every point and step of `profile` at its address."""
    return profile.once("layout", lambda: _placed(profile))


def _placed(profile: ModbusProfile) -> Layout:
    watchdog = profile.control.watchdog
    return Layout(
        points={name: _point(name, line) for name, line in profile.read.items()},
        commands={name: _command(line) for name, line in profile.write.items()},
        acquire=_steps(profile.control.acquire),
        release=_steps(profile.control.release),
        safe=_steps(profile.control.safe),
        renew=_steps(watchdog.renew) if watchdog else (),
        barriers=profile.link.barriers,
    )


def _point(name: str, line: ModbusRead) -> PlacedPoint:
    place = Register(line.space or Space.HOLDING, (line.base or 0) + line.at, line.how())
    return PlacedPoint(name=name, spec=line, register=place, poll=line.poll or "", exponent_from=line.sf)


def _command(line: ModbusWrite) -> PlacedCommand:
    ways = [(way.needs, way.steps) for way in line.way] or [(None, line.steps)]
    return PlacedCommand(line, tuple((needs, _steps(steps)) for needs, steps in ways))


def _steps(lines: Sequence[Step]) -> tuple[PlacedStep, ...]:
    return tuple(_step(line) for line in lines)


def _step(line: Step) -> PlacedStep:
    return PlacedStep(
        register=Register(line.space or Space.HOLDING, (line.base or 0) + line.at, line.how()),
        to=line.to,
        when=line.when,
        single=line.fc in (5, 6),
        wait_s=line.wait_ms / 1000,
        optional=line.optional,
        persistent=line.persistent,
    )
