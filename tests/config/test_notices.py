"""What is permitted in a site file and has consequences is said, and nothing else."""

import re

import pytest

from tests.config.given import EXAMPLES, example, factories, report


def noticed(tmp_path, text, witness_ms=None):
    path = tmp_path / "site.toml"
    path.write_text(text)
    problems, notices = report(path, factories(witness_ms))
    assert problems == []
    return notices


def without_table(text, header):
    return re.sub(rf"(?ms)^\[{re.escape(header)}\]\n.*?(?=^\[|^# .*-{{20}}|\Z)", "", text)


def test_without_a_utility_side_measurement_the_grid_cannot_be_seen_to_return(tmp_path):
    # given neither a utility-side point nor a device's own word
    text = without_table(example(), "voltage_points.street").replace('grid_connected = "hybrid/grid_connected"', "")

    # when it is checked
    notices = noticed(tmp_path, text)

    # then return and permit are both told
    assert any("hems cannot see the grid come back" in notice for notice in notices)
    assert any("tie.permit will never be given" in notice for notice in notices)


def test_without_a_declared_disconnect_device_it_is_said_what_cannot_be_armed(tmp_path):
    text = "".join(line for line in example().splitlines(True) if not line.startswith("listing"))
    (notice,) = noticed(tmp_path, text)
    assert "tie.listing is not given: until the certified disconnect device (MID) is declared" in notice


def test_a_utility_point_that_dies_with_the_grid_is_named(tmp_path):
    (notice,) = noticed(tmp_path, example().replace('powered_from = "ups"', 'powered_from = "utility"'))
    assert 'voltage_points.street.powered_from = "utility" means that it falls silent with the grid' in notice


@pytest.mark.parametrize(("witness_ms", "told"), [(None, 0), (150.0, 0), (1200.0, 1)])
def test_slow_witnesses_mean_no_fast_shedding(tmp_path, witness_ms, told):
    notices = noticed(tmp_path, example(), witness_ms)
    assert len(notices) == told
    assert all("seen after 1200 ms at best, and fast shedding needs 500" in notice for notice in notices)


def test_a_charger_that_cannot_be_stopped_is_named(tmp_path):
    (notice,) = noticed(tmp_path, example().replace('setpoint = "bay_4/power_w"', ""))
    assert "bays.bay_4.setpoint is not given: hems cannot stop this charger in a power cut." in notice


def test_a_share_written_as_a_fraction_is_named(tmp_path):
    (notice,) = noticed(tmp_path, example().replace("shutdown_pct = 5 ", "shutdown_pct = 0.05 "))
    assert "batteries.main.shutdown_pct = 0.05 is less than one percent; write 5 if 5 % is meant." in notice


def test_a_price_written_in_cents_is_named(tmp_path):
    (notice,) = noticed(tmp_path, example().replace("buy = 0.31\n", "buy = 31\n"))
    assert "tariff.buy = 31 is 31 EUR for a kWh; write 0.31 if hundredths are meant." in notice


@pytest.mark.parametrize(("currency", "told"), [("EUR", 1), ("USD", 1), ("SEK", 0), ("JPY", 0)])
def test_what_is_a_dear_kilowatt_hour_depends_on_the_currency(tmp_path, currency, told):
    priced = example().replace('currency = "EUR"', f'currency = "{currency}"').replace("buy = 0.42", "buy = 4.2")
    assert len(noticed(tmp_path, priced)) == told


def test_a_device_that_nothing_uses_is_named(tmp_path):
    spare = '[devices.spare]\ndriver = "modbus"\nprofile = "waveshare-relay"\nlink = "tcp://10.0.20.99:502"\n'
    (notice,) = noticed(tmp_path, example() + spare)
    assert "devices.spare is polled and used by nothing" in notice


def test_circuits_that_no_shedding_can_fit_on_the_island_are_named(tmp_path):
    (notice,) = noticed(tmp_path, example().replace("typical_kw = 0.4\nprotected", "typical_kw = 12\nprotected"))
    assert "former.phase_kva carries 10 kVA on L3" in notice


def test_the_examples_leave_nothing_to_be_said():
    found = [report(path, factories(100.0)) for path in sorted(EXAMPLES.glob("*.toml"))]
    assert found == [([], [])] * len(found)
