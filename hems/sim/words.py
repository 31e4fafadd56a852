"""The language of stories: which words may happen, which checks there are, and what each of them is told."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Annotated, Any, Literal

from pydantic import Field as Within
from pydantic import create_model

from hems.config.tables.words import Line, Pct, Table
from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.request import Task, Want
from hems.sim.faults import Says
from hems.sim.judge import CHECKS
from hems.sim.planner import Solver
from hems.sim.rig_tables import Above0, AtLeast0, table_like
from hems.sim.scenario import DEVICES, PEOPLE, WORLD
from hems.sim.start import Car

Tier = Annotated[int, Within(ge=0, le=5)]
Count = Annotated[int, Within(ge=0)]
Share = Annotated[float, Within(ge=0, le=2)]
Words = Mapping[str, type[Table]]


def _one_of(words: Any) -> Any:  # noqa: ANN401 a type is made of values
    return Literal[tuple(str(word) for word in words)]


class StoryTable(Table):
    """The whole file."""

    id: Line | None = None
    title: Line
    proves: list[Line] = Within(default=[])
    place: str = ""
    times: Literal["normal", "short"] = "normal"
    ways: Annotated[list[Literal["fast", "virtual", "real"]], Within(min_length=1)] = Within(
        default=["fast", "virtual"]
    )
    seen_days: Annotated[int, Within(ge=0, le=10)] = 0
    ends_s: Above0
    short: list[Annotated[list[AtLeast0], Within(min_length=2, max_length=2)]] = Within(default=[])
    rig: dict[str, Any] = Within(default={})
    site: dict[str, Any] = Within(default={})
    at: list[dict[str, Any]]
    expect: list[dict[str, Any]] = Within(default=[])


def _words(head: Mapping[str, Any], words: Mapping[str, Mapping[str, Any]]) -> Words:
    """A table for each word, with what stands in all of them."""
    return {word: create_model(word, __base__=Table, **head, **own) for word, own in words.items()}


NAMED: Mapping[str, Any] = dict.fromkeys(("bay", "circuit", "device", "source"), (str, ...))
TURNED: Mapping[str, Any] = dict.fromkeys(("on", "closed", "open", "charged", "silent", "cut", "full"), (bool, ...))
MEASURED: Mapping[str, Any] = {
    "pu": (Share, ...),
    "kw": (Annotated[float, Within(ge=-5000, le=5000)], ...),
    "off_hz": (Annotated[float, Within(ge=-20, le=20)], ...),
    "years": (Annotated[float, Within(ge=-50, le=50)], ...),
    "for_s": (Above0, ...),
}
CHOSEN: Mapping[str, Any] = {"what": (_one_of(Says), ...), "fares": (_one_of(Solver), ...)}
ARGS: Mapping[str, Any] = {**NAMED, **TURNED, **MEASURED, **CHOSEN, "after_s": (AtLeast0, 0.0)}
OF_DEVICES: Mapping[str, tuple[str, ...]] = {
    "silence": ("device",),
    "resume": ("device",),
    "says": ("device", "what"),
    "reboot": ("device",),
    "half_open": ("device",),
    "reset": ("device",),
    "foreign": ("circuit", "closed"),
    "second_master": ("source", "kw", "for_s"),
    "ghost": ("circuit", "closed"),
    "kill_hems": ("after_s",),
    "freeze_hems": ("for_s",),
    "disk": ("full",),
    "partition": ("cut",),
    "clock": ("years",),
    "solver": ("fares",),
}
"""What those of `DEVICES` are told that are told something."""
LIMIT = (AtLeast0 | None, None)
SPECIAL: Mapping[str, Mapping[str, Any]] = {
    "plug": {"bay": NAMED["bay"]} | {name: (one.annotation, one) for name, one in table_like(Car).model_fields.items()},
    "limit": {"import_kw": LIMIT, "export_kw": LIMIT},
}
"""What is told more than its function says by name."""


def _told_by_function(do: Callable[..., None]) -> dict[str, Any]:
    return {name: ARGS[name] for name in list(signature(do).parameters)[1:]}


HEAD: Mapping[str, Any] = {"t_s": (AtLeast0, ...), "do": (str, ...)}
ACTS: Words = _words(
    HEAD,
    {word: SPECIAL[word] if word in SPECIAL else _told_by_function(do) for word, do in WORLD.items()}
    | {word: {name: ARGS[name] for name in OF_DEVICES.get(word, ())} for word in DEVICES},
)
"""Whatever may happen, but for what people ask."""

ASKED: Words = _words(
    {**HEAD, "request": (str, ...), "refused": (bool, False)},
    {
        "acknowledge": {},
        "order": {
            "task": (_one_of(Task), ...),
            "begin": (bool, ...),
            "reason": (str, ""),
            "start_in_s": (AtLeast0, 0.0),
            "duration_s": (Above0, 0.0),
            "subjects": (list[str], []),
            "target_pct": (Pct, 0.0),
        },
        "car": {
            "bay": NAMED["bay"],
            "leaving": (bool, False),
            "leaves_in_s": (float, 0.0),
            "keeps_pct": (Pct, 0.0),
            "target_pct": (Pct, 0.0),
        },
        "prices": {"source": (Line, ...), "slots": (Annotated[list[dict[str, float]], Within(min_length=1)], ...)},
        "override": {
            "circuit": NAMED["circuit"],
            "want": (_one_of(Want), ...),
            "reason": (str, ""),
            "duration_s": (Above0, 3600.0),
        },
    },
)
"""What somebody may ask of hems."""
(ASK,) = PEOPLE

PARAMS: Mapping[str, Any] = {
    "mode": _one_of(Mode),
    "why": _one_of(Why),
    "that": Annotated[list[Any], Within(min_length=3, max_length=3)],
    "tier": Tier,
    "tiers": Annotated[list[Tier], Within(min_length=1)],
    "rank": int,
    "at_most": Count,
    "at_least": Share,
    "pct": Pct,
    "limit_w": AtLeast0,
    "about": str,
    "role": str,
    "bay": str,
    "kw": AtLeast0,
    "value": bool | float,
    "facts": dict[str, bool | float | str],
    "but": list[Any],
}
"""Whatever a check is told besides times."""


def _told_by_check(check: Callable[..., object]) -> dict[str, Any]:
    found = list(signature(check).parameters.values())[1:]
    return {
        one.name: (
            AtLeast0 if one.name.endswith("_s") else PARAMS[one.name],
            ... if one.default is Parameter.empty else None,
        )
        for one in found
    }


EXPECTED: Words = _words(
    {"check": (str, ...), "text": (Line, ...)}, {name: _told_by_check(check) for name, check in CHECKS.items()}
)
"""Whatever may be expected."""
