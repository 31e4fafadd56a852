"""From a profile of engine `sunspec` and the models that were found to the layout the engine works with."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from drivers.modbus.frame import Space
from drivers.modbus.layout import Layout, PlacedCommand, PlacedPoint, PlacedStep, Register
from drivers.profile.point import ReadSpec
from drivers.sunspec.models import Ref, ref
from drivers.sunspec.schema import SunSpecProfile, SunSpecRead, SunSpecStep, SunSpecWrite, Way
from drivers.sunspec.walk import Block

EXPONENT = ReadSpec(nan=(0x8000,))
"""As a model's power of ten is read."""
Found = Mapping[int, Block]
"""The models of one device."""


def layout_of(profile: SunSpecProfile, found: Found) -> Layout:
    """Every point and step whose model the inverter has, and the maker's own registers as they stand."""
    return profile.once(frozenset(found.items()), lambda: Placing(profile, found).layout())


class Placing:
    """One profile brought together with the models of one device."""

    def __init__(self, profile: SunSpecProfile, found: Found) -> None:
        self._profile = profile
        self._found = found
        self._points: dict[str, PlacedPoint] = {}
        self._poll = profile.defaults.poll or next(iter(profile.poll))

    def layout(self) -> Layout:
        """Everything at its place."""
        profile, control = self._profile, self._profile.control
        absent = [name for name, line in profile.read.items() if not self._place(name, line)]
        commands = {name: placed for name, line in profile.write.items() if (placed := self._command(line))}
        return Layout(
            absent=tuple(absent),
            commands=commands,
            acquire=self._steps(control.acquire),
            release=self._steps(control.release),
            safe=self._steps(control.safe),
            renew=self._steps(control.watchdog.renew) if control.watchdog else (),
            barriers=(*profile.link.barriers, *(block.start for block in self._found.values())),
            points=self._points,
        )

    def _place(self, name: str, line: SunSpecRead) -> bool:
        """Whether this device has it."""
        poll = line.poll or ""
        here = next((here for here in map(ref, line.any) if self._is_there(here)), None)
        if here is not None:
            # `nan` in a profile would be at the mercy of the model that is found; the model knows.
            spec = replace(line, nan=here.sentinels)
            exponent = self._exponent(here, poll)
            register = self._register(here)
        elif (own := line.register()) is not None:
            spec, exponent, register = line, None, own
        else:
            return False
        self._points[name] = PlacedPoint(name=name, spec=spec, register=register, poll=poll, exponent_from=exponent)
        return True

    def _is_there(self, here: Ref) -> bool:
        """Whether this device's edition of the model has the point, and what scales it."""
        block = self._found.get(here.model)
        return block is not None and block.holds(here.end) and (here.exponent is None or block.holds(here.exponent.end))

    def _register(self, here: Ref) -> Register:
        return Register(Space.HOLDING, self._found[here.model].start + here.offset, here.coding)

    def _exponent(self, scaled: Ref, poll: str | None = None) -> str | None:
        """The private point with the power of ten of another.

        For a reading in the poll class of what it scales, so that both come in one answer: some inverters change it.
        For a step (no class) whichever there is.
        """
        exponent = scaled.exponent
        if exponent is None:
            return None
        name = f"_{exponent} {poll or self._poll}"
        if poll is None:
            name = next((known for known in self._points if known.startswith(f"_{exponent} ")), name)
        if name not in self._points:
            register = self._register(exponent)
            self._points[name] = PlacedPoint(name=name, spec=EXPONENT, register=register, poll=poll or self._poll)
        return name

    def _command(self, line: SunSpecWrite) -> PlacedCommand | None:
        way = next((way for way in line.way if self._is_open(way)), None)
        return PlacedCommand(line, ((None, self._steps(way.steps)),)) if way else None

    def _is_open(self, way: Way) -> bool:
        """Whether all of it can be sent: a set-point without its revert timer would stay for ever."""
        wanted = [ref(step.set) for step in way.steps if step.set is not None and not step.optional]
        return (way.needs is None or way.needs in self._found) and all(map(self._is_there, wanted))

    def _steps(self, steps: Iterable[SunSpecStep]) -> tuple[PlacedStep, ...]:
        placed = (self._step(step) for step in steps)
        return tuple(step for step in placed if step is not None)

    def _step(self, step: SunSpecStep) -> PlacedStep | None:
        here = ref(step.set) if step.set is not None else None
        if here is not None and not self._is_there(here):
            return None
        register = self._register(here) if here is not None else step.register()
        if register is None:
            return None
        return PlacedStep(
            register=register,
            to=step.to,
            when=step.when,
            single=step.fc in (5, 6),
            wait_s=step.wait_ms / 1000,
            optional=step.optional,
            persistent=step.persistent,
            exponent_from=self._exponent(here) if here is not None else None,
        )
