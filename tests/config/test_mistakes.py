"""Every mistake in a site file is told at once, each in one sentence with file, line, key, value and remedy."""

# ruff: noqa: E501  (a table of mistakes is read by its columns)

import re
from pathlib import Path

import pytest

from hems.config.load import load
from hems.model.errors import ConfigError
from tests.config.given import example, factories, report


def told(tmp_path: Path, text: str | bytes) -> list[str]:
    """What `hems check` says of a file with this text."""
    path = tmp_path / "site.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    problems, notices = report(path, factories())
    assert not (problems and notices)
    return [sentence.removeprefix(f"{path}") for sentence in problems or notices]


def changed(*pairs: tuple[str, str], name: str = "apartments") -> str:
    """An example site with some of its text replaced."""
    text = example(name)
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


ONE_MISTAKE = [
    # keys and types
    ('tier = "critical"', 'teir = "critical"', "circuits.medical_sockets.teir is not a key known here; write tier instead."),
    ('tier = "critical"', "", 'circuits.medical_sockets.tier is missing; add it, for example tier = "essential".'),
    ('tier = "critical"', 'tier = "crtical"', 'tier = "crtical" is none of the known words; write "critical".'),
    ('tier = "critical"', 'tier = "B"', 'write "life safety", "critical", "essential", "comfort", "non-essential" or'),
    ("capacity_kwh = 80", 'capacity_kwh = "80"', 'batteries.main.capacity_kwh = "80" is not a number; write a number'),
    ("capacity_kwh = 80", "capacity_kwh = -80", "= -80 is not above 0; write a value above 0."),
    ("capacity_kwh = 80", "capacity_kwh = inf", "= Infinity is not a finite number; write a plain number."),
    ("capacity_kwh = 80", "capacity_kwh = true", "= true is not a number"),
    ('fed_by = "network_room"', 'fed_by = "netwrok_room"', "settings.fed_by = \"netwrok_room\" is no circuit of this file"),
    ('fed_by = "network_room"', 'fed_by = "laundry"', "switches the circuit that feeds this gateway, and hems would switch"),
    (
        '[devices.relays]\n',
        '[devices.relays]\nfed_by = "laundry"\n',
        "circuits.laundry.switch = \"laundry_plug/closed\" switches the circuit that feeds the device relays",
    ),
    ("protected = true", "protected = 1", "circuits.network_room.protected = 1 is not true or false"),
    ('[grid]\ncode = "eu"', '[grid]\ncode = "uk"', 'grid.code = "uk" is none of the known words; write "eu"'),
    ("nominal_v = 230", "nominal_v = 400", "grid.nominal_v = 400 is above the highest permitted value 277"),
    ("params = { unit_id = 1 }", "params = { unit_id = [1] }", "devices.utility_meter.params.unit_id = [1] is not a single value"),
    ('name = "Maple Court 12"', 'name = " "', 'name = " " is not one line of readable text'),
    ("[circuits.gym]", '[circuits."Gym 1"]', 'circuits."Gym 1" is no name for a table'),
    ('timezone = "Europe/Dublin"', 'timezone = "Europe/Dubbin"', "is not a time zone this machine knows"),
    # what must hold between keys
    ('phases = ["L1", "L2", "L3"]', 'phases = ["L1", "L3"]', 'phases = ["L1", "L3"] is not a supply that hems knows'),
    ('phases = ["L1"]\n', 'phases = ["L1", "L1"]\n', 'circuits.emergency_lighting.phases = ["L1", "L1"] names a phase twice'),
    ("phase_kva = [10, 10, 10]", "phase_kva = [10, 10]", "former.phase_kva = [10.0, 10.0] has 2 entries for 3 phases"),
    ("nominal_hz = 50", "nominal_hz = 60", "does not go with grid code eu, which is for 50 Hz"),
    ("nominal_hz = 50", "nominal_hz = 55", "grid.nominal_hz = 55.0 is not a supply frequency; write 50 or 60."),
    ('open_contact = "tie_io/input_2"', "", "tie.open_contact is missing; wire both, or neither"),
    ('source = "main"', 'source = "mian"', 'former.source = "mian" is neither a battery nor a bay of this file; write "main".'),
    ('source = "main"', 'source = "bay_3"', "is a bay whose charger cannot discharge"),
    ("[pvs.roof]", "[pvs.main]", "pvs.main has the same name as batteries.main; give each source a name of its own."),
    ("floor_pct = 50", "floor_pct = 10", "bays.bay_1.floor_pct = 10.0 is below maker_floor_pct = 20"),
    ("shutdown_pct = 5", "shutdown_pct = 15", "batteries.main.shutdown_pct = 15.0 is not below params.band.floor_pct = 10"),
    ("charge_min_kw = 4.14", "charge_min_kw = 12", "bays.bay_3.charge_min_kw = 12.0 is above charge_max_kw = 11; lower it."),
    ("[bays.bay_1]", "[bays.bay_1]\nlayer_0 = true", "bays.bay_1.layer_0 = true drops this charger when the tie opens, and discharge_max_kw counts on its car in a power cut; leave the contactor out, or set discharge_max_kw to 0."),
    ('soc = "bay_1/soc_pct"', "", "bays.bay_1.soc is missing; name the point, or set discharge_max_kw to 0"),
    ('switch = "relays/coil_2"', 'switch = "relays/coil_1"', "is commanded by circuits.medical_sockets.switch already"),
    ('power = "gym_plug/power_w"', 'power = "laundry_plug/power_w"', "is counted by circuits.laundry.power already"),
    ('"hybrid/l2_v"', '"hybrid/l1_v"', 'voltage_points.busbar.volts[1] = "hybrid/l1_v" is read by voltage_points.busbar.volts[0]'),
    ('"tie_io/input_2"', '"tie_io/input_1"', "tie.open_contact = \"tie_io/input_1\" is read by tie.closed_contact already"),
    ('power = "utility_meter/power_w"', "demand_kw = 40", "grid.power is missing; grid.demand_kw needs a meter that shows the power drawn."),
    ("[former]", "[grid.flexible]\nfailsafe_import_kw = 4.2\n\n[former]", "grid.flexible has neither import_limit nor export_limit nor reduced"),
    ('power = "utility_meter/power_w"', 'power = "utility_meter/power_w"\nimport_kw = 4\nflexible = { reduced = "tie_io/input_5", failsafe_import_kw = 9 }', "grid.flexible.failsafe_import_kw = 9.0 is above grid.import_kw = 4; lower it."),
    ("[former]", '[reserve]\nkwh = 20\n\n[former]', "reserve needs somebody who could touch it: a battery with reserve_pct"),
    ("[tariff]", "[grid.schedule.evening]\nfrom_h = 17\nto_h = 20\n\n[tariff]", "grid.schedule.evening has neither import_kw nor export_kw, so it limits nothing; write one, or remove it."),
    ("[tariff]", "import_kw = 20\n[grid.schedule.evening]\nimport_kw = 30\n\n[tariff]", "grid.schedule.evening.import_kw = 30.0 is above grid.import_kw = 20, which holds at all hours; lower it, or remove it."),
    ('switch = "relays/coil_1"', 'switch = "relays/coil_1"\npanel = "cellar"', 'circuits.medical_sockets.panel = "cellar" is no panel of this site; name one of [panels.NAME]: there is none yet.'),
    ("[bays.bay_1]", '[panels.garage]\nrated_a = 16\nphase_power = ["utility_meter/l1_w", "utility_meter/l2_w", "utility_meter/l3_w"]\n\n[bays.bay_1]\npanel = "garage"', "bays.bay_1.discharge_max_kw = 10.0 lets cars give 3.3 kW on a phase through a panel that carries 2.9 kW for hours; lower it."),
    ("[former]", '[panels.garage]\nrated_a = 40\nparent = "garage"\nphase_power = ["utility_meter/l1_w", "utility_meter/l2_w", "utility_meter/l3_w"]\n\n[former]', "panels.garage.parent = \"garage\" hangs on this panel itself; name the board that feeds it."),
    ("[former]", '[panels.garage]\nrated_a = 40\nparent = "cellar"\nphase_power = ["utility_meter/l1_w", "utility_meter/l2_w", "utility_meter/l3_w"]\n\n[former]', "panels.garage.parent = \"cellar\" is no panel of this site; name one of [panels.NAME]: garage."),
    ("[former]", '[panels.garage]\nrated_a = 40\nphase_power = ["utility_meter/l1_w"]\n\n[former]', "panels.garage.phase_power"),
    ('setpoint = "hybrid/battery_w"', "reserve_pct = 60", "batteries.main.setpoint is missing; a reserve is kept by commands"),
    # devices
    ('driver = "sunspec"', 'driver = "sunspecs"', 'is not an installed driver (installed: "modbus", "mqtt" or "sunspec"); write'),
    ('profile = "sungrow-sh"', 'profile = "sungrow"', "devices.hybrid.profile = 'sungrow': there is no such profile."),
    ('switch = "relays/coil_3"', 'switch = "relay/coil_3"', 'names device relay, which this file does not have; write "relays/coil_3".'),
    ('switch = "relays/coil_3"', 'switch = "relays.coil_3"', "is not of the form DEVICE/POINT; name a device"),
    ('switch = "relays/coil_3"', 'switch = "relays/coil_9"', "is not a point of that device; write"),
    ('switch = "relays/coil_3"', 'switch = "relays/input_3"', "is not a command of that device; its commands are: coil_1, coil_2"),
    ('"laundry_plug/l1_v"', '"laundry_plug/l2_v"', "is not a point of that device; its points are: closed, energy_wh, "),
    ('"laundry_plug/closed"', '"laundry_plug/power_w"', "is a number, where yes or no is needed; name a point that is yes or no."),
    ('permit = "tie_io/coil_1"', 'permit = "hybrid/grid_connected"', "is not a command of that device; its commands are: battery_w."),
    ('power = "utility_meter/power_w"', 'power = "utility_meter/hz"', 'grid.power = "utility_meter/hz" is in Hz, where W is needed; name one of its points in W: l1_w, l2_w, l3_w, power_w.'),
    ('soc = "hybrid/soc_pct"', 'soc = "hybrid/battery_w"', "is in W, where % is needed; name one of its points in %: soc_pct."),
    ('capacity = "bay_1/capacity_wh"', 'capacity = "bay_1/power_w"', "is in W, where Wh is needed"),
    ('"tie_io/input_1"', '"tie_io/coil_2"', 'tie.closed_contact = "tie_io/coil_2" is an output of that device and shows only what is told to it; name one of its inputs: input_1,'),
    ('soc = "bay_2/soc_pct"', 'soc = "bay_1/soc_pct"', 'bays.bay_2.soc = "bay_1/soc_pct" is read by bays.bay_1.soc already; give each its own.'),
    ('power = "bay_4/power_w"', 'power = "bay_3/power_w"', "bays.bay_4.power = \"bay_3/power_w\" is read by bays.bay_3.power already"),
    ('"tcp://10.0.20.24:502"', '"tcp://10.0.20.240.1:502"', "names 10.0.20.240.1, which is no address; write four numbers from 0 to 255"),
    ('"tcp://10.0.20.24:502"', '"tcp://10.0.20.300:502"', "names 10.0.20.300, which is no address"),
    ('"tcp://10.0.20.24:502"', '"tcp://10.0.20.24/502"', "has both a host and a path; write tcp://HOST:PORT for a network"),
    ("rtu:///dev/serial", "rtu://dev/serial", "has both a host and a path; write"),
    ('holidays = ["01-01"', 'holidays = ["1.1."', 'tariff.holidays[0] = "1.1." is not a day of the year; write month and day as in "12-25"'),
    ('currency = "EUR"', 'currency = "eur"', 'tariff.currency = "eur" is not the short name of a currency'),
    ('"tcp://10.0.20.24:502"', '"tcp://10.0.20.23:502"', "is where devices.bay_3 answers already, with the same params"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), ONE_MISTAKE)
