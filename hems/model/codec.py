"""Values to JSON and back: one codec for the socket, the journal and the state that survives a restart.

Driven by the type annotations, so that a new field needs no new code.  What it can carry: None, bool, int, float
(infinities too), str, enums, date-times, frozen dataclasses and named tuples (generic ones such as `Reading[float]`
included), tuples, frozen sets, mappings keyed by strings, numbers or enums, and unions whose members look different in
JSON.

Tolerant in time, strict in type: a key that this program does not know is passed over and a missing one takes the
field's default, so that an older or newer peer is understood; a value of the wrong type is an error.
"""
# ruff: noqa: ANN401  (annotations and JSON are known only when read)

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Plain = None | bool | int | float | str | list[Any] | dict[str, Any]
"""What the `json` module can write."""

ODD_FLOAT = "$float"
"""Marks a float that JSON has no word for: `{"$float": "-inf"}`."""


def to_plain(value: object) -> Plain:
    """The JSON-able form of a value.  Raises: TypeError for a kind of value it cannot carry."""
    if isinstance(value, Enum):
        return to_plain(value.value)
    if isinstance(value, float):
        return value if isfinite(value) else {ODD_FLOAT: str(value)}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple) and _is_named_tuple(type(value)):
        return {name: to_plain(member) for name, member in zip(_names(type(value)), value, strict=True)}
    if isinstance(value, Mapping):
        return {_key_to_text(key): to_plain(member) for key, member in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(member) for member in value]
    if isinstance(value, AbstractSet):
        return sorted((to_plain(member) for member in value), key=str)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def from_plain(cls: type[T], plain: object) -> T:
    """The value of type `cls` that `to_plain` made `plain` from.  Raises: ValueError, naming the field."""
    value: T = _decode(cls, plain, {})
    return value


def _key_to_text(key: object) -> str:
    plain = to_plain(key)
    if isinstance(plain, bool) or not isinstance(plain, str | int | float):
        raise TypeError(f"cannot use {type(key).__name__} as a JSON key")
    return str(plain)


def _decode(hint: Any, plain: Any, bound: Mapping[Any, Any]) -> Any:
    """Decode by annotation; `bound` holds what the type variables of a generic dataclass stand for."""
    if isinstance(hint, TypeVar):
        hint = bound.get(hint, Any)
    if isinstance(hint, NewType):
        return _decode(hint.__supertype__, plain, bound)
    if hint is Any or hint is object:
        return _odd_float(plain)
    origin = get_origin(hint)
    if origin is Union or origin is UnionType:
        return _decode_union(get_args(hint), plain, bound)
    if origin is not None:
        return _decode_generic(hint, origin, plain, bound)
    return _decode_simple(hint, plain)


def _decode_simple(hint: type, plain: Any) -> Any:
    if hint is NoneType and plain is None:
        return None
    if _has_fields(hint):
        return _decode_fields(hint, plain, {})
    if issubclass(hint, Enum):
        return hint(plain)
    if hint is float:
        number = _odd_float(plain)
        if isinstance(number, int | float) and not isinstance(number, bool):
            return float(number)
    if hint is datetime and isinstance(plain, str):
        return datetime.fromisoformat(plain)
    if hint in (bool, int, str) and type(plain) is hint:
        return plain
    raise ValueError(f"expected {hint.__name__}, found {type(plain).__name__}")


def _decode_union(members: tuple[Any, ...], plain: Any, bound: Mapping[Any, Any]) -> Any:
    """The first member that fits; members that would take another's value (float an int's) stand behind it."""
    for member in sorted(members, key=lambda member: bound.get(member, member) is float):
        try:
            return _decode(member, plain, bound)
        except ValueError:
            continue
    names = ", ".join(getattr(member, "__name__", str(member)) for member in members)
    raise ValueError(f"expected one of {names}, found {plain!r}")


def _decode_generic(hint: Any, origin: Any, plain: Any, bound: Mapping[Any, Any]) -> Any:
    arguments = get_args(hint)
    if _has_fields(origin):
        names = getattr(origin, "__parameters__", ())
        inner = {name: bound.get(argument, argument) for name, argument in zip(names, arguments, strict=True)}
        return _decode_fields(origin, plain, inner)
    if issubclass(origin, Mapping):
        return _decode_mapping(arguments[0], arguments[1], plain, bound)
    if not isinstance(plain, list):
        raise ValueError(f"expected a list, found {type(plain).__name__}")
    if issubclass(origin, tuple) and arguments[-1:] != (Ellipsis,):
        if len(plain) != len(arguments):
            raise ValueError(f"expected {len(arguments)} values, found {len(plain)}")
        return tuple(_decode(member, value, bound) for member, value in zip(arguments, plain, strict=True))
    if issubclass(origin, tuple | AbstractSet):
        members = (_decode(arguments[0], value, bound) for value in plain)
        return tuple(members) if issubclass(origin, tuple) else frozenset(members)
    raise ValueError(f"cannot read {origin.__name__} from JSON")


def _decode_mapping(key_hint: Any, value_hint: Any, plain: Any, bound: Mapping[Any, Any]) -> dict[Any, Any]:
    if not isinstance(plain, dict):
        raise ValueError(f"expected an object, found {type(plain).__name__}")
    decoded = {}
    for key, value in plain.items():
        try:
            decoded[_decode_key(key_hint, key)] = _decode(value_hint, value, bound)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error
    return decoded


def _decode_key(hint: Any, text: str) -> Any:
    """JSON keys are strings; numbers and number enums come back as what they were."""
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    if hint in (int, float):
        return hint(text)
    if isinstance(hint, type) and issubclass(hint, Enum):
        by_text = {str(member.value): member for member in hint}
        return by_text[text] if text in by_text else hint(text)
    return text


def _decode_fields(cls: Any, plain: Any, bound: Mapping[Any, Any]) -> Any:
    if not isinstance(plain, dict):
        raise ValueError(f"expected an object for {cls.__name__}, found {type(plain).__name__}")
    values = {}
    for name, hint, optional in _typed_fields(cls):
        if name not in plain:
            if not optional:
                raise ValueError(f"{cls.__name__} lacks {name}")
            continue
        try:
            values[name] = _decode(hint, plain[name], bound)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return cls(**values)


def _has_fields(cls: Any) -> bool:
    return isinstance(cls, type) and (is_dataclass(cls) or _is_named_tuple(cls))


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _names(cls: Any) -> tuple[str, ...]:
    names: tuple[str, ...] = cls._fields
    return names


@lru_cache(maxsize=256)
def _typed_fields(cls: Any) -> tuple[tuple[str, Any, bool], ...]:
    """Each field with its annotation, and whether it may be left out."""
    hints = get_type_hints(cls)
    if _is_named_tuple(cls):
        return tuple((name, hints[name], name in cls._field_defaults) for name in _names(cls))
    return tuple((field.name, hints[field.name], _has_default(field)) for field in fields(cls) if field.init)


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _odd_float(plain: Any) -> Any:
    if isinstance(plain, dict) and plain.keys() == {ODD_FLOAT}:
        return float(plain[ODD_FLOAT])
    return plain
