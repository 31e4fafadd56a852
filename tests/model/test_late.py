"""Methods of values that are written with their first call."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hems.model.late import written_late

WRITER = "_create_fn"


@pytest.fixture
def late() -> Iterator[list[str]]:
    """Methods are written late, and only in this test; what has been written, by name."""
    write, written = vars(dataclasses).get(WRITER), list[str]()
    if write is None:
        pytest.skip("this Python compiles a class in one go")

    def told(name: str, *source: object, **more: object) -> object:
        written.append(name)
        return write(name, *source, **more)

    vars(dataclasses)[WRITER] = told
    try:
        with written_late():
            yield written
        assert vars(dataclasses)[WRITER] is told
    finally:
        vars(dataclasses)[WRITER] = write


def test_of_a_class_that_is_only_made_nothing_but_its_making_is_written(late: list[str]) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Load:
        watts: float

    assert Load(watts=5.0).watts == 5.0
    assert late == ["__init__"]


def test_each_method_does_what_it_always_does_and_is_written_once(late: list[str]) -> None:
    # given a value with a child of its class
    @dataclass(frozen=True, slots=True)
    class Load:
        watts: float

    class Heavy(Load):
        pass

    # when everything is asked of it, twice
    for _ in range(2):
        assert Load(5.0) == Load(5.0) != Load(6.0)
        assert Load(5.0) != Heavy(5.0)
        assert hash(Load(5.0)) == hash(Load(5.0)) != hash(Load(6.0))
        assert repr(Load(5.0)).endswith("Load(watts=5.0)")
        assert repr(Heavy(5.0)).endswith("Heavy(watts=5.0)")
        with pytest.raises(dataclasses.FrozenInstanceError):
            Load(5.0).watts = 6.0  # type: ignore[misc]
        with pytest.raises(dataclasses.FrozenInstanceError):
            del Load(5.0).watts  # type: ignore[misc]
    # then each was written once
    assert sorted(late) == ["__delattr__", "__eq__", "__hash__", "__init__", "__repr__", "__setattr__"]


def test_a_value_goes_into_sets_and_comes_back_by_copying(late: list[str]) -> None:
    @dataclass(frozen=True, slots=True)
    class Load:
        watts: float

    assert {Load(1.0), Load(1.0)} == {Load(1.0)}
    assert dataclasses.replace(Load(1.0), watts=2.0) == Load(2.0)
    assert late.count("__eq__") == 1
