"""A short place for sockets: the kernel keeps 107 bytes of their path."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def run_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hems-") as name:
        yield Path(name)
