"""What a start needs of site file and profiles, read and checked in a process that ends.

Checking takes a library, its tables and as many megabytes as control itself; what comes of it is a few kilobytes.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hems.config.site_file import SiteFile
from hems.model.errors import ConfigError
from hems.ports.device import DriverFactory, Portable
from hems.runtime.apart import apart

NAMED = re.compile(r"""^\s*driver\s*=\s*["']([\w-]+)["']""", re.MULTILINE)
"""How a site file names a driver, as far as can be seen without reading it."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read."""

    site_file: SiteFile
    known: Mapping[str, object]
    """What each driver knows of the devices of this site."""


def begun(
    site: Path, last_good: Path | None, drivers: Mapping[str, DriverFactory]
) -> Callable[[], tuple[SiteFile, Callable[[], str]]]:
    """Begin to read; what is returned waits for it, and has the drivers know what was read.  Raises: ConfigError.

    With the site file comes what waits for the paper for the panel door, which control does not.
    """
    _import_named(site, drivers)
    done = apart(lambda: _read(site, last_good, drivers), lambda read: _card(read, drivers))

    def believed() -> tuple[SiteFile, Callable[[], str]]:
        read, card = done()
        for name, known in read.known.items():
            driver = drivers[name]
            if isinstance(driver, Portable):
                driver.believe(known)
        return read.site_file, card

    return believed


def _import_named(site: Path, drivers: Mapping[str, DriverFactory]) -> None:
    """Import once what both processes need: half of what each would import by itself.

    Whatever is missed here is imported, and what is wrong is told, where the file is read.
    """
    with suppress(OSError, UnicodeDecodeError, ConfigError):
        for name in sorted(drivers.keys() & NAMED.findall(site.read_text(encoding="utf-8"))):
            drivers[name]


def _read(site: Path, last_good: Path | None, drivers: Mapping[str, DriverFactory]) -> Read:
    from hems.config.lastgood import load_or_last_good
    from hems.wording.language import use

    site_file = load_or_last_good(site, last_good, drivers)
    use(site_file.site.language)
    known, devices = dict[str, object](), site_file.wiring.devices
    for name in dict.fromkeys(spec.driver for spec in devices):
        driver = drivers[name]
        if isinstance(driver, Portable):
            known[name] = driver.known([spec for spec in devices if spec.driver == name])
    return Read(site_file, known)


def _card(read: Read, drivers: Mapping[str, DriverFactory]) -> str:
    from hems.report.panel_card import card_of

    return card_of(read.site_file, drivers)
