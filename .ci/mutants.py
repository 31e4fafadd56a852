"""Changes of `hems/control`, one at a time: what they are, and how one is put in place of what was there."""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

HERE = Path(__file__).parents[1]
CONTROL = HERE / "hems/control"
OPERATORS = (
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_GtE", "LtE_Gt", "Gt_LtE", "GtE_Lt")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("BitOr_BitAnd", "BitAnd_BitOr")),
    *(f"ReplaceUnaryOperator_{pair}" for pair in ("USub_UAdd", "Delete_Not")),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot"),
    *("NumberReplacer", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
)


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: str
    operator: str
    occurrence: int
    line: int
    was: str
    now: str


Place = tuple[str, str, int]
"""A module, an operator, and how often it has been applicable before in there."""


def places(module: str) -> Iterator[Place]:
    """Where a module could be changed; some of these changes mean nothing."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator

    nodes = list(ast_nodes(get_ast(path_of(module).read_text(encoding="utf-8"))))
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        count = sum(1 for node in nodes for _ in operator.mutation_positions(node))
        yield from ((module, name, occurrence) for occurrence in range(count))


def mutant(place: Place) -> tuple[Mutant, str] | None:
    """A change of what a module does, with the changed text; None for one that means nothing."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    module, name, occurrence = place
    text = path_of(module).read_text(encoding="utf-8")
    changed = mutate_code(text, get_operator(f"core/{name}")(), occurrence)
    if changed is None or _meaning(changed) in (_meaning(text), None):
        return None
    pairs = zip(text.splitlines(), changed.splitlines(), strict=False)
    line, (was, now) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return Mutant(module, name, occurrence, line, was.strip(), now.strip()), changed


def path_of(module: str) -> Path:
    """Where a module stands."""
    return CONTROL / f"{module.replace('.', '/')}.py"


def name_of(path: Path) -> str:
    """Such as `mode` or `cars.waking`."""
    return ".".join(path.relative_to(CONTROL).with_suffix("").parts)


def _meaning(text: str) -> str | None:
    """What a text does: without types and docstrings; None if it is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call):
                    decorator.keywords = []  # frozen, slots: a style that linters keep, and no decision
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
            for arg in (*node.args.args, *node.args.kwonlyargs):
                arg.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant("type")
    aliases = [one for one in tree.body if isinstance(one, ast.Assign) and isinstance(one.value, ast.Subscript)]
    tree.body = [one for one in tree.body if one not in aliases]  # names of types, such as `Told = list[..]`
    return ast.dump(tree)


class Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Loads one module from a changed text."""

    def __init__(self, module: str, text: str) -> None:
        super().__init__(f"hems.control.{module}", str(path_of(module)))
        self.text = text

    def find_spec(self, fullname: str, *_: Any) -> Any:  # noqa: ANN401
        """This module only."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)  # tests read where it stands

    def get_code(self, fullname: str) -> Any:  # noqa: ANN401
        """Never from a cache."""
        return compile(self.text, self.path, "exec")


def put(module: str, line: int, text: str) -> bool:
    """Whether a function's code was replaced by what a changed text makes of it; False outside of functions."""
    now = sys.modules.get(f"hems.control.{module}")
    old = ast.parse(path_of(module).read_text(encoding="utf-8"))
    around = next((name for name, node in _functions(old) if _within(node, line)), None)
    code = _code(compile(text, str(path_of(module)), "exec"), around)
    found = [one for one in _held(vars(now), around) if one.__module__ == f"hems.control.{module}"] if now else []
    for one in found:
        one.__code__ = code
    return bool(found and code)


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods with their names, those inside of functions left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")


def _within(node: ast.FunctionDef, line: int) -> bool:
    return node.body[0].lineno <= line <= (node.end_lineno or 0)


def _code(code: CodeType, name: str | None) -> CodeType | None:
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    here = next((one for one in inner if one.co_qualname == name), None)
    return here or next((found for one in inner if (found := _code(one, name)) is not None), None)


def _held(names: Mapping[str, Any], name: str | None) -> Iterator[FunctionType]:
    """Functions of that name, out of whatever wraps them."""
    for one in [*names.values()]:
        for bare in (one, *(getattr(one, how, None) for how in ("fget", "__func__", "func", "__wrapped__"))):
            if isinstance(bare, FunctionType) and bare.__code__.co_qualname == name:
                yield bare
        if isinstance(one, type) and name is not None and name.startswith(f"{one.__qualname__}."):
            yield from _held(vars(one), name)
