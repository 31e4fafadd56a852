"""What every test may count on: where the checkout and the measured data are, and which tests wait to be asked for."""

import atexit
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import cache_from_source
from inspect import iscoroutinefunction
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import settings

from hems.wording.language import use

HERE = Path(__file__).parent
WITHOUT_DATA = "measured traces are optional: set HEMS_DATA to the directory that holds them to run this"
WITHOUT_SOAK = "takes minutes: run pytest with --soak"

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # or each of the many processes that tests start compiles all of hems
    compiled = tempfile.mkdtemp(prefix="hems-compiled-")
    os.environ["PYTHONPYCACHEPREFIX"] = compiled  # kept out of the checkout; workers and their children share it
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)

if not os.environ.get("CI"):  # there Hypothesis sets this itself, and repeats the same examples
    settings.register_profile("any machine", deadline=None)
    settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="also run the tests that take minutes")


def pytest_configure(config: pytest.Config) -> None:
    shared_out = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if shared_out and whole and not Path(cache_from_source(str(HERE / "control" / "panel.py"))).parent.is_dir():
        _compile_once()


def _compile_once() -> None:
    """Else each worker compiles every test and all of hems before its first test, at the same time as the others."""
    parts = sorted(path for path in HERE.iterdir() if path.is_dir() or path.name.startswith("test_"))
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:xdist", "-p", "no:cacheprovider"]
    halves = [
        subprocess.Popen([*collect, *map(str, parts[first::2])], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for first in range(2)
    ]
    for half in halves:
        half.wait()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    data = os.environ.get("HEMS_DATA", "")
    for item in items:
        if "data" in item.keywords and not (data and Path(data).is_dir()):
            item.add_marker(pytest.mark.skip(reason=WITHOUT_DATA))
        if "soak" in item.keywords and not config.getoption("--soak"):
            item.add_marker(pytest.mark.skip(reason=WITHOUT_SOAK))
        if _on_real_time(item):
            item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=2))
    items[:] = _long_ones_first(items, getattr(config, "workerinput", {}).get("workercount", 1))


def _long_ones_first(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Who begins with the long ones is not waited for in the end.

    Each worker is given a stretch of the list, and what it has not begun others may take from its end.  What plays in
    real time is all the first one's: two of them at once would make each other late.
    """
    if workers == 1:
        return items
    real = [item for item in items if item.get_closest_marker("real_time")]
    long = [item for item in items if item.get_closest_marker("long")]
    heads = [[*real, *long[workers - 1 :: workers]], *(long[first::workers] for first in range(workers - 1))]
    first_ones = {*real, *long}
    rest = iter([item for item in items if item not in first_ones])
    dealt: list[pytest.Item] = []
    for left, head in zip(range(workers, 0, -1), heads, strict=True):
        share = (len(items) - len(dealt)) // left
        dealt += [*head, *islice(rest, max(0, share - len(head)))]
    return dealt


def _on_real_time(item: pytest.Item) -> bool:
    """Whether a busy machine can make it late: it is asked once more then, and the summary tells of it.

    What runs on simulated time gives the same answer at any time, so it is asked once.
    """
    return "wire" in item.keywords or (isinstance(item, pytest.Function) and iscoroutinefunction(item.function))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why something was asked once more: the second answer alone would not let anybody find the cause."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"asked once more: {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)


@pytest.fixture(autouse=True)
def _readers_language() -> Iterator[None]:
    """A command speaks the language of the building that it was asked about; the next test begins anew."""
    yield
    use("")


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # ticks leave no cycles behind; looking for them took a tenth of the time


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def measured_data() -> Path:
    """The directory of measured traces; only for tests marked `data`."""
    return Path(os.environ["HEMS_DATA"])


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """A short place for sockets: the kernel keeps 107 bytes of their path."""
    with tempfile.TemporaryDirectory(
        prefix="hems-", ignore_cleanup_errors=True
    ) as name:  # who was killed may still write
        yield Path(name)
