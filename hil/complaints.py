"""What people who run such controllers complain of, and which scenario shows better: a page from tags."""

from collections.abc import Mapping, Sequence

from hems.sim.scenario import Scenario

COMPLAINTS: Mapping[int, str] = {
    1: "the cars' chargers go on as they were and empty the battery in minutes (evcc 15900)",
    2: "when the grid is back a car charges at full power (evcc 8018)",
    3: "no import looks like plenty of sun, so that cars charge from the battery (ha-ev-smart-charger 36)",
    4: "charge with a ceiling from the sun's surplus on an island, in place of not at all (ha-ev-smart-charger 57)",
    5: "shedding that runs away, until the controller itself is off (sem-community 896)",
    6: "circuits were switched that nobody had released (sem-community 895)",
    7: "freezers went off while a car went on charging (sem-community 747)",
    8: "what a person had switched off was switched by the emergency (sem-community 198)",
    9: "it does not start while one device is missing (evcc 14496)",
    10: "after a power cut one dead device keeps everything from working (evcc 13554)",
    11: "a meter went silent, and the car charged on (evcc 10689)",
    12: "a lost line leaves the inverter at its last value (venus-os_dbus-mqtt-grid 7)",
    13: "a controller that fills the battery keeps it from carrying the building (evcc 32191)",
    14: "what was kept for a power cut is spent on prices (TeslaSolarCharger 2775)",
    15: "one switch for a storm: fill up, hold, and go back by itself (batpred 571)",
    16: "nobody says whether the grid is there (fronius_modbus 16)",
    17: "gone, or out of its window? It matters for whom to call (venus 1115)",
    18: "leave the grid, and come back, by command (huawei_solar 819)",
    19: "cars that could give are reached through their maker only (evcc 29150)",
    20: "by priority and by phase, off and on again in order (hass-evse-load-balancer 86)",
    21: "one dead plug blocks everything behind it (HA_PowerControl 3)",
    22: "a power cut takes the memory with it (evcc 15135)",
    23: "without the maker's cloud nothing works (evcc 21801)",
    24: "a frequency that is shifted on purpose is taken for a fault (venus 1566)",
    25: "practise without pulling the main switch (Home-AssistantConfig 1938)",
}
"""In a few words, with one of the threads they were read in."""
HEAD = """# What people complain of

Twenty-five complaints of people who run controllers like this one, and the scenarios that show how hems meets them.
What came of each scenario last stands in [scenarios](scenarios.md). This page was written from the tags of the
scenarios by `hems hil list --complaints`.

| | complaint | shown by |
|---|---|---|
"""


def page(scenarios: Sequence[Scenario]) -> str:
    """The whole page."""
    return HEAD + "".join(
        f"| {number} | {words} | {_shown(number, scenarios)} |\n" for number, words in COMPLAINTS.items()
    )


def _shown(number: int, scenarios: Sequence[Scenario]) -> str:
    found = [f"{one.id}: {one.title}" for one in scenarios if f"complaint-{number}" in one.proves]
    return "<br>".join(found)
