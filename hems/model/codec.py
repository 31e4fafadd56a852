"""Values to JSON and back: one codec for the socket, the journal and the state that survives a restart.

Driven by the type annotations, so that a new field needs no new code.  What it can carry: None, bool, int, float
(infinities too), str, enums, date-times, frozen dataclasses and named tuples (generic ones such as `Reading[float]`
included), tuples, frozen sets, mappings keyed by strings, numbers or enums, and unions whose members look different in
JSON.

Tolerant in time, strict in type: a key that this program does not know is passed over and a missing one takes the
field's default, so that an older or newer peer is understood; a value of the wrong type is an error.
"""
# ruff: noqa: ANN401  (annotations and JSON are known only when read)

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache, partial
from math import isfinite
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Plain = None | bool | int | float | str | list[Any] | dict[str, Any]
"""What the `json` module can write."""

ODD_FLOAT = "$float"
"""Marks a float that JSON has no word for: `{"$float": "-inf"}`."""
Writer = Callable[[Any], Plain]
Reader = Callable[[Any], Any]
Bound = Mapping[Any, Any]
_WRITERS: dict[type, Writer] = {}


def to_plain(value: object) -> Plain:
    """The JSON-able form of a value.  Raises: TypeError for a kind of value it cannot carry."""
    cls = value.__class__
    return (_WRITERS.get(cls) or _writer(cls))(value)


def from_plain(cls: type[T], plain: object) -> T:
    """The value of type `cls` that `to_plain` made `plain` from.  Raises: ValueError, naming the field."""
    value: T = _reader(cls, {})(plain)
    return value


# Writing: how a value is written depends on its class alone, and is found out once for each.


def _writer(cls: type) -> Writer:
    found = _WRITERS[cls] = _found_writer(cls)
    return found


def _found_writer(cls: type) -> Writer:
    if issubclass(cls, Enum):
        return lambda value: to_plain(value.value)
    if issubclass(cls, float):
        return lambda value: value if isfinite(value) else {ODD_FLOAT: str(value)}
    if issubclass(cls, NoneType | bool | int | str):
        return lambda value: value
    if issubclass(cls, datetime):
        return lambda value: value.isoformat()
    if is_dataclass(cls):
        names = tuple(field.name for field in fields(cls))
        return lambda value: {name: to_plain(getattr(value, name)) for name in names}
    if _is_named_tuple(cls):
        return lambda value: {name: to_plain(member) for name, member in zip(_names(cls), value, strict=True)}
    if issubclass(cls, Mapping):
        return lambda value: {_key_to_text(key): to_plain(member) for key, member in value.items()}
    if issubclass(cls, tuple | list):
        return lambda value: [to_plain(member) for member in value]
    if issubclass(cls, AbstractSet):
        return lambda value: sorted((to_plain(member) for member in value), key=str)
    raise TypeError(f"cannot write {cls.__name__} as JSON")


def _key_to_text(key: object) -> str:
    plain = to_plain(key)
    if isinstance(plain, bool) or not isinstance(plain, str | int | float):
        raise TypeError(f"cannot use {type(key).__name__} as a JSON key")
    return str(plain)


# Reading: how a value is read depends on its annotation alone, and is found out once for each class.


def _reader(hint: Any, bound: Bound) -> Reader:
    """By annotation; `bound` holds what the type variables of a generic dataclass stand for."""
    if isinstance(hint, TypeVar):
        hint = bound.get(hint, Any)
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    if hint is Any or hint is object:
        return _odd_float
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Union or origin is UnionType:
        return _union_reader(arguments, bound)
    if origin is None:
        return _fields_reader(hint, ()) if _has_fields(hint) else partial(_read_simple, hint)
    if _has_fields(origin):
        names = getattr(origin, "__parameters__", ())
        return _fields_reader(origin, tuple((n, bound.get(one, one)) for n, one in zip(names, arguments, strict=True)))
    if issubclass(origin, Mapping):
        return partial(_read_mapping, _key_reader(arguments[0]), _reader(arguments[1], bound))
    if issubclass(origin, tuple) and arguments[-1:] != (Ellipsis,):
        return partial(_read_members, [_reader(one, bound) for one in arguments])
    if issubclass(origin, tuple | AbstractSet):
        return partial(_read_list, _reader(arguments[0], bound), tuple if issubclass(origin, tuple) else frozenset)
    raise ValueError(f"cannot read {origin.__name__} from JSON")