def test_one_mistake_is_one_sentence_with_key_value_and_remedy(tmp_path, old, new, expected):
    problems = told(tmp_path, changed((old, new)))
    assert [problem for problem in problems if expected in problem], problems
    assert len(problems) == 1, problems


def test_life_safety_cannot_be_given_a_switch(tmp_path):
    problems = told(tmp_path, changed(("typical_kw = 2.4\n", 'typical_kw = 2.4\nswitch = "relays/coil_8"\n')))
    assert len(problems) == 1
    assert 'circuits.lift.switch = "relays/coil_8"' in problems[0]
    assert "life safety circuits cannot be given a switch" in problems[0]


def test_a_voltage_point_must_say_where_it_is_and_what_feeds_it(tmp_path):
    problems = told(tmp_path, changed(('location = "utility"\n', ""), ('powered_from = "dc"', "")))
    assert len(problems) == 2
    assert "voltage_points.street.location is missing" in problems[0]
    assert "voltage_points.busbar.powered_from is missing" in problems[1]


def test_one_device_cannot_prove_both_sides_of_the_tie(tmp_path):
    problems = told(tmp_path, changed(('hz = "utility_meter/hz"', 'hz = "hybrid/hz"')))
    assert len(problems) == 1
    assert 'voltage_points.street.location = "utility" is claimed for device hybrid' in problems[0]


