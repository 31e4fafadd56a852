"""What the keys of a site file are made of: names, ports, powers, shares."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

PhaseName = Literal["L1", "L2", "L3"]
TierName = Literal["life safety", "critical", "essential", "comfort", "non-essential", "flexible"]
LocationName = Literal["utility", "bus", "source", "load"]
SupplyName = Literal["utility", "bus", "dc", "ups"]
LogLevel = Literal["debug", "info", "warning", "error"]
Language = Literal["en", "de"]

IDENTIFIER = r"[a-z][a-z0-9_]{0,39}"


def _port(text: str) -> str:
    device, _, point = text.partition("/")
    if not device or not point or "/" in point or not text.isprintable():
        raise PydanticCustomError("form", "not a port", {"form": "port"})
    return text


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise PydanticCustomError("form", "not readable", {"form": "text"})
    return text


PortText = Annotated[str, AfterValidator(_port)]
"""`DEVICE/POINT`: a device of this file and a point or command of its profile."""
Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_printable)]
Name = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_printable)]
Id = Annotated[str, Field(pattern=rf"^{IDENTIFIER}$")]
Kw = Annotated[float, Field(gt=0, le=5000)]
Pct = Annotated[float, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(ge=0, le=86400)]
Phases = Annotated[list[PhaseName], Field(min_length=1, max_length=3)]
Ports = Annotated[list[PortText], Field(min_length=1, max_length=3)]
OverloadPoint = Annotated[list[Annotated[float, Field(gt=0, le=100_000)]], Field(min_length=2, max_length=2)]


class Table(BaseModel):
    """What all tables have in common: nothing unknown, nothing of the wrong type, nothing infinite."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)
