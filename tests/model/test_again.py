"""A question that is asked again within one tick."""

from hems.model.again import again


def test_the_very_same_objects_are_looked_at_once():
    # given a plain function that tells when it is at work
    asked = []

    @again
    def total(watts: tuple[float, ...], factor: float) -> float:
        asked.append(watts)
        return factor * sum(watts)

    # when it is asked the same twice
    seen, factor = (1000.0, 500.0), 2.0
    assert [total(seen, factor), total(seen, factor)] == [3000.0, 3000.0]
    # then it has worked once
    assert asked == [seen]


def test_another_object_is_looked_at_anew_even_where_only_the_last_of_several_is_another():
    # given a function that has answered
    @again
    def first(known: list[float], place: int) -> float:
        return known[place]

    assert first([1.0, 2.0], 0) == 1.0
    # when it is asked about others
    known = [3.0, 4.0]
    # then it is their answer
    assert [first(known, 0), first(known, 1), first(known, 0)] == [3.0, 4.0, 3.0]


def test_what_is_asked_by_name_is_never_mixed_up():
    @again
    def named(*, low: float = 0.0, high: float = 0.0) -> tuple[float, float]:
        return low, high

    assert [named(low=1.0), named(high=1.0)] == [(1.0, 0.0), (0.0, 1.0)]
