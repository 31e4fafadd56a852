"""A mistaken story or rig is refused before anything is played, in a sentence that says where, what, and what to do."""

from pathlib import Path

import pytest

from hems.cli import main
from hems.model.errors import ConfigError
from hems.sim.rig import load_rig
from hems.sim.rig_tables import ASKED_BY_COIL, Input
from hems.sim.scenario_file import load_scenario
from hil import stage
from hil.places import TITLES, ground, place
from hil.run import on_rig

STORY = """\
id = "P-1"
title = "A power cut in the evening"
proves = ["T1-a"]
place = "apartments"
times = "normal"
ends_s = 300
short = [[100, 50], [300, 90]]

[rig.start]
load_kw = 20

[rig.start.cars]
bay_1 = { soc_pct = 40 }

[site.params.restore]
calm_s = 30

[[at]]
t_s = 10.0
do = "fail_grid"

[[at]]
t_s = 20.0
do = "silence"
device = "relays"

[[at]]
t_s = 30.0
do = "weld"
circuit = "gym"
closed = true

[[at]]
t_s = 40.0
do = "plug"
bay = "bay_2"
soc_pct = 50

[[at]]
t_s = 50.0
do = "ask"
request = "override"
circuit = "laundry"
want = "on"

[[at]]
t_s = 60.0
do = "second_master"
source = "main"
kw = 5
for_s = 10

[[at]]
t_s = 70.0
do = "ask"
request = "order"
task = "storm"
begin = true
target_pct = 90

[[at]]
t_s = 80.0
do = "says"
device = "hybrid"
what = "zeros"

[[expect]]
check = "by"
that = ["dose", "at_most", 0.9]
by_s = 200.0
text = "the inverter is spared"

[[expect]]
check = "between"
that = ["off", "lacks", "freezers"]
from_s = 20.0
to_s = 100.0
text = "the freezers stay on"

[[expect]]
check = "told"
why = "tie_opened"
about = "circuits/gym"
by_s = 30.0
text = "it is said"

[[expect]]
check = "mode_by"
mode = "islanded"
by_s = 100.0
text = "it is an island"

[[expect]]
check = "tiers_on"
tiers = [0, 1]
text = "what matters stays on"
"""