def test_a_tie_without_any_witness_is_refused(tmp_path):
    text = re.sub(r"(?m)^(closed_contact|open_contact|grid_connected) = .*$", "", example())
    problems = told(tmp_path, text)
    assert len(problems) == 1
    assert "tie has neither closed_contact and open_contact nor grid_connected" in problems[0]


def test_an_overload_curve_must_rise_in_load_and_fall_in_time(tmp_path):
    problems = told(tmp_path, changed(("# curve = [[1.1, 600], [1.25, 60]", "curve = [[1.1, 600], [1.25, 900]")))
    assert "former.curve[1] = [1.25, 900.0] does not continue an overload curve after [1.1, 600.0]" in problems[0]


@pytest.mark.parametrize("first", ["[0.9, 600]", "[1.0, 600]"])
def test_an_overload_begins_above_the_rating(tmp_path, first):
    problems = told(tmp_path, changed(("# curve = [[1.1, 600], [1.25, 60]", f"curve = [{first}, [1.25, 60]")))
    assert len(problems) == 1
    assert "former.curve[0] = [" in problems[0]
    assert (
        "begins an overload at or below the rating, which the inverter carries for ever; write multiples" in problems[0]
    )


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ("[params.grid]\nqualify_s = 30", "params.grid.qualify_s = 30 is laxer than the 60 of grid code eu"),
        ("[params.grid]\nv_max_pu = 1.12", "params.grid.v_max_pu = 1.12 is laxer than the 1.1 of grid code eu"),
        ("[params.grid]\nqualify_s = 3000", "params.grid.qualify_s = 3000 is outside 15 to 900"),
        ('[params.grid]\nqualify_s = "60"', 'params.grid.qualify_s = "60" is not a number'),
        ("[params.grid]\nqualfy_s = 60", "params.grid.qualfy_s is not a key known here; write qualify_s instead."),
        ("[params.gird]\nqualify_s = 60", "params.gird is not a key known here; write grid instead."),
        ("[params]\ngrid = 60", "params.grid = 60 is not a table"),
        (
            "[params.band]\nconserve_leave_pct = 45",
            "conserve_leave_pct = 45 is not above params.band.conserve_pct = 50",
        ),
        ("[params.overload]\ndose_tier3 = 0.95", "dose_tier3 = 0.95 is not below params.overload.dose_tier2 = 0.9"),
    ],
)
def test_a_number_that_tunes_decisions_stays_in_range_and_in_order(tmp_path, params, expected):
    problems = told(tmp_path, f"{example()}\n{params}\n")
    assert len(problems) == 1, problems
    assert expected in problems[0]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path):
    # given a file with mistakes of every sort, several in one table
    text = changed(
        ("service_a = 80", 'service_a = "eighty"'),
        ('driver = "sunspec"', 'driver = "sunspex"'),
        ('source = "main"', 'source = "man"'),
        ('tier = "life safety"', 'tier = "life safety"\ncolour = "red"\nswitch = "relays/coil_8"'),
        ('switch = "relays/coil_6"', 'switch = "relays/coil_66"'),
        ('power = "gym_plug/power_w"', 'power = "gim_plug/power_w"'),
    )

    # when it is checked
    problems = told(tmp_path, text + "\n[params.band]\nfloor_pct = 200\n")

    # then all seven are named, by line
    expected = [
        "service_a",
        "sunspex",
        "man",
        "colour",
        "life safety circuits",
        "coil_66",
        "gim_plug",
        "floor_pct = 200",
    ]
    assert len(problems) == len(expected)
    for problem, word in zip(problems, expected, strict=True):
        assert word in problem
    numbers = [int(re.match(r", line (\d+): ", problem)[1]) for problem in problems]
    assert numbers == sorted(numbers)