def _read_simple(hint: type, plain: Any) -> Any:
    if hint is NoneType and plain is None:
        return None
    if issubclass(hint, Enum):
        return hint(plain)
    if hint is float:
        number = _odd_float(plain)
        if isinstance(number, int | float) and not isinstance(number, bool):
            return _as_float(number)
    if hint is datetime and isinstance(plain, str):
        return datetime.fromisoformat(plain)
    if hint in (bool, int, str) and type(plain) is hint:
        return plain
    raise ValueError(f"expected {hint.__name__}, found {type(plain).__name__}")


def _union_reader(members: tuple[Any, ...], bound: Bound) -> Reader:
    """The first member that fits; members that would take another's value (float an int's) stand behind it."""
    names = ", ".join(getattr(member, "__name__", str(member)) for member in members)
    ordered = sorted(members, key=lambda member: bound.get(member, member) is float)
    readers = [_reader(member, bound) for member in ordered]

    def read(plain: Any) -> Any:
        if plain is None and NoneType in members:
            return None
        for reader in readers:
            try:
                return reader(plain)
            except ValueError:
                continue
        raise ValueError(f"expected one of {names}, found {plain!r}")

    return read


def _read_members(readers: list[Reader], plain: Any) -> tuple[Any, ...]:
    if len(_listed(plain)) != len(readers):
        raise ValueError(f"expected {len(readers)} values, found {len(plain)}")
    return tuple(reader(value) for reader, value in zip(readers, plain, strict=True))


def _read_list(reader: Reader, made: Callable[[Iterable[Any]], Any], plain: Any) -> Any:
    return made(map(reader, _listed(plain)))


def _listed(plain: Any) -> list[Any]:
    if not isinstance(plain, list):
        raise ValueError(f"expected a list, found {type(plain).__name__}")
    return plain


def _read_mapping(key_of: Reader, reader: Reader, plain: Any) -> dict[Any, Any]:
    if not isinstance(plain, dict):
        raise ValueError(f"expected an object, found {type(plain).__name__}")
    decoded = {}
    for key, value in plain.items():
        try:
            decoded[key_of(key)] = reader(value)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error
    return decoded


def _key_reader(hint: Any) -> Reader:
    """JSON keys are strings; numbers and number enums come back as what they were."""
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    if hint in (int, float):
        return lambda text: hint(text)
    if isinstance(hint, type) and issubclass(hint, Enum):
        by_text = {str(member.value): member for member in hint}
        return lambda text: by_text[text] if text in by_text else hint(text)
    return lambda text: text


@cache
def _fields_reader(cls: Any, bound: tuple[tuple[Any, Any], ...]) -> Reader:
    """A class with fields, which are looked at when the first value comes: one may hold others of its own class."""
    known: list[tuple[str, Reader, bool]] | None = None

    def read(plain: Any) -> Any:
        nonlocal known
        if not isinstance(plain, dict):
            raise ValueError(f"expected an object for {cls.__name__}, found {type(plain).__name__}")
        if known is None:
            known = [(name, _reader(hint, dict(bound)), optional) for name, hint, optional in _typed_fields(cls)]
        values = {}
        for name, reader, optional in known:
            if name not in plain:
                if not optional:
                    raise ValueError(f"{cls.__name__} lacks {name}")
                continue
            try:
                values[name] = reader(plain[name])
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        return cls(**values)

    return read


def _has_fields(cls: Any) -> bool:
    return isinstance(cls, type) and (is_dataclass(cls) or _is_named_tuple(cls))


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _names(cls: Any) -> tuple[str, ...]:
    names: tuple[str, ...] = cls._fields
    return names


def _typed_fields(cls: Any) -> tuple[tuple[str, Any, bool], ...]:
    """Each field with its annotation, and whether it may be left out."""
    hints = get_type_hints(cls)
    if _is_named_tuple(cls):
        return tuple((name, hints[name], name in cls._field_defaults) for name in _names(cls))
    return tuple((field.name, hints[field.name], _has_default(field)) for field in fields(cls) if field.init)


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # JSON sets whole numbers no limit
        raise ValueError("expected float, found a number that is too large for one") from None


def _odd_float(plain: Any) -> Any:
    if isinstance(plain, dict) and plain.keys() == {ODD_FLOAT}:
        return float(plain[ODD_FLOAT])
    return plain
