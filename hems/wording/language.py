"""The reader's language: gettext with the catalogues beside this file, English where there is none.

Messages are marked where they stand with `N_` and translated when they are used.  A catalogue is
`locale/LANGUAGE/LC_MESSAGES/hems.mo`; the reader's language is LANGUAGE of the environment, else that of the building's
site file, else LC_ALL, LC_MESSAGES or LANG.
"""

import os
from collections.abc import Sequence
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

Forms = tuple[str, ...]
"""Ways to say one thing, the most telling first."""
CATALOGUES = Path(__file__).parent / "locale"


def N_(message: str) -> str:  # noqa: N802  (gettext's own name, which extraction tools look for)
    """Marks a message for translation and leaves it as it is."""
    return message


@cache
def catalogue(folder: Path = CATALOGUES, languages: Sequence[str] | None = None) -> NullTranslations:
    """The translations of the first language that has some; English otherwise."""
    return translation("hems", folder, languages, fallback=True)


class _Building:
    """What the building's people read, once that is known."""

    languages: tuple[str, ...] | None = None


def use(language: str) -> None:
    """Speak the building's language from now on, unless the reader asks for one by LANGUAGE; empty: the reader's."""
    _Building.languages = (language,) if language and not os.environ.get("LANGUAGE") else None


def translated(message: str) -> str:
    """A marked message in the reader's language."""
    return catalogue(languages=_Building.languages).gettext(message) if message else ""


def say(message: str, **facts: object) -> str:
    """A message of a screen in the reader's language, with its facts filled in: `say("{count} alarms", count=3)`."""
    told = translated(message)
    return told.format(**facts) if facts else told
