"""`[defaults]` of a profile, spread over all of its lines before they are looked at."""

from collections.abc import Mapping
from typing import Any


def spread(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give every line what `[defaults]` says and it does not, so that nothing else has to look there."""
    defaults = data.get("defaults", {})
    if not isinstance(defaults, Mapping):
        return data
    filled = dict(data)
    filled["read"] = {name: _read_with(defaults, line) for name, line in _lines(data.get("read")).items()}
    filled["write"] = {name: _with_steps(defaults, line) for name, line in _lines(data.get("write")).items()}
    if isinstance(data.get("control"), Mapping):
        filled["control"] = _control_with(defaults, data["control"])
    return filled


def _lines(section: object) -> Mapping[str, Any]:
    return section if isinstance(section, Mapping) else {}


def _read_with(defaults: Mapping[str, Any], line: object) -> object:
    if not isinstance(line, Mapping):
        return line
    merged = {**defaults, **line}
    if merged.get("space") in ("coil", "discrete"):
        merged["type"] = line.get("type", "bool")
    return {"space": "holding", **_plain_word(merged, line)}


def _step_with(defaults: Mapping[str, Any], step: object) -> object:
    if not isinstance(step, Mapping):
        return step
    own = {key: defaults[key] for key in ("word", "byte", "base") if key in defaults}
    merged = {"space": "holding", "type": "bool" if step.get("space") == "coil" else "u16", **own, **step}
    return _plain_word(merged, step)


def _plain_word(merged: dict[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    """A default word order does not concern what has one word."""
    if merged.get("type", "u16") in ("u16", "s16", "bool") and "word" not in line:
        merged.pop("word", None)
    return merged


def _with_steps(defaults: Mapping[str, Any], line: object) -> object:
    if not isinstance(line, Mapping):
        return line
    filled = dict(line)
    if isinstance(line.get("steps"), list):
        filled["steps"] = [_step_with(defaults, step) for step in line["steps"]]
    if isinstance(line.get("way"), list):
        filled["way"] = [_with_steps(defaults, way) for way in line["way"]]
    return filled


def _control_with(defaults: Mapping[str, Any], control: Mapping[str, Any]) -> dict[str, Any]:
    filled = dict(control)
    for part in ("acquire", "release", "safe"):
        if isinstance(filled.get(part), list):
            filled[part] = [_step_with(defaults, step) for step in filled[part]]
    watchdog = filled.get("watchdog")
    if isinstance(watchdog, Mapping) and isinstance(watchdog.get("renew"), list):
        filled["watchdog"] = {**watchdog, "renew": [_step_with(defaults, step) for step in watchdog["renew"]]}
    return filled
