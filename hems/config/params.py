"""The numbers that tune decisions: the grid code's first, then the site's own, each inside its permitted range."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

from hems.config.grid_codes import CODES, STRICTER_IS_HIGHER, STRICTER_IS_LOWER
from hems.config.problem import Problem, dotted, unknown_key, wrong
from hems.control.params import Params

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RISING = (
    ("band", ("shutdown_pct", "floor_pct", "critical_pct", "conserve_pct", "surplus_leave_pct", "surplus_pct")),
    ("band", ("floor_pct", "floor_leave_pct")),
    ("band", ("critical_pct", "critical_leave_pct")),
    ("band", ("conserve_pct", "conserve_leave_pct")),
    ("band", ("floor_leave_pct", "critical_leave_pct", "conserve_leave_pct")),
    ("overload", ("dose_block", "dose_next_group", "dose_tier3", "dose_tier2", "dose_tier1")),
    ("override", ("default_s", "operator_max_s", "engineer_max_s")),
)
"""Groups and values that must rise in this order, or hysteresis hunts and mild stages follow severe ones."""


def tuned(
    given: Mapping[str, Mapping[str, Any]], code: str, hardware_waits_s: float = 0.0
) -> tuple[Params, list[Problem]]:
    """The site's parameters, with every usable value applied, and what is wrong with the others.

    hems never waits less for a good grid than the certified device itself.
    """
    params = replace(Params(), grid=CODES[code].applied_to(Params().grid))
    problems: list[Problem] = []
    groups = {group.name: getattr(params, group.name) for group in fields(params)}
    for name, values in given.items():
        if name not in groups:
            problems.append(unknown_key(("params", name), groups))
            continue
        usable, found = _group(name, values, groups[name], code)
        problems += found
        groups[name] = replace(groups[name], **usable)
    grid = groups["grid"]
    groups["grid"] = replace(grid, qualify_s=max(grid.qualify_s, hardware_waits_s))
    result = Params(**groups)
    return result, problems + list(_disorder(given, result))


def _group(
    name: str, values: Mapping[str, Any], preset: "DataclassInstance", code: str
) -> tuple[dict[str, float], list[Problem]]:
    ranges = {value.name: value.metadata["within"] for value in fields(preset)}
    usable: dict[str, float] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        where = ("params", name, key)
        if key not in ranges:
            problems.append(unknown_key(where, ranges))
        elif isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(_as_float(value)):
            problems.append(wrong(where, value, "is not a number", "write a number"))
        elif not ranges[key][0] <= value <= ranges[key][1]:
            low, high = ranges[key]
            problems.append(wrong(where, value, f"is outside {low:g} to {high:g}", "write a value in this range"))
        elif name == "grid" and _laxer(key, value, preset):
            least = getattr(preset, key)
            why = f"is laxer than the {least:g} of grid code {code}"
            problems.append(wrong(where, value, why, "remove it, or be stricter than the code", ("grid", "code")))
        else:
            usable[key] = float(value)
    return usable, problems


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _laxer(key: str, value: float, preset: "DataclassInstance") -> bool:
    if key in STRICTER_IS_HIGHER:
        return bool(value < getattr(preset, key))
    return key in STRICTER_IS_LOWER and bool(value > getattr(preset, key))


def _disorder(given: Mapping[str, Mapping[str, Any]], params: Params) -> Iterator[Problem]:
    """Values that must rise and do not, told at a key that the site file has written."""
    seen = set()
    for group, keys in RISING:
        for lower, upper in pairwise(keys):
            low, high = getattr(getattr(params, group), lower), getattr(getattr(params, group), upper)
            key, other = (upper, lower) if upper in given.get(group, {}) else (lower, upper)
            if low < high or (group == "override" and low == high) or (group, key) in seen:
                continue
            seen.add((group, key))
            side, bound = ("above", low) if key == upper else ("below", high)
            there = ("params", group, other)
            why = f"is not {side} {dotted(there)} = {bound:g}"
            yield wrong(("params", group, key), given[group][key], why, "put them in order", there)
