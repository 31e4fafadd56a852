"""A good site file becomes the values the rest of hems works on."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from hems.config.grid_codes import CODES
from hems.config.load import load
from hems.config.schema import json_schema
from hems.control.params import differences, shortened
from hems.model import wiring
from hems.model.errors import ConfigError
from hems.model.site import Location, Phase, Supply, Tier
from hems.model.units import CircuitId, DeviceId, PointId, SourceId
from hems.model.wiring import Port
from tests.config.given import EXAMPLES, example, factories, report

APARTMENTS = EXAMPLES / "apartments.toml"
HOME = EXAMPLES / "home.toml"


def test_both_examples_load_without_a_word_of_warning():
    for path in (APARTMENTS, HOME):
        assert load(path, factories()).notices == ()


def test_the_apartments_have_fourteen_circuits_in_all_six_tiers_and_life_safety_has_no_switch():
    site = load(APARTMENTS, factories()).site
    assert len(site.circuits) == 14
    assert {circuit.tier for circuit in site.circuits} == set(Tier)
    assert not any(circuit.switchable for circuit in site.circuits if circuit.tier is Tier.LIFE_SAFETY)
    assert [bay.bidirectional for bay in site.bays] == [True, True, False, False]


def test_kilowatts_of_the_text_become_watts():
    site = load(APARTMENTS, factories()).site
    battery, roof, bay = site.batteries[0], site.pvs[0], site.bays[0]
    assert (battery.capacity_wh, battery.discharge_max_w, roof.rated_w) == (80_000, 30_000, 30_000)
    assert (bay.discharge_max_w, bay.discharge_min_w, bay.floor_pct) == (10_000, 500, 50)
    assert site.former.phase_va == (10_000, 10_000, 10_000)
    assert site.circuit(CircuitId("sump_pump")).inrush_w == 4000


def test_modules_on_the_island_formers_own_device_are_known_to_produce_in_the_dark(tmp_path):
    path = tmp_path / "site.toml"

    def direct(port: str, *more: str) -> bool:
        path.write_text(example().replace('power = "roof/power_w"', "\n".join((f'power = "{port}"', *more))))
        return load(path, factories()).site.pvs[0].direct

    assert not direct("roof/power_w")
    assert direct("hybrid/pv_w")
    # unless the installer knows better
    assert direct("roof/power_w", "direct = true")
    assert not direct("hybrid/pv_w", "direct = false")


def test_what_stands_first_in_a_tier_is_kept_longest():
    site = load(APARTMENTS, factories()).site
    comfort = sorted((c for c in site.circuits if c.tier is Tier.COMFORT), key=lambda c: c.rank)
    assert [circuit.id for circuit in comfort] == ["heat_pump", "ventilation"]


@pytest.mark.parametrize("protected", ["true", "false"])
def test_what_feeds_the_gateway_cannot_be_shed_whatever_else_the_file_says_of_it(tmp_path, protected):
    text = example().replace("protected = true", f"protected = {protected}")
    file = tmp_path / "site.toml"
    file.write_text(text, encoding="utf-8")
    network = load(file, factories()).site.circuit(CircuitId("network_room"))
    assert network.protected
    assert not network.sheddable


def test_a_site_that_switches_circuits_and_does_not_say_what_feeds_its_gateway_is_refused(tmp_path):
    text = re.sub(r"fed_by = .*", "", example()).replace("protected = true", "protected = false")
    file = tmp_path / "site.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"settings\.fed_by is missing; name the circuit that feeds this gateway"):
        load(file, factories())


def test_a_name_not_given_is_made_from_the_key(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(example().replace('name = "Door entry"\n', ""))
    assert load(path, factories()).site.circuit(CircuitId("door_entry")).name == "Door entry"


def test_every_quantity_is_wired_to_its_port():
    wired = load(APARTMENTS, factories()).wiring
    laundry = Port(DeviceId("laundry_plug"), "closed")
    assert wired.reads[wiring.TIE_CLOSED_CONTACT] == Port(DeviceId("tie_io"), "input_1")
    assert wired.reads[wiring.voltage(PointId("street"), 2)] == Port(DeviceId("utility_meter"), "l3_v")
    assert wired.reads[wiring.circuit_closed(CircuitId("laundry"))] == laundry
    assert wired.writes[wiring.circuit_closed(CircuitId("laundry"))] == laundry
    assert wired.writes[wiring.bay_power(SourceId("bay_1"))] == Port(DeviceId("bay_1"), "power_w")
    assert wiring.TIE_FLAG not in wired.writes
    assert len(wired.devices) == 12


def test_the_tie_and_the_voltage_points_keep_what_they_can_prove():
    site = load(APARTMENTS, factories()).site
    assert (site.tie.has_contacts, site.tie.has_flag, site.tie.has_permit) == (True, True, True)
    places = {point.id: (point.location, point.powered_from) for point in site.voltage_points}
    assert places == {
        "street": (Location.UTILITY, Supply.UPS),
        "busbar": (Location.BUS, Supply.DC),
        "laundry_socket": (Location.LOAD, Supply.BUS),
    }


def test_in_the_home_the_car_forms_the_island_on_two_legs():
    site = load(HOME, factories()).site
    assert site.phases == (Phase.L1, Phase.L2)
    assert site.former.source == "garage"
    assert site.bays[0].id == "garage"
    assert (site.tie.has_flag, len(site.circuits), site.batteries) == (False, 6, ())


@pytest.mark.parametrize(
    ("code", "hz", "qualify_s", "v_min_pu", "f_max_hz"),
    [
        ("eu", 50, 60, 0.85, 50.1),
        ("au", 50, 60, 205 / 230, 50.1),
        ("north_america", 60, 300, 0.917, 60.1),
        ("canada", 60, 300, 0.917, 60.1),
    ],
)
def test_the_grid_code_sets_window_and_wait(tmp_path, code, hz, qualify_s, v_min_pu, f_max_hz):
    # given a site under this code
    path = tmp_path / "site.toml"
    text = example().replace('code = "eu"', f'code = "{code}"')
    path.write_text(text.replace("nominal_hz = 50", f"nominal_hz = {hz}"))

    # when it is loaded
    grid = load(path, factories()).params.grid

    # then the code's numbers are in force, frequency as a multiple of nominal
    assert (grid.qualify_s, grid.v_min_pu) == (qualify_s, v_min_pu)
    assert grid.f_max_pu * hz == pytest.approx(f_max_hz)


def test_a_site_may_wait_longer_than_its_code_asks(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(example() + "\n[params.grid]\nqualify_s = 120\n")
    assert load(path, factories()).params.grid.qualify_s == 120.0


@pytest.mark.parametrize(("hardware_s", "waits_s"), [(30, 60.0), (300, 300.0)])
def test_hems_never_waits_less_for_the_grid_than_the_certified_device_itself(tmp_path, hardware_s, waits_s):
    path = tmp_path / "site.toml"
    path.write_text(example().replace("[tie]\n", f"[tie]\nwaits_s = {hardware_s}\n", 1))
    assert load(path, factories()).params.grid.qualify_s == waits_s


def test_short_times_keep_the_normal_ones_beside_them_and_say_so(tmp_path):
    # given the demonstration's copy of a site
    path = tmp_path / "site.toml"
    path.write_text(example().replace('times = "normal"', 'times = "short"') + "\n[params.band]\nconserve_pct = 55\n")

    # when it is loaded
    loaded = load(path, factories())

    # then both sets are there, the site's own numbers in both, and a notice tells
    assert loaded.shortened
    assert loaded.params == shortened(loaded.normal_params)
    assert loaded.normal_params.grid.qualify_s == 60.0
    assert "grid.qualify_s" in differences(loaded.params, loaded.normal_params)
    assert loaded.params.band.conserve_pct == 55.0
    assert len(loaded.notices) == 1
    assert "for demonstrations only" in loaded.notices[0]


def test_settings_have_the_daemons_usual_places(tmp_path):
    settings = load(APARTMENTS, factories()).settings
    assert (settings.state_dir, settings.run_dir) == (Path("/var/lib/hems"), Path("/run/hems"))
    assert settings.timezone == "Europe/Dublin"


def test_the_digest_is_of_the_files_bytes():
    assert load(APARTMENTS, factories()).digest == sha256(APARTMENTS.read_bytes()).hexdigest()


def test_an_editors_byte_order_mark_and_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + example().replace("\n", "\r\n").encode())
    assert load(path, factories()).site.name == "Maple Court 12"


def test_every_key_has_its_manual():
    schema = json_schema()
    tables = [schema, *schema["$defs"].values()]
    bare = [
        f"{table['title']}.{key}"
        for table in tables
        for key, described in table["properties"].items()
        if "description" not in described and "$ref" not in described
    ]
    assert bare == []


def test_a_point_at_a_load_may_tell_of_one_phase_and_one_on_the_bus_may_not(tmp_path):
    # given the apartments with the busbar measured on one phase only
    text = APARTMENTS.read_text(encoding="utf-8")
    whole = 'volts = ["hybrid/l1_v", "hybrid/l2_v", "hybrid/l3_v"]'
    file = tmp_path / "site.toml"
    file.write_text(text.replace(whole, 'volts = ["hybrid/l1_v"]'), encoding="utf-8")
    # when it is checked
    problems, _ = report(file, factories())
    # then only that is a mistake; the socket's one phase is enough
    assert len(problems) == 1
    assert "voltage_points.busbar.volts" in problems[0]


def test_what_else_a_building_may_have_is_wired_and_known(tmp_path: Path):
    text = example().replace("[tie]\n", '[tie]\nisland = "tie_io/coil_2"\n', 1)
    text = text.replace("[former]\n", '[former]\nstart = "tie_io/coil_3"\n', 1)
    text += """
