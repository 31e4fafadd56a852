"""What is wrong with a site file, as one sentence that names file, line, key, value and remedy."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

Path = tuple[str | int, ...]
"""Where something stands: `("circuits", "laundry", "phases", 0)`."""

LONGEST_SHOWN = 60
UNKNOWN_KEY = " is not a key known here"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, or one thing worth knowing, about one key."""

    where: Path
    text: str
    """What follows the key's name: value, what is wrong with it, what to do; ends with a full stop."""
    involves: tuple[Path, ...] = ()
    """Other keys whose values led to it, or that were meant.  When one of those that led to it is itself mistaken, this
    one is only a consequence."""
    whole: bool = False
    """Whether `text` names the key itself, as sentences of drivers do."""

    def sentence(self, file: str, lines: Mapping[Path, int]) -> str:
        """The whole sentence; the line is that of the key, or of the nearest table around it that is written."""
        line = line_of(self.where, lines)
        place = f"{file}, line {line}" if line else file
        return f"{place}: {self.text}" if self.whole else f"{place}: {dotted(self.where)}{self.text}"

    def follows_from(self, mistaken: frozenset[Path]) -> bool:
        """Whether a key it rests on is mistaken already."""
        return any(key[: len(bad)] == bad for key in (self.where, *self.involves) for bad in mistaken)


def wrong(where: Path, value: object, why: str, remedy: str, *involves: Path) -> Problem:
    """A key whose value cannot be used: `circuits.lift.tier = "lifesafe" is not a tier; write "life safety".`."""
    return Problem(where, f" = {shown(value)} {why}; {remedy}.", involves)


def absent(where: Path, remedy: str, *involves: Path) -> Problem:
    """A key that is needed and not there."""
    return Problem(where, f" is missing; {remedy}.", involves)


def unknown_key(where: Path, known: Iterable[str]) -> Problem:
    """A key that nobody asked for, with the nearest that somebody does."""
    names = list(known)
    near = nearest(str(where[-1]), names)
    remedy = f"write {near} instead" if near else f"remove it, or use one of: {', '.join(names)}"
    meant: tuple[Path, ...] = ((*where[:-1], near),) if near else ()
    return Problem(where, f"{UNKNOWN_KEY}; {remedy}.", meant)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most likely was meant to be."""
    candidates = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), candidates, n=1, cutoff=0.6)
    return candidates[found[0]] if found else None


def one_of(names: Sequence[str]) -> str:
    """Names as a choice: `"eu", "au" or "canada"`."""
    quoted = [shown(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def dotted(where: Path) -> str:
    """The key as a person writes it: `former.curve[1]`; a key that needs quotes gets them."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if part.replace("_", "").replace("-", "").isalnum() else shown(part))
    return text


def shown(value: object) -> str:
    """A value as it stands in the file, cut when it is long."""
    if isinstance(value, dict):
        return "a table"
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:  # an integer of thousands of digits
        text = "a number of absurd length"
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def line_of(where: Path, lines: Mapping[Path, int]) -> int | None:
    """Line of the key, else of the nearest enclosing key that is written somewhere."""
    return next((lines[where[:size]] for size in range(len(where), 0, -1) if where[:size] in lines), None)
