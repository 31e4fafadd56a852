"""The screen computes nothing: no sums, no thresholds, no units; what is shown has been worked out by the daemon."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ARITHMETIC = (ast.Mult, ast.Div, ast.Pow, ast.MatMult)
PHYSICAL = ("_w", "_wh", "_pct", "_v", "_hz", "_va", "_c", "_dose")
"""Endings of names that hold a quantity of the building."""
TOTALS = {"sum", "min", "max", "mean", "fmean", "round", "abs"}


def quantities(node: ast.AST) -> Iterator[str]:
    """Names of quantities inside an expression."""
    for one in ast.walk(node):
        name = one.attr if isinstance(one, ast.Attribute) else one.id if isinstance(one, ast.Name) else ""
        if name.endswith(PHYSICAL) and not name.isupper():
            yield name


def offences(tree: ast.AST) -> Iterator[str]:
    """Where a quantity is reckoned with or judged."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mod | ast.BitOr):
            found = [*quantities(node.left), *quantities(node.right)]
            if found:
                yield f"{node.lineno}: reckons with {', '.join(found)}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TOTALS:
            found = [name for arg in node.args for name in quantities(arg)]
            if found:
                yield f"{node.lineno}: {node.func.id} of {', '.join(found)}"
        if isinstance(node, ast.Compare) and any(
            isinstance(op, ast.Lt | ast.Gt | ast.LtE | ast.GtE) for op in node.ops
        ):
            sides = [node.left, *node.comparators]
            limits = [one.value for one in sides if isinstance(one, ast.Constant) and one.value not in (0, 0.0)]
            found = [name for one in sides for name in quantities(one)]
            if found and limits:
                yield f"{node.lineno}: a threshold for {', '.join(found)}"


def test_no_widget_reckons_with_a_quantity_of_the_building(checkout: Path) -> None:
    found = [
        f"{path.relative_to(checkout)}:{offence}"
        for path in sorted((checkout / "hems" / "tui").rglob("*.py"))
        for offence in offences(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    ["total = picture.pv_w + picture.battery_w", "kw = load_w / 1000", "x = sum(car.power_w for car in cars)",
     "if soc_pct < 20.0: pass"],
)  # fmt: skip
def test_it_would_be_seen(line: str) -> None:
    assert list(offences(ast.parse(line))) != []


def test_widgets_know_nothing_of_control(checkout: Path) -> None:
    imported = {
        node.module or ""
        for path in (checkout / "hems" / "tui").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    assert [name for name in imported if name.startswith(("hems.control", "hems.runtime", "hems.store"))] == []
