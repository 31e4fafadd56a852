"""A site file for the bench: the shipped one with other links and other places to keep its things."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hems.sim.rig import laid_over

Table = Mapping[str, Any]


def relinked(text: str, links: Mapping[str, str], where: Path, *, short: bool) -> str:
    """`text` with each device's link replaced by the bench's, running in `where`, with shortened times if `short`.

    Raises: KeyError when the bench lacks a device of the file.
    """
    table = tomllib.loads(text)
    for device, settings in table["devices"].items():
        start = text.index(f"[devices.{device}]")
        text = text[:start] + text[start:].replace(f'"{settings["link"]}"', f'"{links[device]}"', 1)
    if short:
        text = 'times = "short"\n' + re.sub(r'^times = ".*"$', "", text, count=1, flags=re.MULTILINE)
    places = f'state_dir = "{where / "state"}"\nrun_dir = "{where / "run"}"\n'
    return text.replace("[settings]\n", f"[settings]\n{places}", 1)


def overlaid(text: str, over: Table) -> str:
    """A site file with the tables of `over` laid over its own; as it is, comments and all, when there are none."""
    return "\n".join(_lines(laid_over(tomllib.loads(text), over))) + "\n" if over else text


def _lines(table: Table, path: str = "") -> Iterator[str]:
    """As TOML: the plain values of a table first, then the tables in it."""
    if path and (not table or any(not isinstance(value, Mapping) for value in table.values())):
        yield f"[{path}]"
    for key, value in table.items():
        if not isinstance(value, Mapping):
            yield f"{key} = {json.dumps(value)}"
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{path}.{key}" if path else key)
