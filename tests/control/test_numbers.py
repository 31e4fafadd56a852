"""Every number that decides is on record: at the head of a rule, where a memory begins, and in a demonstration's waits.

What a site may tune is on a page of its own, `docs/numbers.md`.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import FunctionType, ModuleType

import hems.control
from hems.control.params import Params, differences, shortened
from tests.kept import assert_as_kept

KEPT = Path(__file__).with_name("numbers.txt")


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(hems.control.__path__, "hems.control."):
        if not found.ispkg and ".tuning." not in found.name:
            yield importlib.import_module(found.name)


def heads(module: ModuleType) -> Iterator[str]:
    """What stands at the head of a module: names in capitals, in their order."""
    for node in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for name in (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)):
            value = vars(module)[name]
            if name.isupper() and shown(value):
                yield f"{name} = {shown(value)}"


def begins(module: ModuleType) -> Iterator[str]:
    """What the values of a module are when nobody has said anything."""
    for kind in vars(module).values():
        if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__:
            for one in fields(kind):
                if one.default is not MISSING and shown(one.default):
                    yield f"{kind.__name__}.{one.name} = {shown(one.default)}"


def shown(value: object) -> str:
    """As text that is the same each time; nothing for what is no value."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{shown(key)}: {shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(shown, value)) + ")"
    if is_dataclass(value) or isinstance(value, FunctionType):
        return getattr(value, "__qualname__", type(value).__name__)
    return ""


def test_numbers_that_decide_are_those_on_record():
    told = [
        f"{module.__name__.removeprefix('hems.control.')}: {line}"
        for module in modules()
        for line in (*heads(module), *begins(module))
    ]
    short = differences(shortened(Params()), Params())
    told += [f"params: shortened {name} = {used}" for name, (used, _) in short.items()]
    assert_as_kept(KEPT, "\n".join(told) + "\n", "a number that decides has changed")
