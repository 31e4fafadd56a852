"""A site file for the bench, with what a scenario changes in it."""

import tomllib
from pathlib import Path

import pytest

from hil.relink import overlaid


def test_without_changes_a_file_stays_as_it_is():
    assert overlaid("# a word\nname = 'x'\n", {}) == "# a word\nname = 'x'\n"


@pytest.mark.parametrize("name", ["apartments", "home", "hall"])
def test_what_is_laid_over_replaces_single_values_and_leaves_the_rest(name: str, checkout: Path):
    text = (checkout / "examples" / f"{name}.toml").read_text(encoding="utf-8")
    made = tomllib.loads(overlaid(text, {"params": {"restore": {"calm_s": 30.0}}, "grid": {"service_a": 50}}))
    before = tomllib.loads(text)
    assert made.pop("params") == {"restore": {"calm_s": 30.0}}
    assert made["grid"].pop("service_a") == 50
    before["grid"].pop("service_a")
    assert made == before
