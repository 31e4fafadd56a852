"""A site file that cannot be used never stops a start: the last one that ran takes its place, with an alarm."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hems.config.load import load
from hems.config.site_file import SiteFile
from hems.model.errors import ConfigError
from hems.ports.device import DriverFactory

log = logging.getLogger(__name__)


def load_or_last_good(path: Path, last_good: Path | None, factories: Mapping[str, DriverFactory]) -> SiteFile:
    """The site file at `path`; where it cannot be used, the copy at `last_good` with `refused` saying why.

    Raises: ConfigError about `path`, where there is no copy that can be used.
    """
    try:
        return load(path, factories)
    except ConfigError as error:
        if last_good is None:
            raise
        try:
            before = load(last_good, factories)
        except ConfigError:
            raise error from None
        for problem in error.problems:
            log.error("%s", problem)
        more = f", one of {len(error.problems)} mistakes" if len(error.problems) > 1 else ""
        first = error.problems[0].rstrip(".")
        said = "HEMS runs with the last site file that worked. Correct it: hems config apply FILE."
        return replace(before, refused=f"{first}{more}. {said}")
