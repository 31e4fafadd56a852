"""What `hems check FILE` prints."""

from collections.abc import Mapping
from pathlib import Path

from hems.config.load import load
from hems.model.errors import ConfigError
from hems.ports.device import DriverFactory


def report(path: Path, factories: Mapping[str, DriverFactory]) -> tuple[list[str], list[str]]:
    """Problems and notices of the site file at `path`, one sentence each; no problem means that it can be used."""
    try:
        return [], list(load(path, factories).notices)
    except ConfigError as error:
        return list(error.problems), []