[inputs]
fire_alarm = "tie_io/input_3"
red_button = "tie_io/input_4"

[generator]
rated_kw = 20.0
run = "tie_io/coil_4"
running = "tie_io/input_5"
fuel = "hybrid/soc_pct"
tank_kwh = 300.0
"""
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    made = load(path, factories())
    assert made.site.tie.has_island
    assert made.site.former.startable
    assert (made.site.has_fire_alarm, made.site.has_red_button) == (True, True)
    assert made.site.generator is not None
    assert (made.site.generator.rated_w, made.site.generator.separated) == (20_000.0, False)
    assert made.site.generator.tank_wh == 300_000.0
    for role in (wiring.TIE_ISLAND, wiring.FORMER_START, wiring.GENERATOR_RUN):
        assert role in made.wiring.writes
    for role in (wiring.FIRE_ALARM, wiring.RED_BUTTON, wiring.GENERATOR_RUNNING, wiring.GENERATOR_FUEL):
        assert role in made.wiring.reads
        assert role not in made.wiring.writes
    # and a level without its tank tells nothing
    path.write_text(text.replace("tank_kwh = 300.0\n", ""), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, factories())
    assert "generator.tank_kwh is missing" in caught.value.problems[0]


def test_a_circuit_has_the_share_that_its_table_gives_it_and_else_one(tmp_path: Path):
    path = tmp_path / "site.toml"
    path.write_text(example().replace("[circuits.freezers]\n", "[circuits.freezers]\nshare = 2\n"), "utf-8")
    shares = {one.id: one.share for one in load(path, factories()).site.circuits}
    assert shares.pop(CircuitId("freezers")) == 2.0
    assert set(shares.values()) == {1.0}
    # and a share of nothing is no share
    path.write_text(example().replace("[circuits.freezers]\n", "[circuits.freezers]\nshare = 0\n"), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, factories())
    assert "circuits.freezers.share = 0" in caught.value.problems[0]


def test_a_thermometer_needs_its_limit_and_a_limit_its_thermometer(tmp_path: Path):
    path = tmp_path / "site.toml"
    path.write_text(example().replace("[circuits.freezers]\n", "[circuits.freezers]\ntemp_max_c = -15.0\n"), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, factories())
    (problem,) = caught.value.problems
    assert "circuits.freezers.temperature is missing" in problem
    assert "give both or neither" in problem


def test_how_long_records_are_kept_can_be_set_within_limits(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(example() + "\n[settings.keep]\nminutes_days = 14\n")
    assert load(file, factories()).settings.keep.minutes_days == 14
    file.write_text(example() + "\n[settings.keep]\nminutes_days = 2\n")
    problems, _ = report(file, factories())
    assert len(problems) == 1
    assert "settings.keep.minutes_days = 2" in problems[0]


@pytest.mark.parametrize("name", CODES)
def test_the_manual_says_what_each_grid_code_sets_and_what_that_rests_on(name: str, checkout: Path) -> None:
    code, manual = CODES[name], (checkout / "docs" / "installer.md").read_text(encoding="utf-8")
    window = f"{code.v_min_pu:.3f} to {code.v_max_pu:.2f} | {code.f_min_hz:g} to {code.f_max_hz:g}"
    assert f"| `{name}` | {window} | {code.qualify_s:g} | {code.source} |" in manual
