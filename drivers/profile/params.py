"""The parameters of a profile: what a site may choose, and how the choice reaches the profile's lines.

A placeholder `{name}` takes the parameter of that name.  A line that is nothing but one placeholder keeps the
parameter's type; arithmetic of numbers is worked out (`"{connector} * 100"`); other names (`{value}`, `{seq}`, points)
are left for the engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drivers.profile.expression import NAME, UnknownValueError, evaluate
from drivers.profile.section import Section

Scalar = bool | int | float | str

KINDS: Mapping[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "bool": bool,
    "enum": str,
    "topic": str,
    "text": str,
}
WORDS: Mapping[str, str] = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "topic": "text in quotation marks",
    "text": "text in quotation marks",
}
EXAMPLES: Mapping[str, Scalar] = {"int": 1, "float": 1.0, "bool": False, "topic": "example", "text": "example"}


@dataclass(frozen=True, kw_only=True)
class Param(Section):
    """One thing a site may or must say about a device of this product."""

    type: Literal["int", "float", "bool", "enum", "topic", "text"]
    default: Scalar | None = None
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] = ()
    """What an `enum` may be."""
    required: bool = False
    about: str = ""
    """For the person who fills in the site file."""

    def problem_with(self, value: Scalar) -> str:
        """What is wrong with `value` and what would be right, or nothing."""
        if isinstance(value, bool) != (self.type == "bool") or not isinstance(value, KINDS[self.type]):
            return f"must be {WORDS.get(self.type) or self._choice()}"
        if self.type == "enum" and value not in self.values:
            return f"must be {self._choice()}"
        if self.type == "topic" and not _plain_topic(str(value)):
            return "must be an MQTT topic without wildcards, spaces at its ends or a leading or trailing slash"
        if isinstance(value, int | float) and self.min is not None and value < self.min:
            return f"must be at least {self.min:g}"
        if isinstance(value, int | float) and self.max is not None and value > self.max:
            return f"must be at most {self.max:g}"
        return ""

    def _choice(self) -> str:
        quoted = ", ".join(f'"{value}"' for value in self.values)
        return f"one of {quoted}, with the quotation marks"

    def example(self) -> Scalar:
        """Some permitted value, to validate a profile without a site."""
        if self.default is not None:
            return self.default
        if self.values:
            return self.values[0]
        return EXAMPLES[self.type] if self.min is None else int(self.min)


def choose(declared: Mapping[str, Param], given: Mapping[str, Scalar]) -> tuple[dict[str, Scalar], list[str]]:
    """Every parameter's value, and what is wrong with what was given, each as `key: what. remedy`."""
    known = ", ".join(sorted(declared)) or "none"
    problems = [
        f"params.{name}: the profile has no such parameter. Remove it, or use one of: {known}."
        for name in sorted(set(given) - set(declared))
    ]
    chosen: dict[str, Scalar] = {}
    for name, param in declared.items():
        if name not in given and param.required:
            about = f": {param.about}" if param.about else ""
            problems.append(f"params.{name}: is required and missing. Add it{about}.")
            continue
        value = given.get(name, param.default)
        wrong = param.problem_with(value) if value is not None else ""
        if wrong:
            problems.append(f"params.{name} = {value!r}: {wrong}. Correct it.")
        elif value is not None:
            chosen[name] = value
    return chosen, problems


def fill(data: Any, values: Mapping[str, Scalar]) -> Any:  # noqa: ANN401 TOML may hold anything
    """`data` with every placeholder that has a value replaced, all the way down."""
    if isinstance(data, dict):
        return {key: fill(item, values) for key, item in data.items()}
    if isinstance(data, list):
        return [fill(item, values) for item in data]
    return _fill_text(data, values) if isinstance(data, str) else data


def _fill_text(text: str, values: Mapping[str, Scalar]) -> Scalar:
    whole = NAME.fullmatch(text)
    if whole and whole[1] in values:
        return values[whole[1]]
    filled = NAME.sub(lambda name: str(values.get(name[1], name[0])), text)
    if filled == text or " " not in filled:
        return filled
    try:
        result = evaluate(filled, {})
    except (ValueError, UnknownValueError):
        return filled
    return int(result) if result.is_integer() else result


def _plain_topic(topic: str) -> bool:
    return bool(topic) and topic == topic.strip() and not (set(topic) & set("+#")) and topic.strip("/") == topic
