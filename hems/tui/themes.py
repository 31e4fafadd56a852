"""How the screen is coloured: grey while all is well, and three colours for what is not, safe for the colour-blind.

A theme has no say in what is shown: marks and words carry every meaning, so `mono` loses nothing.
"""

from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

Colours = Mapping[str, str]

DARK: Colours = {
    "hems-ground": "#1c1c1c",
    "hems-plain": "#c6c6c6",
    "hems-strong": "#ffffff",
    "hems-old": "#808080",
    "hems-high-text": "#1c1c1c",
    "hems-high": "#d55e00",
    "hems-med": "#f0e442",
    "hems-low": "#56b4e9",
}
"""Okabe and Ito's colours."""
LIGHT: Colours = {
    "hems-ground": "#f4f4f4",
    "hems-plain": "#303030",
    "hems-strong": "#000000",
    "hems-old": "#6c6c6c",
    "hems-high-text": "#ffffff",
    "hems-high": "#a03c00",
    "hems-med": "#7a4d00",
    "hems-low": "#00567f",
}
"""The same hues, dark enough for a light ground."""
MONO: Colours = {
    "hems-ground": "#000000",
    "hems-plain": "#c0c0c0",
    "hems-strong": "#ffffff",
    "hems-old": "#808080",
    "hems-high-text": "#000000",
    "hems-high": "#ffffff",
    "hems-med": "#ffffff",
    "hems-low": "#c0c0c0",
}
"""For a display without colours; what is urgent is shown reversed."""

ANSI: Colours = {
    "hems-ground": "ansi_default",
    "hems-plain": "ansi_default",
    "hems-strong": "ansi_default",
    "hems-old": "ansi_default",
    "hems-high-text": "ansi_black",
    "hems-high": "ansi_white",
    "hems-med": "ansi_yellow",
    "hems-low": "ansi_cyan",
}
"""The terminal's own sixteen colours without the bright ones, which a Linux console does not show; bold and reverse."""

COLOURS: Mapping[str, Colours] = {"dark": DARK, "light": LIGHT, "mono": MONO, "ansi": ANSI}


def themes() -> list[Theme]:
    """All of them, as the toolkit wants them."""
    return [
        Theme(
            name=f"hems-{name}",
            primary=colours["hems-plain"],
            foreground=colours["hems-plain"],
            background=colours["hems-ground"],
            surface=colours["hems-ground"],
            dark=name != "light",
            ansi=name == "ansi",
            variables={**(BUILTIN_THEMES["ansi-dark"].variables if name == "ansi" else {}), **colours},
        )
        for name, colours in COLOURS.items()
    ]
