"""What a profile of engine `sunspec` says beyond the common part: points by model and name, never by address."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from drivers.modbus.layout import When
from drivers.modbus.schema import LinkSection
from drivers.profile.command import WriteSpec
from drivers.profile.expression import names_in
from drivers.profile.point import Kind, ReadSpec
from drivers.profile.schema import Profile, Strict
from drivers.sunspec.models import split


class SunSpecLink(LinkSection):
    """`[link]`, with the places where an inverter may keep its map."""

    base: tuple[int, ...] = (40000, 50000, 0)
    """Addresses at which `SunS` is looked for, in order."""


class SunSpecDefaults(Strict):
    """`[defaults]`."""

    poll: str | None = None


class SunSpecRead(ReadSpec):
    """`[read.POINT]`: the first of several points whose model the inverter has."""

    any: tuple[str, ...] = Field(min_length=1)

    @field_validator("any")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            split(name)
        return names


class SunSpecStep(Strict):
    """One write to one point; left out where the inverter lacks its model."""

    set: str
    to: str | bool | int | float
    when: When | None = None
    wait_ms: int = Field(default=0, ge=0, le=10000)
    optional: bool = False

    @model_validator(mode="after")
    def _known(self) -> "SunSpecStep":
        split(self.set)
        names_in(self.to)
        return self


class Way(Strict):
    """One way to do it, for inverters that have the model it needs."""

    needs: int
    steps: tuple[SunSpecStep, ...] = Field(min_length=1)


class SunSpecWrite(WriteSpec):
    """`[write.COMMAND]`: ways in order; the first whose model exists."""

    way: tuple[Way, ...] = Field(min_length=1)


class SunSpecProfile(Profile[SunSpecRead, SunSpecWrite, SunSpecStep]):
    """One product, or one family of products, of engine `sunspec`."""

    engine: Literal["sunspec"]
    link: SunSpecLink
    defaults: SunSpecDefaults = SunSpecDefaults()

    def raw_kind(self, point: SunSpecRead) -> Kind:
        """SunSpec points are numbers; tables make them something else."""
        return "float"

    @model_validator(mode="before")
    @classmethod
    def _spread_defaults(cls, data: Any) -> Any:  # noqa: ANN401 not yet validated
        if not isinstance(data, Mapping) or not isinstance(data.get("read"), Mapping):
            return data
        defaults = data.get("defaults")
        poll = defaults.get("poll") if isinstance(defaults, Mapping) else None
        lines = {
            name: {"poll": poll, **line} if poll and isinstance(line, Mapping) else line
            for name, line in data["read"].items()
        }
        return {**data, "read": lines}

    @model_validator(mode="after")
    def _polled(self) -> "SunSpecProfile":
        unpolled = [name for name, point in self.read.items() if point.poll is None]
        if unpolled:
            raise ValueError(f"read.{unpolled[0]} has no poll class, and [defaults] names none")
        return self