MISTAKES = [
    # keys and words of the language
    ('proves = ["T1-a"]', 'prooves = ["T1-a"]', "line 3: prooves is not a key known here; write proves instead"),
    ("ends_s = 300\n", "", "ends_s is missing; add it"),
    ("ends_s = 300", "ends_s = -300", "line 6: ends_s = -300 is not above 0"),
    ("ends_s = 300", 'ends_s = "300"', 'ends_s = "300" is not a number'),
    ('times = "normal"', 'times = "shrt"', 'times = "shrt" is none of the known words; write "short"'),
    ('times = "normal"', 'ways = ["fast", "wires"]', 'ways[1] = "wires" is none of the known words'),
    (
        'place = "apartments"',
        'place = "appartments"',
        'place = "appartments" is no building of the bench; write "apartments"',
    ),
    ('id = "P-1"', "id = 1", 'id = 1 is not text in quotes'),
    (
        'do = "fail_grid"',
        'do = "fail_gird"',
        'line 20: at[0].do = "fail_gird" is no thing that may happen; write "fail_grid"',
    ),
    ('do = "fail_grid"', 'dos = "fail_grid"', "at[0].do is missing; say which thing that may happen"),
    ('do = "fail_grid"', 'do = "fail_grid"\npu = 1', "at[0].pu is not a key known here; remove it"),
    ("t_s = 10.0", "t_s = -10.0", "line 19: at[0].t_s = -10.0 is below the least permitted value 0"),
    ("t_s = 10.0", "t_s = 310.0", "at[0].t_s = 310.0 is after the end of the story; write at most 300"),
    ("closed = true", 'closed = "yes"', 'at[2].closed = "yes" is not true or false'),
    ("soc_pct = 50", "soc_pct = 150", "at[3].soc_pct = 150 is above the highest permitted value 100"),
    ("soc_pct = 50", "soc = 50", "at[3].soc is not a key known here; write soc_pct instead"),
    ('request = "override"', 'request = "overide"', 'at[4].request = "overide" is no request; write "override"'),
    ('want = "on"', 'want = "onn"', 'at[4].want = "onn" is none of the known words; write "on"'),
    ('want = "on"', 'want = "on"\nduration = 5', "at[4].duration is not a key known here; write duration_s instead"),
    ("for_s = 10", "for_s = -10", "at[5].for_s = -10 is not above 0"),
    ('task = "storm"', 'task = "strom"', 'at[6].task = "strom" is none of the known words; write "storm"'),
    ('what = "zeros"', 'what = "zeroes"', 'at[7].what = "zeroes" is none of the known words; write "zeros"'),
    ("short = [[100, 50], [300, 90]]", "short = [[100, 50], [90, 60]]", "short[1] = [90, 60] does not come after"),
    ("short = [[100, 50], [300, 90]]", "short = [[100, 50]]", "short[0] = [100, 50] is before the end of the story"),
    # names of the building
    ('device = "relays"', 'device = "relais"', 'at[1].device = "relais" is no device of this building; write "relays"'),
    ('circuit = "gym"', 'circuit = "gim"', 'at[2].circuit = "gim" is no circuit of this building; write "gym"'),
    ('bay = "bay_2"', 'bay = "bay_9"', 'at[3].bay = "bay_9" is no bay of this building; write "bay_'),
    (
        'circuit = "laundry"',
        'circuit = "landry"',
        'at[4].circuit = "landry" is no circuit of this building; write "laundry"',
    ),
    ('source = "main"', 'source = "mian"', 'at[5].source = "mian" is no battery or bay of this building; write "main"'),
    ('do = "fail_grid"', 'do = "generator_ill"', 'at[0].do = "generator_ill" needs a generator'),
    (
        'do = "fail_grid"',
        'do = "foreign"\ncircuit = "gym"\nclosed = true',
        'at[0].circuit = "gym" hangs on no relay board',
    ),
    ('do = "fail_grid"', 'do = "ghost"\ncircuit = "kitchen"\nclosed = true', 'at[0].circuit = "kitchen" has no plug'),
    (
        'do = "fail_grid"',
        'do = "reset"\ndevice = "utility_meter"',
        'at[0].device = "utility_meter" is on a serial line',
    ),
    ("bay_1 = {", "bay_7 = {", "line 13: rig.start.cars.bay_7 is no bay of this building"),
    ("load_kw = 20", "load = 20", "line 10: rig.start.load is not a key known here; write load_kw instead"),
    ("calm_s = 30", "clam_s = 30", "line 16: site.params.restore.clam_s is not a key known here; write calm_s instead"),
    # what is expected
    ('check = "by"', 'check = "buy"', 'expect[0].check = "buy" is no check; write "by"'),
    ('["dose", "at_most", 0.9]', '["dosis", "at_most", 0.9]', 'speaks of "dosis", which nobody sees; write "dose"'),
    ('["dose", "at_most", 0.9]', '["dose", "above", 0.9]', 'has "above", which is no relation to dose; use "is"'),
    ('["dose", "at_most", 0.9]', '["dose", "at_most", "much"]', "has no number as its value; write a number"),
    ('["dose", "at_most", 0.9]', '["dose", "between", [2, 1]]', "has no range as its value; write two numbers"),
    ('["dose", "at_most", 0.9]', '["dose", "at_most"]', "expect[0].that = [\"dose\", \"at_most\"] has too few entries"),
    ('["dose", "at_most", 0.9]', '["permit", "is", 1]', "has no truth as its value; write true or false"),
    ('["dose", "at_most", 0.9]', '["permit", "at_least", true]', 'has "at_least", which is no relation to permit'),
    ('["dose", "at_most", 0.9]', '["mode", "is", "iceland"]', 'says "iceland", which mode never is; write "islanded"'),
    ('["dose", "at_most", 0.9]', '["mode", "in", "islanded"]', "has no list as its value"),
    ('["dose", "at_most", 0.9]', '["generator", "is", "runing"]', 'says "runing", which generator never is'),
    ('["dose", "at_most", 0.9]', '["off", "is", "gym"]', "has another value than circuits; write a list of circuits"),
    (
        '"lacks", "freezers"',
        '"lacks", "freezer"',
        'expect[1].that = "freezer" is no circuit of this building; write "freezers"',
    ),
    ("by_s = 200.0", "by = 200.0", "expect[0].by is not a key known here; write by_s instead"),
    ("by_s = 200.0", "by_s = 900.0", "expect[0].by_s = 900.0 is after the end of the story"),
    ("to_s = 100.0", "to_s = 10.0", "expect[1].to_s = 10.0 is before from_s"),
    ("by_s = 30.0", "by_s = 5.0", "expect[2].by_s = 5.0 is before anything has happened: the first is at 10 s"),
    ('why = "tie_opened"', 'why = "tie_openend"', 'why = "tie_openend" is none of the known words; write "tie_opened"'),
    ('about = "circuits/gym"', 'about = "circuits/jim/closed"', 'about = "jim" is no circuit of this building'),
    (
        'mode = "islanded"',
        'mode = "isleted"',
        'expect[3].mode = "isleted" is none of the known words; write "islanded"',
    ),
    ("tiers = [0, 1]", "tiers = [0, 9]", "expect[4].tiers[1] = 9 is above the highest permitted value 5"),
    ("tiers = [0, 1]", "tiers = []", "expect[4].tiers = [] has too few entries"),
    ('text = "what matters stays on"\n', "", "expect[4].text is missing; add it"),
    # the file itself
    ("ends_s = 300", "ends_s = = 300", "this is not TOML"),
    ("[[at]]", "[at]", "[[at]] is in this file already as something else; write both with as many brackets"),
]  # fmt: skip


