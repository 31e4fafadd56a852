"""Work done in a process that ends."""

import os
from collections.abc import Callable

import pytest

from hems.model.errors import ConfigError
from hems.runtime.apart import apart

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def test_what_is_done_apart_comes_back_and_was_done_elsewhere():
    done = apart(lambda: {"where": os.getpid(), "what": 6 * 7})()
    assert done["what"] == 42
    assert done["where"] != os.getpid()


def test_what_cannot_be_carried_is_done_over_here():
    made: Callable[[], int] = apart(lambda: lambda: os.getpid())()
    assert made() == os.getpid()


def test_a_mistake_that_is_found_over_there_is_told_here():
    def read() -> None:
        raise ConfigError(("line 3: no such key.",))

    with pytest.raises(ConfigError) as found:
        apart(read)()
    assert found.value.problems == ("line 3: no such key.",)


def test_a_process_that_dies_over_there_costs_nothing_but_time():
    here = os.getpid()

    def read() -> str:
        if os.getpid() != here:
            os._exit(9)
        return "read"

    assert apart(read)() == "read"
