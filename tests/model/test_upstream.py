"""Whose silence is no news in a power cut."""

import pytest

from hems.config.load import load
from hems.model.upstream import upstream
from tests.config.given import EXAMPLES, example, factories


@pytest.mark.parametrize(
    ("there", "silenced"),
    [
        ("layer_0 = true\n", {"utility_meter", "bay_1", "bay_2", "bay_3", "bay_4", "bay_5"}),
        ("", {"utility_meter"}),
    ],
)
def test_so_are_the_meter_of_the_street_and_chargers_that_a_contactor_drops(tmp_path, there, silenced):
    file = tmp_path / "site.toml"
    text = example("garage").replace("layer_0 = true\n", there)
    # the meter of the street, without the currents through it, which are the building's own
    file.write_text(
        text.replace('phase_power = ["utility_meter/l1_w", "utility_meter/l2_w", "utility_meter/l3_w"]\n', "")
    )
    found = load(file, factories())
    assert upstream(found.site, found.wiring) == silenced


def test_a_board_that_also_switches_something_else_is_news():
    text = EXAMPLES / "garage.toml"
    assert "tie_io" not in upstream(load(text, factories()).site, load(text, factories()).wiring)