def mistaken(text: str, old: str, new: str, folder: Path) -> Path:
    assert old in text
    path = folder / "wrong.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_story_of_these_tests_is_right(tmp_path: Path) -> None:
    assert load_scenario(mistaken(STORY, "P-1", "P-2", tmp_path), ground).id == "P-2"


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES)
def test_a_mistake_in_a_story_is_said_in_one_sentence(old: str, new: str, says: str, tmp_path: Path) -> None:
    path = mistaken(STORY, old, new, tmp_path)
    with pytest.raises(ConfigError) as raised:
        load_scenario(path, ground)
    (sentence,) = raised.value.problems
    assert sentence.startswith(str(path))
    assert sentence.endswith(".")
    assert says in sentence


RIG = place("apartments").rig.read_text(encoding="utf-8")
RIG_MISTAKES = [
    ("[circuits]\n", '[[circuits]]\n', "line 54: circuits = [{"),
    ("service_a = 80", "service_amps = 80", "grid.service_amps is not a key known here; write service_a instead"),
    ("service_a = 80", 'service_a = "80"', 'grid.service_a = "80" is not a number; write a number'),
    ("service_a = 80", "service_a = 0", "grid.service_a = 0 is not above 0"),
    ("[grid]\nnominal_v = 230\nnominal_hz = 50\nservice_a = 80\n", "", "grid is missing; add the table [grid]"),
    (
        'source = "main"',
        'source = "mane"',
        'former.source = "mane" is no battery or bay of this building; write "main"',
    ),
    ("phase_kva = [10, 10, 10]", "phase_kva = [10, 10]", "former.phase_kva = [10, 10] is not one value for each phase"),
    ("phase_kva = [10, 10, 10]", "phase_kva = [10, -1, 10]", "former.phase_kva[1] = -1 is not above 0"),
    ("capacity_kwh = 80", "capacity_kwh = -80", "batteries.main.capacity_kwh = -80 is not above 0"),
    ('gym = { phases = ["L2"]', 'gym = { phases = ["L4"]', 'circuits.gym.phases[0] = "L4" is none of the known words'),
    (
        'phases = ["L1", "L2", "L3"]\n\n[grid]',
        'phases = ["L1", "L2"]\n\n[grid]',
        "phase_kva = [10, 10, 10] is not one value",
    ),
    ("kw = 3.6 }", "kw = -3.6 }", "circuits.gym.kw = -3.6 is below the least permitted value 0"),
    ("inrush_kw = 6", "inrush = 6", "circuits.lift.inrush is not a key known here"),
    ("hour = 18.5", "hour = 25", "start.hour = 25"),
    ("battery_soc_pct = 62", "battery_soc_pct = 162", "start.battery_soc_pct = 162 is above the highest"),
    ("bay_1 = { soc_pct = 78", "bay_5 = { soc_pct = 78", "start.cars.bay_5 is no bay of this building"),
    ("bay_1 = { soc_pct = 78", "bay_1 = { soc = 78", "start.cars.bay_1.soc is not a key known here; write soc_pct"),
    ("tie_qualify_s = 3", "tie_qualfy_s = 3", "physics.tie_qualfy_s is not a key known here; write tie_qualify_s"),
    ("tie_qualify_s = 3", "tie_qualify_s = -3", "physics.tie_qualify_s = -3 is below the least permitted value 0"),
    ('bay = "bay_4"', 'bay = "bay_44"', 'devices.bay_4.bay = "bay_44" is no bay of this building; write "bay_4"'),
    ('measures = "utility"', 'measures = "utilty"', 'write "utility"'),
    (
        '3 = "kitchen"',
        '3 = "kitchn"',
        'devices.relays.coils.3 = "kitchn" is no circuit of this building; write "kitchen"',
    ),
    ('3 = "kitchen"', '9 = "kitchen"', "devices.relays.coils.9"),
    (
        '1 = "tie_closed"',
        '1 = "tie_clsed"',
        'devices.tie_io.inputs.1 = "tie_clsed" is none of the known words; write "tie_closed"',
    ),
    (
        'powered_from = "bus"',
        'powered_from = "bos"',
        'devices.roof.powered_from = "bos" is none of the known words; write "bus"',
    ),
    ('emulates = "sungrow-sh"\n', "", "devices.hybrid.emulates is missing; add it"),
    ("unit_id = 1", "unit_id = 1000", "devices.utility_meter.unit_id = 1000 is above the highest"),
    ('title = "Apartment', 'titel = "Apartment', "titel is not a key known here; write title instead"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), RIG_MISTAKES)
