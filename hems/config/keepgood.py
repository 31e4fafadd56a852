"""The copy of the last site file that worked."""

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from hems.config.site_file import SiteFile
from hems.config.whole import write_whole


def keep_good(site_file: SiteFile, last_good: Path) -> None:
    """Keep the file that has just proven itself, unless it has been changed since; a failure is not worth an alarm."""
    with suppress(OSError):
        data = site_file.path.read_bytes()
        same = last_good.exists() and last_good.read_bytes() == data
        if sha256(data).hexdigest() == site_file.digest and not same:
            write_whole(last_good, data)
