"""The tariff of a site file."""

import pytest

from hems.config.load import building, load
from hems.model.errors import ConfigError
from hems.model.tariff import Days
from tests.config.given import EXAMPLES, example, factories


def test_the_example_has_rates_by_hour_season_and_day():
    site, _ = building(EXAMPLES / "apartments.toml")
    assert site.tariff is not None
    assert [rate.buy for rate in site.tariff.rates] == [0.24, 0.42]
    assert site.tariff.rates[1].window.days is Days.WORKING
    assert site.tariff.rates[1].window.months == (11, 12, 1, 2)
    assert site.tariff.demand[0].per_kw == 4.5


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("buy = 0.31\n", "", "tariff.buy"),
        ('"12-25"', '"25.12."', "tariff.holidays"),
        ("buy = 0.31\n", "buy = 0.31\ndynamic = true\n", "tariff.dynamic"),
        ("months = [11, 12, 1, 2]", "months = [13]", "tariff.rates.winter_evening.months"),
    ],
)
def test_a_mistake_in_it_is_named_with_its_remedy(before, after, named, tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(example("apartments").replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, factories())
    assert named in str(caught.value)