def test_a_mistake_in_a_rig_is_said_in_a_sentence(old: str, new: str, says: str, tmp_path: Path) -> None:
    path = mistaken(RIG, old, new, tmp_path)
    with pytest.raises(ConfigError) as raised:
        load_rig(path)
    assert all(sentence.startswith(str(path)) and sentence.endswith(".") for sentence in raised.value.problems)
    assert says in raised.value.problems[0]


@pytest.mark.parametrize("name", TITLES)
def test_the_rigs_that_ship_are_right(name: str) -> None:
    assert load_rig(place(name).rig).title


def test_a_real_device_that_the_building_does_not_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    path.write_text('[devices.relais]\nlink = "tcp://192.168.10.31:502"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bench\.toml, line 1: devices\.relais\.emulates is missing"):
        on_rig(stage.scenarios("T1-a")[0], path, ["real"])


def test_what_an_emulated_board_can_be_wired_to_is_what_a_rig_may_say() -> None:
    from hil.emulate.devices import waveshare

    assert set(ASKED_BY_COIL) == set(waveshare.ASKS)
    assert set(Input.__args__) == set(waveshare.SIGNALS)


def test_the_command_says_it_and_ends_in_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = mistaken(STORY, '"at_most"', '"above"', tmp_path)
    assert main(["hil", "run", str(path)]) != 0
    told = capsys.readouterr()
    assert 'has "above", which is no relation to dose' in told.err
    assert "Traceback" not in told.out + told.err


def test_a_story_without_a_place_cannot_be_played_alone(tmp_path: Path) -> None:
    path = mistaken(STORY, 'place = "apartments"\n', "", tmp_path)
    with pytest.raises(ConfigError, match='place is missing; write place = "apartments"'):
        stage.scenarios(str(path))


def test_two_stories_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(STORY, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"P-1 is the id of a\.toml and of b\.toml"):
        stage.scenarios(where=tmp_path)


def test_what_happens_is_played_in_the_order_of_time_however_it_is_written(tmp_path: Path) -> None:
    path = mistaken(STORY, "t_s = 10.0", "t_s = 90.0", tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("by_s = 30.0", "by_s = 95.0"), encoding="utf-8")
    times_s = [act.t_s for act in load_scenario(path, ground).acts]
    assert times_s == sorted(times_s)
