"""Rows are exactly as wide as asked, whatever is in them."""

from hypothesis import given
from hypothesis import strategies as st

from hems.tui.format import (
    BLANK,
    Canvas,
    Part,
    Tone,
    bar,
    beside,
    fitted,
    joined_within,
    profile,
    row,
    sides,
    squeezed,
    text_of,
)

TONED = st.builds(Part, st.text(max_size=30), st.sampled_from(Tone))


@given(st.lists(TONED, max_size=5).map(tuple), st.integers(0, 60))
def test_a_fitted_row_has_its_width_and_nothing_that_moves_the_cursor(line: tuple[Part, ...], width: int) -> None:
    text = text_of(fitted(line, width))

    assert len(text) == width
    assert not text or text.isprintable()


def test_an_unknown_level_is_a_bar_of_question_marks_and_never_an_empty_one() -> None:
    assert bar(None, 5) == "[?????]"
    assert bar(0.0, 5) == "[.....]"
    assert bar(71.0, 20) == "[##############......]"
    assert bar(140.0, 5) == "[#####]"


def test_a_column_that_stands_for_many_minutes_shows_the_few_that_are_known() -> None:
    # given an hour before which nothing was recorded, and a short peak in it
    points = [*[None] * 114, 1.0, 1.0, 1.0, 9.0, 1.0, 1.0]

    # when it is told in a few columns, then the last one is known; of one value there is nothing but lowest
    assert profile(points, 19) == "?" * 18 + " "
    assert profile([*points[:-6], *[0.0] * 6, *[8.0] * 6], 21)[-2:] == " @"
    assert profile([None] * 5, 3) == "???"
    assert profile(points, 0) == ""


def test_the_right_side_stays_whole_and_the_left_one_gives_way() -> None:
    assert sides("left", "right", 12) == "left   right"
    assert sides("much too long", "right", 12) == "much toright"


def test_pieces_are_joined_while_they_fit() -> None:
    assert joined_within(["one", "two", "three"], 9) == "one   two"
    assert joined_within(["longer than that"], 3) == "longer than that"


def test_blank_rows_give_way_from_below_before_anything_is_lost() -> None:
    a, b, c = row("a"), row("b"), row("c")

    assert squeezed([a, BLANK, b, BLANK, c], 4) == (a, BLANK, b, c)
    assert squeezed([a, BLANK, b, BLANK, c], 3) == (a, b, c)
    assert squeezed([a, b, c], 2) == (a, b)


def test_two_blocks_stand_side_by_side() -> None:
    lines = beside([row("left")], [row("right"), row("more")], 6)

    assert [text_of(line) for line in lines] == ["left  right", "      more"]


def test_a_box_keeps_the_tone_of_what_is_in_it() -> None:
    canvas = Canvas(7, 3)
    canvas.box(0, 0, 7, ["GONE and more"], Tone.HIGH)

    assert [text_of(line) for line in canvas.rows()] == ["+-----+", "|GONE |", "+-----+"]
    assert canvas.rows()[1][1] == Part("GONE ", Tone.HIGH)
