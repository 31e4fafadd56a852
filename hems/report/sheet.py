"""A sheet of paper as values: headings, tables and lists, as text or as one HTML file that needs nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from hems.wording.language import say

WIDTH = 100
BOX = "[ ]"
BLANK = "____"
"""Room to write in."""

STYLE = """
body { font: 10pt/1.35 sans-serif; color: #000; margin: 1.5em; }
h1 { font-size: 16pt; } h2 { font-size: 12pt; margin: 1.4em 0 .3em; border-bottom: 1px solid #000; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid #555; padding: 2px 5px; text-align: left;
vertical-align: top; } th { background: #e8e8e8; } ul { list-style: none; padding-left: 0; }
tr, li { page-break-inside: avoid; } h2 { page-break-after: avoid; }
@media print { body { margin: 0; } @page { size: A4 landscape; margin: 12mm; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One heading with what stands under it."""

    heading: str
    words: Sequence[str] = ()
    """Paragraphs above the table."""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    boxes: Sequence[str] = ()
    """Things to be ticked off."""
    figures: Sequence[str] = ()
    """Plots as SVG, in HTML only: what they show stands in the table as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole paper."""

    title: str
    under: Sequence[str]
    sections: Sequence[Section]


def as_text(sheet: Sheet, screen: int = 0) -> str:
    """For a text printer; or for a `screen` so many columns wide, without what does not fit there."""
    return "\n".join(_text(sheet, screen)) + "\n"


def as_html(sheet: Sheet) -> str:
    """One file without references to anything outside."""
    body = "\n".join(_html(sheet))
    head = f'<meta charset="utf-8"><title>{escape(sheet.title)}</title><style>{STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="{say("en")}"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _text(sheet: Sheet, screen: int) -> Iterator[str]:
    width = screen or WIDTH
    yield sheet.title
    yield "=" * len(sheet.title)
    for line in sheet.under:
        yield from wrap(line, width)
    for section in sheet.sections:
        yield ""
        yield section.heading
        yield "-" * len(section.heading)
        for paragraph in section.words:
            yield from wrap(paragraph, width)
        yield from _text_table(section, screen)
        for box in section.boxes:
            yield from wrap(f"{BOX} {box}", width, subsequent_indent="    ")


def _text_table(section: Section, screen: int) -> Iterator[str]:
    if not section.rows:
        return
    table: Sequence[Sequence[str]] = [section.columns, *section.rows]
    table = _fitting(table, screen) if screen else table
    widths = _widths(table)
    for number, row in enumerate(table):
        yield "  ".join(cell.ljust(room) for cell, room in zip(row, widths, strict=True)).rstrip()
        if number == 0:
            yield "  ".join("-" * room for room in widths)


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(cell) for cell in column) for column in zip(*table, strict=True)]


def _fitting(table: Sequence[Sequence[str]], width: int) -> Sequence[Sequence[str]]:
    """Without as many columns as it takes: first those that are only to be written in, then the last ones."""
    kept = list(range(len(table[0])))
    while len(kept) > 1 and sum(_widths([[row[place] for place in kept] for row in table])) + 2 * len(kept) - 2 > width:
        empty = [place for place in kept if all(row[place] in (BOX, BLANK) for row in table[1:])]
        kept.remove(empty[-1] if empty else kept[-1])
    return [[row[place] for place in kept] for row in table]


def _html(sheet: Sheet) -> Iterator[str]:
    yield f"<h1>{escape(sheet.title)}</h1>"
    for line in sheet.under:
        yield f"<p>{escape(line)}</p>"
    for section in sheet.sections:
        yield from section_html(section)


def section_html(section: Section) -> Iterator[str]:
    """One heading with what stands under it, for a page of one's own."""
    yield f"<h2>{escape(section.heading)}</h2>"
    for paragraph in section.words:
        yield f"<p>{escape(paragraph)}</p>"
    yield from section.figures
    if section.rows:
        yield f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in section.columns)}</tr>"
        for row in section.rows:
            yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        yield "</table>"
    if section.boxes:
        yield f"<ul>{''.join(f'<li>&#9744; {escape(box)}</li>' for box in section.boxes)}</ul>"