def test_the_line_is_the_one_where_the_key_stands(tmp_path):
    text = changed(
        ('"hybrid/l1_w", "hybrid/l2_w", "hybrid/l3_w"', '\n  "hybrid/l1_w", # [one]\n  "hybrid/l2_w",\n  "hybrid/x"\n')
    )
    (problem,) = told(tmp_path, text.replace("service_a = 80", "service_a = 1"))[1:]
    line = text.splitlines().index("power = [") + 1
    assert problem.startswith(f", line {line}: former.power[2]")
    assert problem.count("\n") == 0


def test_a_mistake_does_not_raise_others_that_only_follow_from_it(tmp_path):
    # given that the whole supply is missing, and one device has a wrong type in it
    text = changed(("[grid]", "[gird]"), ('driver = "mqtt"', "driver = 7"))

    # when it is checked, then two sentences are enough
    problems = told(tmp_path, text)
    assert len(problems) == 2
    assert "gird is not a key known here; write grid instead." in problems[0]
    assert "devices.laundry_plug.driver = 7" in problems[1]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'name = "\xff"', ", line 1 is not UTF-8 text; save it as UTF-8 in the editor."),
        (b'name = "a"\nphases = [', "this is not TOML"),
        (b'name = "a"\nphases ["L1"]', ", line 2, column"),
        (b"a = 1\na = 2", ", line 2: a is given a second time in this table; remove one of the two."),
        (b"[a.b]\nc = 1\n[a.b]\n", ", line 3: [a.b] stands in this file a second time; give it a name of its own"),
        (b"[a]\nb = 0,31 # EUR\n", ", line 2: 0,31 has a comma; write a number with a point, as in 0.31."),
        (b"[a]\nb = True\n", ", line 2: true and false are written in small letters."),
        (
            b"[a]\nb = relays/coil_3\n",
            ', line 2: relays/coil_3 is text without quotes; write it in quotes, as in "text".',
        ),
        (b"[a]\nb = 09\n", "this is not TOML"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
        (b"a = " + b"9" * 5000, "this is not TOML"),
        (b"#" * 1_000_001, "is larger than 1000 kB"),
        (b"", "name is missing"),
    ],
)
def test_a_file_that_is_no_site_file_is_refused_in_sentences(tmp_path, data, expected):
    problems = told(tmp_path, data)
    assert expected in problems[0]
    assert all(problem.endswith(".") and "\n" not in problem for problem in problems)


def test_a_missing_file_and_a_directory_are_told_apart(tmp_path):
    for path, expected in ((tmp_path / "none.toml", "does not exist"), (tmp_path, "is a directory")):
        problems, _ = report(path, factories())
        assert problems == [f"{path} {expected}; give the path of a site file."]


def test_load_carries_all_problems_in_one_error(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(changed(("service_a = 80", "service_a = 1"), ("capacity_kwh = 80", "capacity_kwh = 0")))
    with pytest.raises(ConfigError) as refused:
        load(path, factories())
    assert len(refused.value.problems) == 2
    assert str(refused.value).count("\n") == 1
