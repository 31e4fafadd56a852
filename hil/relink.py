"""A site file for the bench: the shipped one with other links and other places to keep its things."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path


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
