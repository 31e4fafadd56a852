"""Work done in a process that ends."""

import os
from collections.abc import Callable
from threading import Thread

import pytest

from hems.model.errors import ConfigError
from hems.runtime.apart import apart

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def nothing(_done: object) -> None:
    """Nothing is made of it."""


def test_what_is_done_apart_comes_back_and_was_done_elsewhere():
    done, _ = apart(lambda: {"where": os.getpid(), "what": 6 * 7}, nothing)()
    assert done["what"] == 42
    assert done["where"] != os.getpid()


def test_what_is_made_of_it_comes_after_it_from_the_same_process():
    # given what must not be waited for: it is made only when the first result has been taken
    taken, take = os.pipe()

    def then(done: int) -> tuple[int, int]:
        os.read(taken, 1)
        return done, os.getpid()

    done, made = apart(os.getpid, then)()
    os.write(take, b".")
    # then it is made of the first one, over there
    assert made() == (done, done)
    assert done != os.getpid()


def test_several_threads_that_ask_for_what_is_made_of_it_get_one_and_the_same():
    _, made = apart(os.getpid, lambda done: [done])()
    asked: list[list[int]] = []
    threads = [Thread(target=lambda: asked.append(made())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 4
    assert all(one is asked[0] for one in asked)


def test_what_cannot_be_carried_is_done_over_here():
    made, of_it = apart(lambda: lambda: os.getpid(), lambda asked: lambda: asked() + 1)()
    assert made() == os.getpid()
    assert of_it()() == os.getpid() + 1


def test_a_second_result_that_cannot_be_carried_is_made_over_here_of_the_first():
    done, made = apart(lambda: 6, lambda six: lambda: six * 7)()
    assert (done, made()()) == (6, 42)


def test_a_mistake_that_is_found_over_there_is_told_here():
    def read() -> None:
        raise ConfigError(("line 3: no such key.",))

    with pytest.raises(ConfigError) as found:
        apart(read, nothing)()
    assert found.value.problems == ("line 3: no such key.",)


def test_a_mistake_in_the_second_result_is_told_when_that_is_asked_for():
    def then(_done: int) -> Callable[[], None]:
        raise ConfigError(("no such product.",))

    done, made = apart(lambda: 6, then)()
    assert done == 6
    with pytest.raises(ConfigError):
        made()


def test_a_process_that_dies_over_there_costs_nothing_but_time():
    here = os.getpid()

    def read() -> str:
        if os.getpid() != here:
            os._exit(9)
        return "read"

    done, made = apart(read, len)()
    assert (done, made()) == ("read", 4)
