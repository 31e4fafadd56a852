"""What is too slow for fast shedding is refused, and what is slow is reckoned with."""

from math import inf
from pathlib import Path

import pytest

from hems.commands.check import times
from hems.config.actuation import SLOWEST_S
from hems.config.load import load
from tests.config.given import EXAMPLES, example, factories, report

SITE = EXAMPLES / "apartments.toml"


def test_a_switch_that_is_too_slow_for_the_armed_list_is_refused():
    problems, _ = report(SITE, factories(100.0, acts_s=2.6))
    # critical circuits are never in that list; all others that can be switched are
    named = {problem.partition("circuits.")[2].partition(".switch")[0] for problem in problems}
    assert {"kitchen", "laundry", "hot_water"} <= named
    assert not {"medical_sockets", "sump_pump", "network_room", "lift"} & named
    assert "takes 2.6 s at worst, and what is shed when the tie opens may take 2" in problems[0]
    assert "layer_0 = true" in problems[0]


def test_a_circuit_that_falls_out_by_itself_may_be_slow(tmp_path: Path):
    file = tmp_path / "site.toml"
    lines = SITE.read_text(encoding="utf-8").splitlines()
    given = [f"{line}\nlayer_0 = true" if line.startswith("switch = ") else line for line in lines]
    file.write_text("\n".join(given), encoding="utf-8")
    assert report(file, factories(100.0, acts_s=2.6))[0] == []


@pytest.mark.parametrize(("acts_s", "reckoned_s"), [(0.2, 1.0), (SLOWEST_S, 2.1)])
def test_the_overload_logic_counts_with_the_slowest_shed_and_never_with_less_than_it_was_given(
    acts_s: float, reckoned_s: float
):
    file = load(SITE, factories(100.0, acts_s=acts_s))
    assert file.params.overload.actuation_s == pytest.approx(reckoned_s)
    assert set(file.actuation_s.values()) == {acts_s}
    assert file.sees_s == pytest.approx(0.1)


@pytest.mark.parametrize(("acts_s", "slow"), [(SLOWEST_S, False), (SLOWEST_S + 0.01, True)])
def test_a_charger_that_may_take_longer_is_not_counted_on(acts_s: float, slow: bool, tmp_path: Path):
    file = tmp_path / "site.toml"
    falls = [
        f"{line}\nlayer_0 = true" if line.startswith("switch = ") else line for line in SITE.read_text().splitlines()
    ]
    file.write_text("\n".join(falls), encoding="utf-8")
    site_file = load(file, factories(100.0, acts_s=acts_s))
    assert {bay.stops_s > 0.0 for bay in site_file.site.bays} == {slow}
    told = [line for line in times(site_file) if "Not counted on when the tie opens" in line]
    assert len(told) == slow


def test_a_charger_that_a_contactor_drops_may_be_slow(tmp_path: Path):
    file = tmp_path / "site.toml"
    text = example("garage").replace('switch = "relays', 'layer_0 = true\nswitch = "relays')
    file.write_text(text, encoding="utf-8")
    dropped = load(file, factories(100.0, acts_s=SLOWEST_S + 0.01)).site.bays
    assert [bay.stops_s for bay in dropped] == [0.0] * 5
    file.write_text(text.replace("layer_0 = true", "", 1), encoding="utf-8")
    assert load(file, factories(100.0, acts_s=SLOWEST_S + 0.01)).site.bays[0].stops_s > 0.0


def test_a_charger_that_nobody_can_tell_to_stop_is_not_counted_on(tmp_path: Path):
    file = tmp_path / "site.toml"
    text = SITE.read_text(encoding="utf-8")
    file.write_text(text.replace('setpoint = "bay_3/power_w"', ""), encoding="utf-8")
    bays = {bay.id: bay.stops_s == inf for bay in load(file, factories(100.0, acts_s=0.5)).site.bays}
    assert bays == {"bay_1": False, "bay_2": False, "bay_3": True, "bay_4": False}
