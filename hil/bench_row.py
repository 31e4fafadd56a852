"""One figure of `hems bench` beside its yardstick, and the table of all of them as text, Markdown, HTML and JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from statistics import median

from hems.model.errors import HemsError

NOISE = 2.0
"""If single turns of a yardstick are so far apart, a figure beside it says nothing."""
HEAD = ("what", "beside", "measured", "is", "at least", "aim", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured; without a bound it is only told."""

    what: str
    yardstick: str = ""
    figure: str
    """In units of its own, as a person reads it."""
    value: float | None = None
    """What is compared with the bounds: a ratio unless `unit` says otherwise."""
    unit: str = "x"
    least: float | None = None
    aim: float | None = None
    more: bool = False
    """Whether more is better."""
    invalid: str = ""
    """Why it says nothing here, if so."""

    @property
    def verdict(self) -> str:
        """In a word or two; a noisy yardstick makes a figure invalid, never bad."""
        if self.invalid:
            return f"invalid: {self.invalid}"
        if self.value is None or self.least is None:
            return ""
        if self._meets(self.aim):
            return "as aimed at"
        return "reached" if self._meets(self.least) else "MISSED"

    @property
    def cells(self) -> tuple[str, ...]:
        """As in `HEAD`."""
        sign = "≥" if self.more else "≤"
        bounds = [f"{sign} {bound:g} {self.unit}" if bound is not None else "" for bound in (self.least, self.aim)]
        value = "" if self.value is None else f"{self.value:.3g} {self.unit}"
        return (self.what, self.yardstick, self.figure, value, *bounds, self.verdict)

    def _meets(self, bound: float | None) -> bool:
        if bound is None or self.value is None:
            return False
        return self.value >= bound if self.more else self.value <= bound


def unmeasured(what: str, why: str) -> Row:
    """A figure that cannot be had on this machine."""
    return Row(what=what, figure="not measured", invalid=why)


def failed(what: str, fault: Exception) -> Row:
    """A figure that was not come to; one of our own sentences needs no name of its kind before it."""
    return unmeasured(what, str(fault) if isinstance(fault, HemsError) else f"{type(fault).__name__}: {fault}")


def noisy(turns: Sequence[float]) -> str:
    """Why a yardstick with these turns says nothing, or nothing."""
    spread = max(turns) / min(turns) if min(turns) > 0.0 else float("inf")
    return f"the yardstick itself varies {spread:.1f}-fold" if spread > NOISE else ""


def paired(ours: Sequence[float], yardstick: Sequence[float]) -> float:
    """The median of the ratios of turns that were taken one right after the other."""
    return median(one / other for one, other in zip(ours, yardstick, strict=True))


def text(row: Row) -> str:
    """One line of a terminal, or two."""
    bounds = "" if row.least is None else f" (at least {row.cells[4]}, aim {row.cells[5]})"
    beside = f" {row.cells[3]} {row.yardstick}{bounds}" if row.value is not None else ""
    return f"{row.what:38} {row.figure}\n{'':39}{beside.strip()}  {row.verdict}".rstrip()


def markdown(rows: Iterable[Row]) -> str:
    """The table."""
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row.cells)} |" for row in rows)]) + "\n"


STYLE = """body{font:15px/1.45 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}
.good{color:#17692f}.bad{color:#a01414;font-weight:bold}.void{color:#777}"""


def html(rows: Iterable[Row], about: str) -> str:
    """A page that needs nothing else; `about` says where and with what it was measured."""
    head = "".join(f"<th>{one}</th>" for one in HEAD)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row.cells[:-1])
        + f'<td class="{_looks(row)}">{escape(row.verdict)}</td></tr>'
        for row in rows
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>HEMS: bench</title><style>{STYLE}</style>'
        f"</head><body><h1>HEMS: what it costs and how fast it is</h1><p>{escape(about)}</p>"
        f"<table><tr>{head}</tr>{body}</table></body></html>\n"
    )


def plain(rows: Iterable[Row], about: str) -> str:
    """For programs."""
    return json.dumps(
        {"about": about, "rows": [asdict(row) | {"verdict": row.verdict} for row in rows]}, indent=1, ensure_ascii=False
    )


def _looks(row: Row) -> str:
    return "void" if row.invalid else "bad" if row.verdict == "MISSED" else "good"
