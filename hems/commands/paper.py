"""A sheet as a person asked for it: as text on the screen, or as one HTML file for a browser and its printer."""

from pathlib import Path

from hems.model.errors import HemsError
from hems.report.sheet import Sheet, as_html, as_text
from hems.wording.language import say


def hand_out(sheet: Sheet, html: Path | None) -> int:
    """The exit code.  Raises: HemsError when the file cannot be written."""
    if html is None:
        print(as_text(sheet), end="")
        return 0
    write(html, as_html(sheet))
    print(say("Written to {path}. Open it in a browser and print it.", path=html))
    return 0


def write(path: Path, text: str) -> None:
    """A file that a person has named.  Raises: HemsError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        told = say("{path} cannot be written: {why}. Name another file.", path=path, why=error.strerror)
        raise HemsError(told) from error
