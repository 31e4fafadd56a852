"""Checks a profile against the types of its sections, and says what is wrong in sentences that name file and key."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from drivers.profile.consistent import Mistakes
from hems.model.errors import ConfigError

KindT = TypeVar("KindT")


def checks(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401  (a class, or several of which one is chosen)
    """What checks a section of this kind; built with its first use."""
    return _built(kind)


_built = cache(TypeAdapter)


def checked(kind: type[KindT], data: object, name: str, prefix: str = "") -> KindT:
    """`data` from the profile `name` as a section of this kind, which stands below `prefix`.

    Raises:
        ConfigError: with one sentence for each problem.
    """
    try:
        found: KindT = checks(kind).validate_python(data)
        return found
    except ValidationError as wrong:
        raise ConfigError(_sentences(name, wrong, prefix)) from wrong


def as_text(section: object) -> str:
    """All of it, the same whenever it says the same."""
    return checks(type(section)).dump_json(section).decode()


def _sentences(name: str, wrong: ValidationError, prefix: str) -> tuple[str, ...]:
    told: list[str] = []
    for error in wrong.errors():
        several = error.get("ctx", {}).get("error")
        if isinstance(several, Mistakes):
            told += (
                f"{name}.toml: {problem.rstrip('?')}{'?' if problem.endswith('?') else '. Correct it.'}"
                for problem in several.problems
            )
        else:
            told.append(_sentence(name, dict(error), prefix))
    return tuple(told)


def _sentence(name: str, error: Mapping[str, Any], prefix: str) -> str:
    key = ".".join(str(part) for part in (*([prefix] if prefix else []), *error["loc"]))
    where = f"{name}.toml: {key}" if key else f"{name}.toml"
    match error["type"]:
        case "missing":
            return f"{where}: is required and missing. Add it."
        case "unexpected_keyword_argument":
            return f"{where} = {error['input']!r}: no such key. Remove it or correct its spelling."
        case "value_error":
            return f"{where}: {error['ctx']['error']}. Correct it."
        case "dataclass_type":
            return f"{where} = {error['input']!r}: must be a table with keys. Correct it."
        case _:
            told = error["msg"].removeprefix("Input ")
            return f"{where} = {error['input']!r}: {told}. Correct it."
