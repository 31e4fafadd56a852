"""What stands: a rise at once, a fall after ten seconds of the most that was seen."""

from collections.abc import Sequence

import pytest

from hems.control.dispatch import standing
from hems.control.dispatch.memory import Standing

HIGH = Standing(watts=900.0)
FALLS = Standing(watts=900.0, lower_since_s=100.0, lower_w=300.0)


@pytest.mark.parametrize(
    ("before", "watts", "now_s", "after"),
    [
        pytest.param(HIGH, 901.0, 100.0, Standing(watts=901.0), id="a rise"),
        pytest.param(FALLS, 900.0, 105.0, HIGH, id="as high again"),
        pytest.param(HIGH, 899.0, 100.0, Standing(watts=900.0, lower_since_s=100.0, lower_w=899.0), id="lower"),
        pytest.param(FALLS, 200.0, 109.9, FALLS, id="lower still"),
        pytest.param(
            FALLS, 400.0, 109.9, Standing(watts=900.0, lower_since_s=100.0, lower_w=400.0), id="a little more"
        ),
        pytest.param(FALLS, 300.0, 110.0, Standing(watts=300.0), id="after ten seconds the most that was seen"),
        pytest.param(
            FALLS,
            200.0,
            110.0,
            Standing(watts=300.0, lower_since_s=110.0, lower_w=200.0),
            id="then lower still",
        ),
        pytest.param(FALLS, 400.0, 110.0, Standing(watts=400.0), id="or what is seen then"),
    ],
)
def test_a_phase_after_one_more_look(before: Standing, watts: float, now_s: float, after: Standing):
    assert standing.after((before,), (watts,), now_s) == (after,)


def test_a_fall_that_is_not_believed_is_not_even_begun_and_a_rise_counts():
    found = standing.after((HIGH, FALLS, HIGH), (200.0, 200.0, 950.0), 105.0, falls=False)
    assert found == (Standing(watts=900.0, lower_w=200.0), Standing(watts=900.0, lower_w=300.0), Standing(watts=950.0))


def test_phases_that_were_not_seen_before_begin_as_they_are():
    assert standing.after((), (100.0, 200.0), 5.0) == (Standing(watts=100.0), Standing(watts=200.0))
    assert standing.after((HIGH,), (100.0, 200.0), 5.0)[1] == Standing(watts=200.0)


def test_phases_that_are_no_longer_seen_end():
    assert len(standing.after((HIGH, HIGH), (950.0,), 5.0)) == 1


def test_while_nobody_measures_what_stands_is_the_same_value():
    assert standing.unseen((HIGH,))[0] is HIGH


@pytest.mark.parametrize(("before", "due_s"), [((), []), ((HIGH, FALLS), [110.0])])
def test_when_a_fall_counts(before: Sequence[Standing], due_s: list[float]):
    assert standing.due_s(before) == due_s
