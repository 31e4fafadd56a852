"""Products of one profile that differ in some lines: a parameter chooses the lines, before anything is checked.

```
[params]
family = { type = "enum", values = ["et", "fenecon"], default = "et", about = "…" }

[variants.family.fenecon]                  # with params.family = "fenecon" …
without = ["read.l2_v", "write.limit_w"]   # … these lines are left out,
[variants.family.fenecon.read]             # and these take the place of the lines of the same name, or are added
grid_connected = { at = 35136, map = { 0 = false, 1 = true } }
```

Any section may stand in a variant; a line is replaced as a whole.  A parameter of type bool chooses between `true` and
`false`.  Parameters are applied in the order of the file.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from drivers.profile.params import Param, Scalar

SECTIONS = ("link", "poll", "defaults", "identify", "read", "derive", "write", "control", "alarms")
"""What a variant may change."""


def laid_over(data: Mapping[str, Any], values: Mapping[str, Scalar]) -> dict[str, Any]:
    """`data` without its variants, the chosen ones laid over it."""
    told = {key: section for key, section in data.items() if key != "variants"}
    for parameter, choices in data.get("variants", {}).items():
        chosen = choices.get(_key(values.get(parameter)))
        if chosen is not None:
            told = _with(told, chosen)
    return told


def mistakes(data: Mapping[str, Any], params: Mapping[str, Param]) -> list[str]:
    """What is wrong with `variants`, each as `key: what. remedy`."""
    variants = data.get("variants", {})
    if not isinstance(variants, Mapping):
        return ["variants: is no table. Write [variants.PARAMETER.VALUE.SECTION]."]
    return list(chain.from_iterable(_mistakes(data, name, choices, params) for name, choices in variants.items()))


def every_choice(data: Mapping[str, Any], params: Mapping[str, Param]) -> list[dict[str, Scalar]]:
    """Some permitted values for all parameters, once as they are by default and once for each variant."""
    plain = {name: param.example() for name, param in params.items()}
    found = [plain]
    for name in data.get("variants", {}):
        found += [{**plain, name: choice} for choice in _choices(params[name]) if choice != plain[name]]
    return found


def _with(told: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    left = {key: dict(section) if key in SECTIONS else section for key, section in told.items()}
    for line in chosen.get("without", ()):
        section, _, name = line.partition(".")
        left.get(section, {}).pop(name, None)
    for section in SECTIONS:
        if section in chosen:
            left[section] = {**left.get(section, {}), **chosen[section]}
    return left


def _choices(param: Param) -> tuple[Scalar, ...]:
    return (False, True) if param.type == "bool" else param.values


def _key(value: Scalar | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mistakes(data: Mapping[str, Any], name: str, choices: object, params: Mapping[str, Param]) -> Iterator[str]:
    where = f"variants.{name}"
    if name not in params:
        yield f"{where}: [params] has no '{name}'. Define it there, or write [variants.PARAMETER.VALUE.SECTION]."
        return
    possible = [_key(choice) for choice in _choices(params[name])]
    if not possible:
        yield f"{where}: the parameter is of type {params[name].type}. Only enum and bool choose a variant."
        return
    for choice, sections in choices.items() if isinstance(choices, Mapping) else ():
        if choice not in possible:
            yield f"{where}.{choice}: the parameter cannot be that. Use one of: {', '.join(possible)}."
        elif not isinstance(sections, Mapping):
            yield f"{where}.{choice} = {sections!r}: is no table. Write [{where}.{choice}.SECTION]."
        else:
            yield from _misplaced(data, f"{where}.{choice}", sections)


def _misplaced(data: Mapping[str, Any], where: str, sections: Mapping[str, Any]) -> Iterator[str]:
    for section, lines in sections.items():
        if section == "without":
            yield from _not_there(data, where, lines)
        elif section not in SECTIONS:
            yield f"{where}.{section}: a variant has no such section. Use one of: without, {', '.join(SECTIONS)}."
        elif not isinstance(lines, Mapping):
            yield f"{where}.{section} = {lines!r}: is no table. Write [{where}.{section}]."


def _not_there(data: Mapping[str, Any], where: str, lines: object) -> Iterator[str]:
    for line in lines if isinstance(lines, list) else [lines]:
        section, _, name = str(line).partition(".")
        if name not in data.get(section, {}):
            yield f"{where}.without names '{line}', which is not defined. Write SECTION.NAME of a line of this file."
