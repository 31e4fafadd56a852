"""What is made once, however many ask."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest

from hems.runtime.once import Once


def test_it_is_made_when_somebody_asks_and_once_for_all():
    numbers = count(1)
    once = Once(lambda: next(numbers))
    assert next(numbers) == 1
    assert [once(), once()] == [2, 2]


def test_whoever_asks_while_it_is_made_waits_for_it():
    # given something that is being made, and cannot be asked for a second time
    begun, go_on, numbers = Event(), Event(), iter([7])

    def slow() -> int:
        begun.set()
        assert go_on.wait(30.0)
        return next(numbers)

    once = Once(slow)
    with ThreadPoolExecutor(2) as both:
        first = both.submit(once)
        assert begun.wait(30.0)
        second = both.submit(once)
        go_on.set()
        # then both have the same
        assert (first.result(30.0), second.result(30.0)) == (7, 7)


def test_what_fails_is_tried_again():
    def tries() -> Iterator[str]:
        yield ""
        yield "a card"

    made = tries()

    def once_more() -> str:
        text = next(made)
        if not text:
            raise OSError
        return text

    once = Once(once_more)
    with pytest.raises(OSError):
        once()
    assert once() == "a card"
