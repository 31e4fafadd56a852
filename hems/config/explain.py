"""What pydantic found, said to the person who wrote the file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hems.config.problem import UNKNOWN_KEY, Path, Problem, absent, dotted, nearest, one_of, shown, unknown_key, wrong
from hems.config.schema import SiteTable
from hems.config.shape import Tables, field_at, is_table, keys_at
from hems.config.tables.words import IDENTIFIER

KINDS = {
    "float_type": "a number",
    "int_type": "a whole number",
    "string_type": 'text in quotes, as in "text"',
    "bool_type": "true or false",
    "list_type": "a list in square brackets",
    "dict_type": "a table",
    "model_type": "a table",
}
FORMS = {
    "port": ("is not of the form DEVICE/POINT", 'name a device of this file and a point of it, as in "relays/coil_3"'),
    "hour": ("is not a time of day", 'write it as "22:00"'),
    "http": ("is not a web address without name and password", 'write it as "https://HOST/PATH"'),
    "text": ("is not one line of readable text", "write it without control characters"),
}
PATTERNS = {
    "holidays": ("is not a day of the year", 'write month and day as in "12-25", or one day as in "2026-12-25"'),
    "currency": ("is not the short name of a currency", 'write three large letters, as in "EUR"'),
    "topic": ("is not a topic", 'write small letters, digits and _, with / between parts, as in "hems/maple"'),
}
WAY = ("has signs that do not belong there", 'write letters and digits with points between, as in "data.rows"')
NAMES_A_TABLE = ("is not the name of a table", "write a battery or a bay of this file as it stands in its header")


def explain(error: ValidationError, raw: Mapping[str, Any], root: Tables = SiteTable) -> list[Problem]:
    """One problem per mistaken key, in the order of the tables; `root` is what the file as a whole should be."""
    found: dict[Path, Problem] = {}
    for detail in error.errors(include_url=False, include_context=True):
        where = written(detail["loc"], raw, missing=detail["type"] == "missing")
        found.setdefault(where, _problem(detail, where, raw, root))
    meant = {
        (*where[:-1], near) for where, problem in found.items() if (near := _meant(where, problem, root)) is not None
    }
    return [problem for where, problem in found.items() if where not in meant]


def _meant(where: Path, problem: Problem, root: Tables) -> str | None:
    """The key that a misspelt one stands for; that key need not be called missing as well."""
    return nearest(str(where[-1]), keys_at(where[:-1], root)) if problem.text.startswith(UNKNOWN_KEY) else None


def written(loc: Sequence[int | str], raw: Mapping[str, Any], *, missing: bool = False) -> Path:
    """The part of pydantic's location that is in the file; the rest names alternatives of a type."""
    path: list[int | str] = []
    node: Any = raw
    for part in loc:
        inside = isinstance(node, dict) and part in node
        in_list = isinstance(node, list) and isinstance(part, int) and part < len(node)
        if not inside and not in_list:
            return (*path, part) if missing else tuple(path)
        path.append(part)
        node = node[part]
    return tuple(path)


def value_at(where: Path, raw: Mapping[str, Any]) -> object:
    """What the file has at a key that is written in it."""
    node: Any = raw
    for part in where:
        node = node[part]
    return node


def _problem(detail: ErrorDetails, where: Path, raw: Mapping[str, Any], root: Tables) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        table = is_table(where, root)
        return absent(where, f"add the table [{dotted(where)}]" if table else f"add it{_example(where, root)}")
    if detail["loc"][-1:] == ("[key]",):
        return Problem(
            where, " is no name for a table; take a small letter, then small letters, digits and _, at most 40."
        )
    if kind == "extra_forbidden":
        return unknown_key(where, keys_at(where[:-1], root))
    why, remedy = _reason(kind, context, where, detail, root)
    return wrong(where, value_at(where, raw), why, remedy)


def _reason(kind: str, context: Mapping[str, Any], where: Path, detail: ErrorDetails, root: Tables) -> tuple[str, str]:
    if where[:1] == ("devices",) and "params" in where[:-1]:
        return "is not a single value", "write a number, a text in quotes, true or false"
    if kind in KINDS:
        return f"is not {KINDS[kind]}", f"write {KINDS[kind]}{_example(where, root)}"
    if kind == "form":
        return FORMS[str(context["form"])]
    if kind == "string_pattern_mismatch":
        key = next(part for part in reversed(where) if isinstance(part, str))
        return PATTERNS.get(key, NAMES_A_TABLE if IDENTIFIER in context["pattern"] else WAY)
    if kind == "literal_error":
        return _choice(str(detail["input"]), str(context["expected"]))
    return next(
        _limits(kind, context), (f"cannot be used ({detail['msg'].lower()})", f"correct it{_example(where, root)}")
    )


def _choice(given: str, expected: str) -> tuple[str, str]:
    names = expected.replace(" or ", ", ").replace("'", "").split(", ")
    near = nearest(given, names)
    return "is none of the known words", f"write {shown(near)}" if near else f"write {one_of(names)}"


def _limits(kind: str, context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Limits of numbers, lists and texts."""
    match kind:
        case "greater_than_equal":
            yield f"is below the least permitted value {context['ge']:g}", f"write at least {context['ge']:g}"
        case "greater_than":
            yield f"is not above {context['gt']:g}", f"write a value above {context['gt']:g}"
        case "less_than_equal":
            yield f"is above the highest permitted value {context['le']:g}", f"write at most {context['le']:g}"
        case "finite_number":
            yield "is not a finite number", "write a plain number"
        case "string_too_short":
            yield "is empty", "write something"
        case "too_short":
            yield "has too few entries", f"give at least {context['min_length']}"
        case "too_long" | "string_too_long":
            unit = "entries" if kind == "too_long" else "letters"
            yield "is too long", f"give at most {context['max_length']} {unit}"


def _example(where: Path, root: Tables) -> str:
    field = field_at(where, root)
    examples = field.examples if field is not None else None
    if not examples or isinstance(examples[0], dict) or not isinstance(where[-1], str):
        return ""
    return f", for example {where[-1]} = {shown(examples[0])}"
